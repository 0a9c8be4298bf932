// How a call that failed ends: status, message and details in the trailers, or in the only header block there is.
import type { Call } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import { toStatusBytes } from "../../translate/reply/status-bytes.ts";
import type { Exchange, ResponseWriter } from "../front.ts";
import { encodeGrpcMessage } from "../grpc-message.ts";
import { toNamedError } from "../named-error.ts";
import { contentTypes } from "./codec.ts";
import type { CodecName } from "./codec.ts";
import { appendReplyMetadata } from "./metadata.ts";
import { acceptEncoding } from "./negotiate.ts";
import type { GrpcOptions } from "./options.ts";

/** Of the gateway's own; a backend's are what its client would have got from it directly. */
const maxOwnDetailBytes = 4096;
/** INTERNAL_ERROR (RFC 9113 section 7). */
const internalError = 2;

export interface Refusing {
  readonly options: GrpcOptions;
  readonly exchange: Exchange;
  readonly codec: CodecName;
  /** Absent for what never was one. */
  readonly call?: Call;
}

/** Answers the exchange, unless somebody did, and ends the call; never throws. */
export function answerError({ options, exchange, codec, call }: Refusing, cause: unknown): void {
  const error = toReported(options, toNamedError(cause, exchange.requestId), call);
  call?.end(error.code, error, exchange.isDone ? 0 : 200);
  if (exchange.isDone) return;
  try {
    const head = ["content-type", contentTypes[codec]];
    if (call !== undefined) head.push(...call.replyHeaders);
    if (error.backendHeaders.length === 0) {
      exchange.respond(200, [...head, ...toErrorTrailers(error)], undefined, []);
      return;
    }
    appendReplyMetadata(error.backendHeaders, head);
    exchange.respond(200, head, undefined, toErrorTrailers(error));
  } catch (fault) {
    giveUp(options, exchange, fault);
  }
}

/** Ends an answer that has begun; never throws. */
export function endWithError(options: GrpcOptions, exchange: Exchange, writer: ResponseWriter, cause: unknown): void {
  const error = toReported(options, toNamedError(cause, exchange.requestId));
  try {
    writer.end(toErrorTrailers(error));
  } catch (fault) {
    giveUp(options, exchange, fault);
  }
}

/** What cannot be said in headers the client learns from the end of the stream: better than never. */
function giveUp(options: GrpcOptions, exchange: Exchange, fault: unknown): void {
  toReported(options, fault);
  exchange.reset(internalError);
}

/** The GatewayError, which the log has heard of when there is more to it than the client may know. */
function toReported(options: GrpcOptions, cause: unknown, call?: Call): GatewayError {
  const error = GatewayError.from(cause);
  if (error.cause !== undefined) options.report(error, call);
  return error;
}

function toErrorTrailers(error: GatewayError): string[] {
  const trailers = ["grpc-status", String(error.code)];
  if (error.message !== "") trailers.push("grpc-message", encodeGrpcMessage(error.message));
  const details = error.statusBytes ?? ownDetails(error);
  if (details !== undefined) trailers.push("grpc-status-details-bin", toBase64(details));
  for (const [name, value] of Object.entries(error.headers)) trailers.push(name, value);
  appendReplyMetadata(error.backendTrailers, trailers);
  return trailers;
}

function ownDetails(error: GatewayError): Uint8Array | undefined {
  const details = toStatusBytes(error);
  return details === undefined || details.length > maxOwnDetailBytes ? undefined : details;
}

export function toOkTrailers(metadata: Metadata): string[] {
  const trailers = ["grpc-status", "0"];
  if (metadata.length > 0) appendReplyMetadata(metadata, trailers);
  return trailers;
}

/** Requests that no gRPC status can answer: the client has not understood what it speaks to. */
export function refuseTransport(exchange: Exchange, codec: CodecName | undefined): (() => void) | undefined {
  if (exchange.httpVersion !== "2") return () => refuse(exchange, 505, "gRPC needs HTTP/2, and this is HTTP/1.1");
  if (exchange.method !== "POST") return () => refuse(exchange, 405, "gRPC methods are called with POST");
  if (codec === undefined)
    return () => refuse(exchange, 415, "the content type must be application/grpc, +proto or +json");
  return undefined;
}

function refuse(exchange: Exchange, status: number, message: string): void {
  const headers = ["content-type", "text/plain; charset=utf-8", "x-content-type-options", "nosniff"];
  if (status === 405) headers.push("allow", "POST");
  // For the gRPC client that looks no further than these.
  headers.push("grpc-status", String(Code.UNIMPLEMENTED), "grpc-message", encodeGrpcMessage(message));
  if (status === 415) headers.push("grpc-accept-encoding", acceptEncoding);
  exchange.respond(status, headers, Buffer.from(`${message}\n`));
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64").replace(/=+$/, "");
}
