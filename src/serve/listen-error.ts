// How a listener itself says no: as google.rpc.Status in JSON unless the front's own error shape is given.
import { STATUS_CODES } from "node:http";
import { Code, GatewayError } from "../status.ts";

/** The same shape as translate's compiled error writer, which is what the gateway passes in. */
export type ErrorWriter = (error: GatewayError) => { readonly contentType: string; readonly body: Uint8Array };

export const writePlainError: ErrorWriter = (error) => {
  const details =
    error.reason === undefined
      ? []
      : [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: error.reason, domain: "sluice" }];
  return {
    contentType: "application/json",
    body: Buffer.from(JSON.stringify({ code: error.code, message: error.message, details })),
  };
};

/** A whole answer for a socket that has no parsed request to answer to. */
export function rawAnswer(status: number, contentType: string, body: Uint8Array): Buffer {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}`,
    `content-type: ${contentType}`,
    "x-content-type-options: nosniff",
    `content-length: ${body.length}`,
    "connection: close",
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body]);
}

interface ParseFailure {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/** What node:http reports as `clientError`, in the gateway's words; the parser's own are about its states, not the client's mistake. */
export function fromParseFailure(
  failure: ParseFailure,
  limits: { readonly maxHeaderBytes: number; readonly maxUrlBytes: number },
): GatewayError {
  switch (failure.code) {
    case "HPE_HEADER_OVERFLOW":
      return isLongFirstLine(failure.rawPacket, limits.maxUrlBytes)
        ? problem("URL_TOO_LONG", `the URL is longer than ${limits.maxUrlBytes} bytes`, 414)
        : problem("HEADERS_TOO_LARGE", `the request has more than ${limits.maxHeaderBytes} bytes of headers`, 431);
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return problem("BODY_MALFORMED", "the chunk extensions of the request body are too large", 413);
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new GatewayError(Code.DEADLINE_EXCEEDED, "the request was not received in time", {
        reason: "REQUEST_TIMEOUT",
        httpStatus: 408,
      });
    case "HPE_INVALID_CHUNK_SIZE":
    case "HPE_STRICT":
      return problem("BODY_MALFORMED", "the chunks of the request body are malformed", 400);
    default:
      return problem("REQUEST_MALFORMED", `the request is not valid HTTP/1.1${describeMistake(failure)}`, 400);
  }
}

const mistakes: ReadonlyMap<string | undefined, string> = new Map([
  ["HPE_INVALID_METHOD", "it does not begin with a method in capitals, a space and a path"],
  [
    "HPE_INVALID_CONSTANT",
    "it does not begin with a method in capitals, a space and a path, or its version is not HTTP/1.1",
  ],
  ["HPE_INVALID_VERSION", "its version is not HTTP/1.1, or its lines do not end with CR LF"],
  ["HPE_INVALID_URL", "its URL has a character that must be percent-encoded, or does not begin with /"],
  ["HPE_INVALID_HEADER_TOKEN", "a header line is not `Name: value`, or has a character that cannot stand there"],
  ["HPE_INVALID_CONTENT_LENGTH", "Content-Length is no number"],
  ["HPE_UNEXPECTED_CONTENT_LENGTH", "Content-Length is given twice, or beside Transfer-Encoding"],
  ["HPE_INVALID_TRANSFER_ENCODING", "Transfer-Encoding must be chunked, and alone"],
  ["HPE_CR_EXPECTED", "its lines must end with CR LF"],
  ["HPE_LF_EXPECTED", "its lines must end with CR LF"],
  ["HPE_PAUSED_H2_UPGRADE", "it is HTTP/2, which is not spoken on this connection"],
]);

/** What people meet by mistake, said in their words; a TLS record begins with 22, 3 (RFC 8446 section 5.1). */
function describeMistake({ code, rawPacket }: ParseFailure): string {
  if (rawPacket?.[0] === 22 && rawPacket[1] === 3) return ": it is TLS, and this port speaks plain HTTP; use http://";
  const mistake = mistakes.get(code);
  return mistake === undefined ? "" : `: ${mistake}`;
}

/** The overflow came within the first line. Only told when the whole line so far is in one packet, as it nearly always is. */
function isLongFirstLine(packet: Buffer | undefined, maxUrlBytes: number): boolean {
  if (packet === undefined || !/^[A-Z]{3,20} /.test(packet.toString("latin1", 0, 24))) return false;
  const lineEnd = packet.indexOf(10);
  return lineEnd < 0 || lineEnd > maxUrlBytes;
}

function problem(reason: string, message: string, httpStatus: number): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, message, { reason, httpStatus });
}
