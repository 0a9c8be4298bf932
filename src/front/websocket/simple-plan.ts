// Everything about a rule, for simple mode, that can be settled once: how messages are read and written, how long a call may last.
import type { Binding } from "../../schema/binding.ts";
import type { Schema } from "../../schema/descriptor.ts";
import { Code, GatewayError } from "../../status.ts";
import { isHttpBody, isHttpBodyField } from "../../translate/http-body.ts";
import { compileReply, compileViewCheck } from "../../translate/reply/reply.ts";
import type { ReplyView } from "../../translate/reply/reply.ts";
import { hasOpenKeys } from "../../translate/reply/reserved-keys.ts";
import { compileStreamRequest } from "../../translate/request/stream-request.ts";
import type { ReadStream, StreamMessages } from "../../translate/request/stream-request.ts";
import { compileTimeout } from "../deadline.ts";
import type { TimeoutOf } from "../deadline.ts";
import type { Census, StreamTally } from "../stream/census.ts";
import type { StreamTimes } from "../stream/stream-clock.ts";
import { compileStreamPolicy, toStreamTimes } from "../stream/stream-policy.ts";
import type { Overflow } from "../stream/stream-policy.ts";
import type { WebSocketOptions } from "./options.ts";

export type Encoding = "json" | "proto";

/** A message as it goes to the client. */
export interface Outgoing {
  readonly isText: boolean;
  readonly bytes: Uint8Array;
}

export interface SimplePlan {
  readonly binding: Binding;
  /** `none`: the call starts from the URL. `one`, `many`: so many messages of the client make it up. */
  readonly takes: "none" | "one" | "many";
  readonly overflow: Overflow;
  readonly times: StreamTimes;
  readonly timeoutOf: TimeoutOf;
  readonly tally: StreamTally;
  /** Throws GatewayError (400) for the URL. */
  readonly readStream: ReadStream;
  /** Throws GatewayError (400). */
  readonly readMessage: (messages: StreamMessages, bytes: Buffer) => Uint8Array;
  /** Which frames of the client are messages: of one kind, or, as the data of a google.api.HttpBody, of both. */
  readonly takesText: boolean;
  readonly takesBinary: boolean;
  /** Throws GatewayError: INTERNAL for malformed bytes, RESOURCE_EXHAUSTED for too many. */
  readonly writeReply: (message: Uint8Array) => Outgoing;
  /** Throws GatewayError (400) where the encoding has no form for the replies. */
  readonly check: () => void;
}

/** Compiled when a rule is first used in an encoding. */
export function createSimplePlans(
  schema: Schema,
  options: WebSocketOptions,
  census: Census,
): (binding: Binding, encoding: Encoding) => SimplePlan {
  const plans: Readonly<Record<Encoding, Map<Binding, SimplePlan>>> = { json: new Map(), proto: new Map() };
  return (binding, encoding) => {
    let plan = plans[encoding].get(binding);
    if (plan === undefined) {
      const { method } = binding;
      const policy = compileStreamPolicy(method, options);
      plan = {
        binding,
        takes: takesOf(binding),
        overflow: policy.overflow,
        times: toStreamTimes(policy, options),
        timeoutOf: compileTimeout(method, options),
        tally: census.tallyOf(method, "websocket"),
        readStream: compileStreamRequest(binding, schema, options),
        ...compileReading(binding, encoding),
        writeReply: compileWriting(binding, encoding, { schema, options }),
        check: compileCheck(binding, encoding),
      };
      plans[encoding].set(binding, plan);
    }
    return plan;
  };
}

function takesOf({ method, body }: Binding): SimplePlan["takes"] {
  if (method.kind === "client-streaming" || method.kind === "bidi-streaming") return "many";
  return body.kind === "none" ? "none" : "one";
}

type Reading = Pick<SimplePlan, "readMessage" | "takesText" | "takesBinary">;

function compileReading({ body, method }: Binding, encoding: Encoding): Reading {
  const isRaw = body.kind === "field" ? isRawField(body.field) : body.kind === "all" && isHttpBody(method.input);
  if (isRaw)
    return { takesText: true, takesBinary: true, readMessage: (messages, bytes) => messages.fromRaw(bytes, undefined) };
  return {
    takesText: encoding === "json",
    takesBinary: encoding === "proto",
    readMessage:
      encoding === "json"
        ? (messages, bytes) => messages.fromJson(bytes)
        : (messages, bytes) => messages.fromProto(bytes),
  };
}

function isRawField(field: Parameters<typeof isHttpBodyField>[0]): boolean {
  return field.cardinality === "singular" && isHttpBodyField(field);
}

const views: Readonly<Record<Encoding, ReplyView>> = {
  json: { accept: "json", fields: undefined, pretty: false },
  proto: { accept: "protobuf", fields: undefined, pretty: false },
};

const resultStart = Buffer.from('{"result":');
const resultEnd = Buffer.from("}");

function compileWriting(
  binding: Binding,
  encoding: Encoding,
  { schema, options }: { readonly schema: Schema; readonly options: WebSocketOptions },
): SimplePlan["writeReply"] {
  const { responseBody, method } = binding;
  const write = compileReply(binding, schema, options);
  const view = views[encoding];
  const isRaw = responseBody === undefined ? isHttpBody(method.output) : isRawField(responseBody);
  const isText = encoding === "json" && !isRaw;
  const isEnveloped = isText && (options.envelope === "grpc-gateway" || hasOpenKeys(binding));
  return (message) => {
    const { body } = write(message, view);
    const bytes = isEnveloped ? Buffer.concat([resultStart, body, resultEnd]) : body;
    if (bytes.length > options.maxReplyBytes) throw replyTooLarge(bytes.length, options.maxReplyBytes);
    return { isText, bytes };
  };
}

function replyTooLarge(bytes: number, limit: number): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, `a reply has ${bytes} bytes, and at most ${limit} are sent`, {
    reason: "REPLY_TOO_LARGE",
  });
}

function compileCheck(binding: Binding, encoding: Encoding): () => void {
  const check = compileViewCheck(binding);
  const { body } = binding;
  const isMessage =
    body.kind !== "field" || (body.field.cardinality === "singular" && body.field.type.kind === "message");
  return () => {
    if (encoding === "json") return;
    if (!isMessage) throw GatewayError.invalidField("$alt", noProtobuf, "SYSTEM_PARAMETER_INVALID");
    check(views.proto);
  };
}

const noProtobuf = "the body of this rule is no message, so it has no protobuf form; use json";
