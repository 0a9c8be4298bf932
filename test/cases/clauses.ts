// The checklist: what SEMANTICS says of unary calls, clause by clause in short names. Every clause has a case in every profile it
// is defined in, and every case belongs to a clause (cases.test.ts).
import type { Profile } from "../../src/schema/binding.ts";

export interface Clause {
  /** The .cases file. */
  readonly section: string;
  readonly clause: string;
  readonly profiles: readonly Profile[];
}

type Names = readonly string[];

/** What only one profile says has its counterpart under another name, or is the same as without the clause. */
const sections: Readonly<
  Record<string, { readonly both?: Names; readonly strict?: Names; readonly "grpc-gateway"?: Names }>
> = {
  rules: {
    both: [
      "one pattern per rule",
      "custom kind is any HTTP method or *",
      "additional_bindings one level",
      "YAML rules replace the annotation",
      "the last YAML rule wins",
      "a selector that matches nothing is an error",
      "a method without annotation is served at POST /pkg.Service/Method",
      'body ""',
      'body "*"',
      'body "f"',
      "response_body",
      "body and response_body name a top-level field",
      "GET and HEAD have no body",
      "two bindings that match exactly the same requests",
      "an unreachable binding is a warning",
    ],
  },
  templates: {
    both: [
      '"/" alone is legal',
      "grammar: literals, *, **, variables, verbs",
      "one ** per template; literals and * may follow",
      "the malformed is refused with place, reason and advice",
      "a variable is a known field",
      "a variable is no map",
      "a variable is no message but a well-known scalar",
      "the same field is bound once",
      "a variable is a scalar or an enum",
    ],
    strict: ["a variable is not repeated"],
  },
  matching: {
    both: [
      "split first, then decode",
      "literal before * before **",
      "full backtracking",
      "* is one segment that is not empty",
      "** is zero or more segments",
      "a verb is what follows the last : of the last segment",
      "a : of no registered verb is data",
      "single-segment captures decode fully",
      "multi-segment captures follow url_unescape",
      "the template decides what is multi-segment, not the match",
      "+ in a path is a plus",
      "bytes are decoded once, then checked as UTF-8",
      "dot segments are 400",
      "a backslash is 400",
      "a # is 400",
      "a NUL is 400",
      "a bad % is 400",
      "an absolute-form target of another host is 400",
      "no redirects, no normalisation",
      "HEAD is served by the GET binding",
      "an unknown path is 404",
    ],
    strict: [
      "the order of declaration never matters",
      "a registered verb beats a path without one",
      "empty inner segments are 400",
      "a known path with another method is 405 with Allow",
      "OPTIONS is 204 with Allow",
      "a trailing slash is 404",
    ],
    "grpc-gateway": ["last registered wins", "a known path with another method is 501"],
  },
  query: {
    both: [
      "names in proto or JSON spelling per component",
      "dotted for nested singular messages",
      "repeated scalars by repeated keys",
      "maps m[key]=v",
      "well-known scalar types in their ProtoJSON form",
      "Durations accept Go syntax",
      "repeated messages and Any are an error that says so",
      "query.ignore lets parameters through",
      "path > body > query",
      "a scalar given twice is 400",
      "a second case of a oneof is 400",
      "integers are base 10 and range-checked",
      "enums by declared name or number",
      "case-insensitive and prefix-stripped enums by option",
      "bools are true and false",
      "bytes are base64 or base64url, padding optional",
      "an empty string for a non-string is 400",
      "+ is a space in the query",
    ],
    strict: ["an unknown parameter is 400"],
  },
  "json-in": {
    both: [
      "full ProtoJSON",
      "both spellings",
      "64-bit exact from number or string",
      "duplicate keys are 400",
      "both spellings of one field are 400",
      "a second oneof case is 400",
      "unknown_fields: reject or ignore",
      "depth over 100 is 400",
      "invalid UTF-8 is 400",
      "lone surrogates are 400",
      "faults have path, line and column",
      "null is unset",
      "an empty body is an empty message",
    ],
    strict: ["unknown fields are 400", "trailing garbage is 400"],
    "grpc-gateway": ["only the first JSON value is read"],
  },
  "json-out": {
    both: [
      "proto order, json_name",
      "64-bit as strings",
      "enums by name",
      "bytes in base64",
      "emit_defaults: true",
      "unset optional and oneof are omitted",
      "option: proto names",
      "option: enums as numbers",
      "option: 64-bit as numbers",
      "option: omit defaults",
      "option: indent",
      "option: enum prefix stripping",
      "well-known types in their ProtoJSON form",
      "what JSON cannot say is INTERNAL",
      "?$fields=a,b.c is a partial response",
      "?$pretty",
    ],
  },
  bodies: {
    both: ["a body is bounded"],
    strict: ["application/x-www-form-urlencoded binds like a query", "multipart/form-data binds like a query"],
    "grpc-gateway": ["everything is JSON"],
  },
  "http-body": {
    both: ["in as the whole message", "in as a body field", "out as the whole message", "out as response_body"],
  },
  patch: {
    both: ["an empty mask is filled from the JSON's keys", "a mask of the client stays", "only PATCH fills the mask"],
    strict: ["a form fills the mask, too"],
  },
  "content-types": {
    both: ["application/json in"],
    strict: [
      "application/x-protobuf in",
      "application/x-protobuf out",
      "other types are 415",
      "an unacceptable Accept is 406",
      "media types are parsed strictly",
    ],
  },
  compression: {
    both: ["request bodies", "bounded while inflating", "answers"],
  },
  errors: {
    both: [
      "the body is google.rpc.Status",
      "errors: problem",
      "errors: google",
      "an unresolvable Any degrades to base64",
      "gRPC code to HTTP status",
      "UNAUTHENTICATED has WWW-Authenticate",
      "RetryInfo becomes Retry-After",
      "success status and headers by annotation",
      "x-http-code by the backend when allowed",
      "no dial text, stack or backend address reaches a client",
      "errors: status",
    ],
    strict: ["the gateway's own errors have ErrorInfo and BadRequest"],
    "grpc-gateway": ["the gateway's own errors have the shape of the backend's, without details"],
  },
  metadata: {
    both: [
      "header names with an underscore are refused or dropped",
      "x-forwarded-for, -host, -proto",
      "hop-by-hop headers never become metadata",
      "request trailers never become metadata",
    ],
    strict: [
      "only allow-listed headers become metadata",
      "reserved names cannot be listed",
      "reply metadata on the list becomes headers",
    ],
    "grpc-gateway": [
      "Grpc-Metadata-X becomes x",
      "permanent headers become grpcgateway-x",
      "reply metadata becomes Grpc-Metadata-X",
      "trailers with TE: trailers",
    ],
  },
  deadlines: {
    both: [
      "default 15 s for unary",
      "the client's timeout",
      "the method's option",
      "the cap",
      "a deadline that is over is 504",
      "a client that goes away cancels the call",
    ],
  },
  streams: {
    both: [
      "an early failure has its HTTP status",
      "values one after the other",
      "path binds into the first message only",
      "a client stream is answered like a unary call",
      "HttpBody chunks verbatim",
      "streams have no deadline by default",
      "$alt chooses the form",
    ],
    strict: [
      "application/json is an array",
      "application/x-ndjson is lines",
      "text/event-stream is events",
      "forms can be turned off",
      "later failures end lines with @status",
      "messages with keys of their own are enveloped",
      "client streams as an array",
      "faults name the message",
      "no message without body, path or query",
      "a reconnect after the end is 204",
    ],
    "grpc-gateway": [
      "lines of result, error last",
      "Accept does not matter",
      "metadata becomes headers, trailers nothing",
    ],
  },
};

export const clauses: readonly Clause[] = Object.entries(sections).flatMap(([section, names]) => [
  ...toClauses(section, names.both, ["strict", "grpc-gateway"]),
  ...toClauses(section, names.strict, ["strict"]),
  ...toClauses(section, names["grpc-gateway"], ["grpc-gateway"]),
]);

function toClauses(section: string, names: Names | undefined, profiles: readonly Profile[]): Clause[] {
  return (names ?? []).map((clause) => ({ section, clause, profiles }));
}
