// How a listener itself says no: as google.rpc.Status in JSON unless the front's own error shape is given.
import { STATUS_CODES } from "node:http";
import type { Http1Failure } from "../http1/failure.ts";
import { Code, GatewayError } from "../status.ts";
import { headersTooLarge, urlTooLong } from "./request-headers.ts";
import type { HeadLimits } from "./request-headers.ts";

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

/** The headers of an error's answer, its own among them. */
export function errorHeaders(error: GatewayError, contentType: string): string[] {
  const headers = ["content-type", contentType, "x-content-type-options", "nosniff"];
  for (const [name, value] of Object.entries(error.headers)) headers.push(name, value);
  return headers;
}

/** A whole answer for a socket that nobody serves. */
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

/** Why the engine gave a request up, in the gateway's words. */
export function fromFailure({ code, message }: Http1Failure, limits: HeadLimits): GatewayError {
  switch (code) {
    case "url-too-long":
      return urlTooLong(limits.maxUrlBytes);
    case "headers-too-large":
      return headersTooLarge(`more than ${limits.maxHeaderBytes} bytes of headers`);
    case "too-many-headers":
      return headersTooLarge(`more than ${limits.maxHeaderCount} header fields`);
    case "chunk-extensions-too-large":
      return problem("BODY_MALFORMED", "the chunk extensions of the request body are too large", 413);
    case "chunk":
      return problem("BODY_MALFORMED", "the chunks of the request body are malformed", 400);
    case "trailer":
      return problem("BODY_MALFORMED", "the trailers of the request body frame it anew", 400);
    case "transfer-encoding":
    case "transfer-encoding-in-1-0":
      return problem("TRANSFER_ENCODING_INVALID", message, 400);
    case "version-unsupported":
      return problem("HTTP_VERSION_UNSUPPORTED", "this version of HTTP is not spoken like this; use HTTP/1.1", 505);
    case "connect":
      return connectRefused();
    case "timeout":
      return new GatewayError(Code.DEADLINE_EXCEEDED, "the request was not received in time", {
        reason: "REQUEST_TIMEOUT",
        httpStatus: 408,
      });
    default:
      return problem("REQUEST_MALFORMED", `the request is not valid HTTP/1.1: ${message}`, 400);
  }
}

/** CONNECT asks for a tunnel (RFC 9110 section 9.3.6). */
export function connectRefused(): GatewayError {
  return new GatewayError(Code.UNIMPLEMENTED, "CONNECT is not served here: this is a gateway, not a proxy", {
    reason: "METHOD_NOT_ALLOWED",
    httpStatus: 405,
  });
}

function problem(reason: string, message: string, httpStatus: number): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, message, { reason, httpStatus });
}
