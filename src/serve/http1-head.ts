// What an HTTP/1.1 request head must satisfy beyond its grammar before a front sees it.
import type { Http1Request } from "../http1/contract.ts";
import type { HeaderBlock } from "../http1/header-block.ts";
import { Code, GatewayError } from "../status.ts";
import { toOriginForm } from "./http1-target.ts";
import { collectHeaders, expectationFailed, isHost, withoutNames } from "./request-headers.ts";
import type { CollectedHeaders, HeadLimits } from "./request-headers.ts";

export interface CheckedHead extends CollectedHeaders {
  readonly target: string;
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
export function checkHead(request: Http1Request, limits: HeadLimits): CheckedHead | GatewayError {
  const { block, minorVersion, target } = request;
  // Once for all requests that repeat these headers.
  block.note ??= checkBlock(block, limits);
  const checked = block.note as CollectedHeaders | GatewayError;
  if (checked instanceof GatewayError) return checked;
  const { headers, rawHeaders } = checked;
  const { host } = headers;
  if (host === undefined && minorVersion === 1) return refuse("HOST_INVALID", "HTTP/1.1 requests need a Host header");
  if (target.charCodeAt(0) === 0x2f) return { target, headers, rawHeaders };
  const origin = toOriginForm(target, request.method, host);
  return origin instanceof GatewayError ? origin : { target: origin, headers, rawHeaders };
}

function checkBlock(block: HeaderBlock, limits: HeadLimits): CollectedHeaders | GatewayError {
  if (block.expect === "unknown") return expectationFailed();
  const collected = collectHeaders(block.rawHeaders, limits);
  if (collected instanceof GatewayError) return collected;
  const { host, connection } = collected.headers;
  if (host !== undefined && !isHost(host))
    return refuse("HOST_INVALID", "the Host header is not a host name with an optional port");
  return honourConnection(collected, connection);
}

function refuse(reason: string, message: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, message, { reason });
}

/** Headers named by `Connection` end here; naming one that others rely on is an attack (RFC 9110 section 7.6.1 leaves the choice). */
function honourConnection(head: CollectedHeaders, connection: string | undefined): CollectedHeaders | GatewayError {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return head;
  const named = connection
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
  return { headers, rawHeaders: withoutNames(head.rawHeaders, (name) => named.includes(name.toLowerCase())) };
}
