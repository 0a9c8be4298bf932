// What an HTTP/1.1 request head must satisfy before a front sees it: what node:http lets through and a gateway must not.
import type { RequestHeaders } from "../front/front.ts";
import { Code, GatewayError } from "../status.ts";
import { toOriginForm } from "./http1-target.ts";
import { collectHeaders, isHost, urlTooLong, withoutNames } from "./request-headers.ts";
import type { HeadLimits } from "./request-headers.ts";

/** The part of http.IncomingMessage a head consists of. */
export interface RequestHead {
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
}

export interface CheckedHead {
  readonly target: string;
  readonly headers: RequestHeaders;
  readonly rawHeaders: readonly string[];
}

/** What `Connection` may name (RFC 9110 section 7.6.1). */
const connectionOptions: ReadonlySet<string> = new Set([
  "close",
  "keep-alive",
  "upgrade",
  "http2-settings",
  "te",
  "trailer",
  "transfer-encoding",
  "proxy-connection",
]);

/** End-to-end headers somebody behind the gateway decides by: no client may have them stripped on the way. */
const protectedHeader =
  /^(?:authorization|proxy-authorization|cookie|host|forwarded|via|origin|expect|te|from|x-.*|content-.*|grpc-.*|sluice-.*|cf-.*|true-client-ip|trace.*|baggage|accept.*|cache-control)$/;

/** The checked head, or the reason to refuse it. The connection of a refused request is closed: its framing cannot be trusted. */
export function checkHead(head: RequestHead, limits: HeadLimits): CheckedHead | GatewayError {
  const { rawHeaders } = head;
  const target = head.url ?? "";
  if (head.httpVersionMajor !== 1 || head.httpVersionMinor > 1) return versionError(head);
  if (target.length > limits.maxUrlBytes) return urlTooLong(limits.maxUrlBytes);
  const collected = collectHeaders(rawHeaders, limits);
  if (collected instanceof GatewayError) return collected;
  const { headers } = collected;
  const framing = checkFraming(head, headers);
  if (framing !== undefined) return framing;
  const { host, connection } = headers;
  if (host === undefined && head.httpVersionMinor === 1)
    return refuse("HOST_INVALID", "HTTP/1.1 requests need a Host header");
  if (host !== undefined && !isHost(host))
    return refuse("HOST_INVALID", "the Host header is not a host name with an optional port");
  if (target.charCodeAt(0) !== 0x2f) {
    const origin = toOriginForm(target, head.method ?? "", host);
    return origin instanceof GatewayError ? origin : honourConnection({ ...collected, target: origin }, connection);
  }
  return honourConnection({ target, headers, rawHeaders: collected.rawHeaders }, connection);
}

function refuse(reason: string, message: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, message, { reason });
}

function versionError(head: RequestHead): GatewayError {
  const version = `${head.httpVersionMajor}.${head.httpVersionMinor}`;
  return new GatewayError(Code.INVALID_ARGUMENT, `HTTP/${version} is not spoken on this connection; use HTTP/1.1`, {
    reason: "HTTP_VERSION_UNSUPPORTED",
    httpStatus: 505,
  });
}

function checkFraming(head: RequestHead, headers: RequestHeaders): GatewayError | undefined {
  const encoding = headers["transfer-encoding"];
  if (encoding === undefined) return undefined;
  if (head.httpVersionMinor === 0) return refuse("TRANSFER_ENCODING_INVALID", "HTTP/1.0 has no Transfer-Encoding");
  if (headers["content-length"] !== undefined) {
    return refuse("TRANSFER_ENCODING_INVALID", "Transfer-Encoding and Content-Length exclude each other");
  }
  if (String(encoding).toLowerCase() === "chunked") return undefined;
  return refuse("TRANSFER_ENCODING_INVALID", "Transfer-Encoding must be chunked");
}

/** Headers named by `Connection` end here; naming one that others rely on is an attack (RFC 9110 section 7.6.1 leaves the choice). */
function honourConnection(head: CheckedHead, connection: string | string[] | undefined): CheckedHead | GatewayError {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return head;
  const named = String(connection)
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !connectionOptions.has(name));
  if (named.length === 0) return head;
  const guarded = named.find((name) => protectedHeader.test(name));
  if (guarded !== undefined) {
    return refuse(
      "CONNECTION_HEADER_FORBIDDEN",
      `the Connection header must not name ${guarded.slice(0, 64)}, which is not of this connection only`,
    );
  }
  const headers = Object.assign(Object.create(null), head.headers) as Record<string, string | undefined>;
  for (const name of named) delete headers[name];
  return { ...head, headers, rawHeaders: withoutNames(head.rawHeaders, (name) => named.includes(name.toLowerCase())) };
}
