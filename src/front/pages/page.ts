// One page: bytes with a strong ETag, and the answer to a GET or HEAD for it (RFC 9110 section 13).
import { createHash } from "node:crypto";
import type { Exchange } from "../front.ts";

export interface Page {
  readonly contentType: string;
  readonly body: Uint8Array;
  /** With its quotes. */
  readonly etag: string;
}

/**
 * Nothing but what this origin serves, nothing inline, in no frame; strings never become markup (Trusted Types, where the
 * browser knows them). The same for pages and for what they load. In CSP 3 `connect-src 'self'` takes in
 * WebSockets to the same host and port.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

const securityHeaders: readonly string[] = [
  "content-security-policy",
  contentSecurityPolicy,
  "x-content-type-options",
  "nosniff",
  "referrer-policy",
  "no-referrer",
  "cross-origin-resource-policy",
  "same-origin",
  "cross-origin-opener-policy",
  "same-origin",
  // Asked for anew each time: the protos behind a page change with a restart.
  "cache-control",
  "no-cache",
];

export function toPage(contentType: string, body: Uint8Array): Page {
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`;
  return { contentType, body, etag };
}

/** The page, or 304 for a client that has it. */
export function answerPage(exchange: Exchange, { contentType, body, etag }: Page): void {
  const headers = ["etag", etag, ...securityHeaders];
  if (isKnown(exchange.headers["if-none-match"], etag)) exchange.respond(304, headers, undefined);
  else exchange.respond(200, ["content-type", contentType, ...headers], body);
}

/** If-None-Match compares weakly: `W/` counts for nothing. A tag has no quotes inside it, so looking for it is enough. */
function isKnown(header: string | string[] | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const text = String(header);
  return text.trim() === "*" || text.includes(etag);
}
