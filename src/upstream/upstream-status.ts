// How a call that failed at, or on its way to, a backend looks to the client: codes kept, dial text and addresses not.
import type { Metadata } from "../metadata.ts";
import { Code, deadlineExceeded, GatewayError, isCode } from "../status.ts";

/** The end of a call as the transport's library reports it. */
export interface UpstreamStatus {
  readonly code: number;
  readonly message: string;
  /** The backend wrote code and message; otherwise the library did, and its message may name addresses. */
  readonly isFromBackend: boolean;
  /** The deadline of the call has passed. */
  readonly isLate: boolean;
  readonly statusBytes: Uint8Array | undefined;
  readonly headers: Metadata;
  readonly trailers: Metadata;
}

/** Call it for anything but OK. */
export function toUpstreamError(status: UpstreamStatus): GatewayError {
  return status.isFromBackend ? backendError(status) : transportError(status);
}

export function upstreamUnavailable(cause: unknown): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "upstream unavailable", { reason: "UPSTREAM_UNAVAILABLE", cause });
}

export function upstreamProtocolError(message: string, cause?: unknown): GatewayError {
  return new GatewayError(Code.INTERNAL, message, { reason: "UPSTREAM_PROTOCOL", cause });
}

/** Throws when a request message is over the limit. */
export function checkSize(message: Uint8Array, maxBytes: number): void {
  if (message.length <= maxBytes) return;
  throw new GatewayError(Code.RESOURCE_EXHAUSTED, `the request message is larger than ${maxBytes} bytes`, {
    reason: "MESSAGE_TOO_LARGE",
  });
}

/** What HTTP's own answer means where gRPC's is missing (gRPC's http-grpc-status-mapping). */
export function httpStatusError(status: string): GatewayError {
  const code = codeByHttpStatus.get(status) ?? Code.UNKNOWN;
  const cause = new Error(`the upstream answered with HTTP status ${status}`);
  if (code === Code.UNAVAILABLE) return upstreamUnavailable(cause);
  return protocolError(code, `${cause.message}, not with gRPC`, cause);
}

export function notGrpcError(contentType: string): GatewayError {
  return protocolError(
    Code.UNKNOWN,
    "the upstream did not answer with gRPC",
    new Error(`content-type: ${contentType}`),
  );
}

export function noStatusError(): GatewayError {
  return protocolError(Code.UNKNOWN, "the upstream ended the call without a status", undefined);
}

export function messageTooLargeError(cause: unknown): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, "the upstream's message is larger than the gateway's limit", {
    reason: "UPSTREAM_MESSAGE_TOO_LARGE",
    cause,
  });
}

export function metadataTooLargeError(): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, "the upstream's metadata is larger than the gateway's limit", {
    reason: "UPSTREAM_METADATA_TOO_LARGE",
  });
}

/** A stream that ended without a status (gRPC over HTTP/2, "Errors"). `code` is HTTP/2's. */
export function resetError(code: number, isLate: boolean, cause: Error): GatewayError {
  // Nobody here has cancelled it: the backend enforces the deadline with a reset, or goes down.
  if (code === http2Cancel && isLate) return deadlineExceeded();
  const kept = codeByReset.get(code) ?? Code.INTERNAL;
  if (kept === Code.UNAVAILABLE) return upstreamUnavailable(cause);
  return new GatewayError(kept, "the upstream broke the call off", { reason: "UPSTREAM_RESET", cause });
}

const codeByHttpStatus: ReadonlyMap<string, Code> = new Map<string, Code>([
  ["400", Code.INTERNAL],
  ["401", Code.UNAUTHENTICATED],
  ["403", Code.PERMISSION_DENIED],
  ["404", Code.UNIMPLEMENTED],
  ["429", Code.UNAVAILABLE],
  ["502", Code.UNAVAILABLE],
  ["503", Code.UNAVAILABLE],
  ["504", Code.UNAVAILABLE],
]);

const http2Cancel = 0x8;

/** By error code of RST_STREAM; all others are INTERNAL. */
const codeByReset: ReadonlyMap<number, Code> = new Map<number, Code>([
  [0x7, Code.UNAVAILABLE],
  [http2Cancel, Code.UNAVAILABLE],
  [0xb, Code.RESOURCE_EXHAUSTED],
  [0xc, Code.PERMISSION_DENIED],
]);

function backendError(status: UpstreamStatus): GatewayError {
  const { code, message, statusBytes, headers, trailers } = status;
  const options = {
    ...(statusBytes !== undefined && { statusBytes }),
    backendHeaders: headers,
    backendTrailers: trailers,
  };
  if (isCode(code)) return new GatewayError(code, message, options);
  return new GatewayError(
    Code.UNKNOWN,
    message === "" ? "the upstream answered with an unknown status" : message,
    options,
  );
}

/** Texts that grpc-js writes where the backend sent no status of its own. */
const ownTexts = {
  deadline: /^Deadline exceeded/,
  tooLarge: /^Received message (?:larger than max|that decompresses to a size larger)/,
  http: /^Received HTTP status code (\d{1,3})/,
  reset:
    /^(?:Received RST_STREAM|Call cancelled$|Stream refused|Bandwidth exhausted or memory|Protocol not secure enough$|No status information received$)/,
  connection:
    /^(?:Connection dropped$|No connection established|Name resolution failed|Failed to (?:parse DNS|start HTTP)|Channel closed|Picked subchannel|Write (?:error|failed)|read E[A-Z]+|write E[A-Z]+)/,
  decompress: /^(?:Failed to decompress|Received message compressed with|Received compressed message)/,
};

/** Whether a message is one that grpc-js writes by itself; used where nothing else tells it from a backend's. */
export function isTransportText(message: string): boolean {
  return Object.values(ownTexts).some((text) => text.test(message));
}

function transportError(status: UpstreamStatus): GatewayError {
  const { code, message } = status;
  const cause = new Error(message);
  if (ownTexts.deadline.test(message) && code === Code.DEADLINE_EXCEEDED) return deadlineExceeded();
  // Nobody here has cancelled it: the backend enforces the deadline with a reset, or goes down.
  if (code === Code.CANCELLED) return status.isLate ? deadlineExceeded() : upstreamUnavailable(cause);
  if (code === Code.UNAVAILABLE || ownTexts.connection.test(message)) return upstreamUnavailable(cause);
  if (ownTexts.tooLarge.test(message)) return messageTooLargeError(cause);
  const http = ownTexts.http.exec(message);
  const kept = isCode(code) && code !== Code.OK ? code : Code.UNKNOWN;
  if (http !== null)
    return protocolError(kept, `the upstream answered with HTTP status ${http[1]}, not with gRPC`, cause);
  if (ownTexts.decompress.test(message))
    return upstreamProtocolError("the upstream's message could not be decompressed", cause);
  return new GatewayError(kept, "the upstream broke the call off", { reason: "UPSTREAM_RESET", cause });
}

function protocolError(code: Code, message: string, cause: unknown): GatewayError {
  return new GatewayError(code, message, { reason: "UPSTREAM_PROTOCOL", cause });
}
