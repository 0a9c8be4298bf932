// What the headers of every request must satisfy before a front sees them, whichever protocol brought them.
import { Code, GatewayError } from "../status.ts";

export interface HeadLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaderCount: number;
  readonly maxUrlBytes: number;
  /** Names with `_` are twins of those with `-` behind many servers (`X_User_Id`): refused, or dropped before anybody sees them. */
  readonly underscoreHeaders: "reject" | "drop";
}

export interface CollectedHeaders {
  /** Lower-case names, repeated headers joined; has no prototype: a header named `constructor` is only a header. */
  readonly headers: Record<string, string | undefined>;
  /** Those received, without those dropped; the same array when none was. */
  readonly rawHeaders: readonly string[];
}

/** Sent once or not at all: whoever reads the first of two disagrees with whoever reads the last. */
const singleHeaders: ReadonlySet<string> = new Set([
  "host",
  "authorization",
  "proxy-authorization",
  "content-type",
  "content-length",
  "content-encoding",
  "transfer-encoding",
  "expect",
  "grpc-timeout",
  "sluice-timeout",
]);

/** One pass: count, sizes, underscores, duplicates, and the lower-case view that every front reads. */
export function collectHeaders(
  rawHeaders: readonly string[],
  limits: Omit<HeadLimits, "maxUrlBytes">,
): CollectedHeaders | GatewayError {
  if (rawHeaders.length > limits.maxHeaderCount * 2)
    return headersTooLarge(`more than ${limits.maxHeaderCount} header fields`);
  const headers = Object.create(null) as Record<string, string | undefined>;
  let bytes = 0;
  let dropped = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    const value = rawHeaders[i + 1];
    bytes += name.length + value.length + 4;
    const form = formOf(name);
    if (form === "underscore") {
      if (limits.underscoreHeaders === "reject") return underscoreError(name);
      dropped = true;
      continue;
    }
    const lower = form === "lower" ? name : name.toLowerCase();
    const earlier = headers[lower];
    if (earlier === undefined) headers[lower] = value;
    else if (singleHeaders.has(lower)) return refuse("HEADER_DUPLICATE", `the header ${lower} is sent more than once`);
    else headers[lower] = earlier + (lower === "cookie" ? "; " : ", ") + value;
  }
  if (bytes > limits.maxHeaderBytes) return headersTooLarge(`more than ${limits.maxHeaderBytes} bytes of headers`);
  return { headers, rawHeaders: dropped ? withoutNames(rawHeaders, (name) => name.includes("_")) : rawHeaders };
}

/** Most names are lower case already (HTTP/2 has no others): a look at them costs less than asking for their lower case. */
function formOf(name: string): "lower" | "mixed" | "underscore" {
  let form: "lower" | "mixed" = "lower";
  for (let at = 0; at < name.length; at++) {
    const char = name.charCodeAt(at);
    if (char === 0x5f) return "underscore";
    if (char >= 0x41 && char <= 0x5a) form = "mixed";
  }
  return form;
}

/** A name or address and a port, nothing that means something elsewhere in a URL. An empty Host is legal (RFC 9110 section 7.2). */
export function isHost(host: string): boolean {
  return host.length <= 255 && /^(?:[A-Za-z0-9._~%!$&'()*+,;=-]*|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/.test(host);
}

/** A copy without the pairs whose name (as received) is gone. */
export function withoutNames(rawHeaders: readonly string[], isGone: (name: string) => boolean): readonly string[] {
  const kept: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!isGone(rawHeaders[i])) kept.push(rawHeaders[i], rawHeaders[i + 1]);
  }
  return kept;
}

export function headersTooLarge(what: string): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, `the request has ${what}`, {
    reason: "HEADERS_TOO_LARGE",
    httpStatus: 431,
  });
}

export function urlTooLong(limit: number): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, `the URL is longer than ${limit} bytes`, {
    reason: "URL_TOO_LONG",
    httpStatus: 414,
  });
}

/** RFC 9110 section 10.1.1: the only expectation there is. */
export function expectationFailed(): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, "the only expectation understood is 100-continue", {
    reason: "EXPECTATION_FAILED",
    httpStatus: 417,
  });
}

function refuse(reason: string, message: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, message, { reason });
}

function underscoreError(name: string): GatewayError {
  const shown = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return refuse("HEADER_NAME_UNDERSCORE", `header names with an underscore are not accepted: ${shown}; use hyphens`);
}
