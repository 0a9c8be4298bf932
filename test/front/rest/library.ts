// A REST front on a real socket over a small schema, with a handler that the test scripts instead of a backend.
import { methodRulesOf } from "../../support/method-rules.ts";
import { composeChain } from "../../../src/chain/compose.ts";
import { gunzipSync } from "node:zlib";
import type { Reply, UnaryCall } from "../../../src/call.ts";
import { createRestFront } from "../../../src/front/rest/rest.ts";
import { Census } from "../../../src/front/stream/census.ts";
import { Sweep } from "../../../src/front/stream/sweep.ts";
import { grpcGatewayRest, strictRest } from "../../../src/front/rest/options.ts";
import type { RestOptions } from "../../../src/front/rest/options.ts";
import { createRouter } from "../../../src/route/router.ts";
import type { Binding, Profile } from "../../../src/schema/binding.ts";
import { readBundled } from "../../../src/schema/load/bundled.ts";
import type { Schema } from "../../../src/schema/descriptor.ts";
import { bindMethods } from "../../../src/schema/bind/http-rule.ts";
import { linkSchema } from "../../../src/schema/link/link.ts";
import { parseProto } from "../../../src/schema/parse/file.ts";
import type { ProtoFile } from "../../../src/schema/proto-file.ts";
import { createListener } from "../../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../../src/serve/listen-limits.ts";
import { exchangeRaw, request } from "../../support/raw-http.ts";
import type { Endpoint, RawResponse } from "../../support/raw-http.ts";

export const librarySource = `
syntax = "proto3";
package test.v1;
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
import "sluice/annotations.proto";

service Library {
  rpc GetBook(GetBookRequest) returns (Book) { option (google.api.http) = { get: "/v1/{name=books/*}" }; }
  rpc ListBooks(ListBooksRequest) returns (ListBooksResponse) {
    option (google.api.http) = { get: "/v1/books" additional_bindings { get: "/v1/titles" response_body: "titles" } };
  }
  rpc CreateBook(CreateBookRequest) returns (Book) {
    option (google.api.http) = { post: "/v1/books" body: "book" };
    option (sluice.http) = { status: 201 location: "name" header: "cache-control: no-store" };
  }
  rpc ReplaceBook(Book) returns (Book) { option (google.api.http) = { put: "/v1/{name=books/*}" body: "*" }; }
  rpc DeleteBook(GetBookRequest) returns (Book) {
    option (google.api.http) = { delete: "/v1/{name=books/*}" };
    option (sluice.http) = { status: 204 };
  }
  rpc TouchBook(GetBookRequest) returns (Book) {
    option (google.api.http) = { post: "/v1/{name=books/*}:touch" };
    option (sluice.timeout) = "2s";
  }
  rpc Download(GetBookRequest) returns (google.api.HttpBody) { option (google.api.http) = { get: "/v1/files/{name}" }; }
  rpc Upload(UploadRequest) returns (Book) { option (google.api.http) = { post: "/v1/files/{name}" body: "content" }; }
  rpc WatchBooks(ListBooksRequest) returns (stream Book) { option (google.api.http) = { get: "/v1/books:watch" }; }
}

message GetBookRequest { string name = 1; }
message ListBooksRequest { string filter = 1; int32 size = 2; }
message ListBooksResponse { repeated Book books = 1; repeated string titles = 2; }
message CreateBookRequest { Book book = 1; string note = 2; }
message UploadRequest { string name = 1; google.api.HttpBody content = 2; }
message Book { string name = 1; string title = 2; }
`;

/** The schema of one file and the bundled ones it imports. Throws on any error. */
export function schemaOf(source: string): Schema {
  const files = new Map<string, ProtoFile>();
  const fail = (diagnostic: { readonly severity: string; readonly message: string }): void => {
    if (diagnostic.severity === "error") throw new Error(diagnostic.message);
  };
  const load = (path: string, text: string): void => {
    const file = parseProto(text, path, fail);
    files.set(path, file);
    for (const { path: imported } of file.imports)
      if (!files.has(imported)) load(imported, readBundled(imported) ?? "");
  };
  load("test.proto", source);
  return linkSchema([...files.values()], ["test.proto"], fail);
}

export function bindingsOf(schema: Schema, profile: Profile): Binding[] {
  return bindMethods(schema, { profile, bindUnannotated: false, yamlRules: [] }, () => {});
}

/** A length-delimited field; several make a message. Lengths under 128 bytes of a multiple: any, in fact. */
export function field(number: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : Buffer.from(value);
  const head = [(number << 3) | 2];
  let rest = bytes.length;
  for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, rest]), bytes]);
}

export function book(name: string, title = ""): Buffer {
  return Buffer.concat([field(1, name), ...(title === "" ? [] : [field(2, title)])]);
}

export function reply(message: Uint8Array, headers: readonly string[] = [], trailers: readonly string[] = []): Reply {
  return { message, headers, trailers };
}

export interface LibraryOptions extends Partial<RestOptions> {
  readonly source?: string;
}

export type Answer = (call: UnaryCall) => Reply | Promise<Reply>;

export interface Library extends Endpoint {
  /** Every call the front has made. */
  readonly calls: UnaryCall[];
  send(line: string, headers?: readonly string[], body?: string | Uint8Array): Promise<RawResponse>;
  close(): Promise<void>;
}

/** Answers every call with `answer`. */
export async function startLibrary(
  answer: Answer,
  { source = librarySource, ...options }: LibraryOptions = {},
): Promise<Library> {
  const schema = schemaOf(source);
  const base = options.profile === "grpc-gateway" ? grpcGatewayRest : strictRest;
  const rest: RestOptions = { ...base, ...methodRulesOf(schema), ...options };
  const calls: UnaryCall[] = [];
  const front = createRestFront({
    schema,
    router: createRouter(bindingsOf(schema, rest.profile), { profile: rest.profile, urlUnescape: "except_reserved" }),
    chain: composeChain({
      end: {
        unary: async (call) => {
          calls.push(call);
          return answer(call);
        },
        stream: () => {
          throw new Error("not here");
        },
      },
    }),
    options: rest,
    sweep: new Sweep(),
    census: new Census(),
  });
  const listener = createListener({ address: { host: "127.0.0.1", port: 0 }, limits: defaultListenerLimits, front });
  const endpoint = await listener.listen();
  return {
    ...endpoint,
    calls,
    send: (line, headers, body) => exchangeRaw(endpoint, request(line, headers, body)),
    close: () => listener.close(0),
  };
}

export function jsonOf({ body, headers }: RawResponse): unknown {
  return JSON.parse((headers.get("content-encoding") === "gzip" ? gunzipSync(body) : body).toString());
}

/** `CODE REASON` of an error body: `3 FIELD_UNKNOWN`. */
export function errorOf(response: RawResponse): string {
  const { code, details } = jsonOf(response) as { code: number; details: { reason?: string }[] };
  return `${code} ${details[0]?.reason ?? ""}`.trim();
}

export function metadataOf(call: UnaryCall | undefined): Record<string, string> {
  const map = Object.create(null) as Record<string, string>;
  const { metadata } = call ?? { metadata: [] };
  for (let i = 0; i < metadata.length; i += 2)
    map[metadata[i]] = metadata[i] in map ? `${map[metadata[i]]}|${metadata[i + 1]}` : metadata[i + 1];
  return map;
}
