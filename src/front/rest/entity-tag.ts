// ETag and If-None-Match of answers that may be kept (RFC 9110 sections 8.8.3 and 13.1.2): whoever has the answer already is told so in its place.
import { hash } from "node:crypto";
import type { Exchange } from "../front.ts";

/** Of the body as it is before compression: half of a SHA-256. */
export function toEntityTag(body: Uint8Array): string {
  return `"${hash("sha256", body, "base64url").slice(0, 22)}"`;
}

/** The same content in another encoding has other bytes. */
export function toWeakTag(tag: string): string {
  return `W/${tag}`;
}

/** Of other methods nobody keeps answers. */
export function hasEntityTags({ method }: Pick<Exchange, "method">): boolean {
  return method === "GET" || method === "HEAD";
}

/** By the weak comparison: whether the client has this content, in whatever encoding. */
export function isNotModified({ headers }: Pick<Exchange, "headers">, tag: string): boolean {
  const text = headers["if-none-match"];
  if (typeof text !== "string") return false;
  if (text.trim() === "*") return true;
  return text.split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}
