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
      return problem("REQUEST_MALFORMED", "the request is not valid HTTP/1.1", 400);
  }
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
