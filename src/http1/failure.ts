// Every way in which bytes can fail to be a request, each with a code for programs and half a sentence for people.

export type FailureCode =
  | "method"
  | "target"
  | "version"
  | "version-unsupported"
  | "line-end"
  | "header"
  | "url-too-long"
  | "headers-too-large"
  | "too-many-headers"
  | "content-length"
  | "content-length-not-alone"
  | "transfer-encoding"
  | "transfer-encoding-not-alone"
  | "transfer-encoding-in-1-0"
  | "connect"
  | "tls"
  | "http2"
  | "chunk"
  | "chunk-extensions-too-large"
  | "trailer"
  | "timeout";

export interface Http1Failure {
  readonly code: FailureCode;
  /** Continues "the request is not valid HTTP/1.1: ". */
  readonly message: string;
}

const messages: Readonly<Record<FailureCode, string>> = {
  method: "it does not begin with a method in capitals, a space and a path",
  target: "its URL has a character that must be percent-encoded, or does not begin with /",
  version: "its version is not HTTP/1.1, or its lines do not end with CR LF",
  "version-unsupported": "its version is not HTTP/1.1",
  "line-end": "its lines must end with CR LF",
  header: "a header line is not `Name: value`, or has a character that cannot stand there",
  "url-too-long": "its URL is too long",
  "headers-too-large": "its headers are too large",
  "too-many-headers": "it has too many headers",
  "content-length": "Content-Length is no number",
  "content-length-not-alone": "Content-Length is given twice, or beside Transfer-Encoding",
  "transfer-encoding": "Transfer-Encoding must be chunked",
  "transfer-encoding-not-alone": "Transfer-Encoding must be chunked, and alone",
  "transfer-encoding-in-1-0": "HTTP/1.0 has no Transfer-Encoding",
  connect: "it is CONNECT, which is for proxies",
  tls: "it is TLS, and this port speaks plain HTTP; use http://",
  http2: "it is HTTP/2, which is not spoken on this connection",
  chunk: "the chunks of its body are malformed",
  "chunk-extensions-too-large": "the chunk extensions of its body are too large",
  trailer: "its trailers frame the body anew",
  timeout: "it was not received in time",
};

export function failure(code: FailureCode): Http1Failure {
  return { code, message: messages[code] };
}
