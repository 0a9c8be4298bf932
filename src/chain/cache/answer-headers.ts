// What a client is told of an answer and the cache: Cache-Status (RFC 9211), Cache-Control, Age; and what of the backend's own words stands against that.
import type { Call, Reply } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import type { KeptReply } from "./entry-store.ts";

/** What the gateway says itself of answers of cached methods. */
const ownNames: ReadonlySet<string> = new Set(["cache-control", "age", "expires", "pragma", "etag", "last-modified"]);

/** What is about the one call that it came with, and nobody else's. */
const ofOneCall: ReadonlySet<string> = new Set(["traceparent", "tracestate", "traceresponse", "server-timing"]);

export function withoutOwnNames(metadata: Metadata): Metadata {
  return without(metadata, (name) => ownNames.has(name));
}

function without(metadata: Metadata, isLeftOut: (name: string) => boolean): Metadata {
  if (!metadata.some((name, index) => index % 2 === 0 && isLeftOut(name))) return metadata;
  const kept: string[] = [];
  for (let i = 0; i < metadata.length; i += 2) if (!isLeftOut(metadata[i])) kept.push(metadata[i], metadata[i + 1]);
  return kept;
}

/** `status`: the parameters of Cache-Status. */
export function tellKept(call: Call, kept: KeptReply, { status, scope, now }: Telling): void {
  const age = Math.max(0, Math.floor((now - kept.bornAt) / 1000));
  call.addReplyHeader("cache-status", `sluice; ${status}`);
  call.addReplyHeader("cache-control", `${scope}, max-age=${Math.floor((kept.freshUntil - kept.bornAt) / 1000)}`);
  if (age > 0) call.addReplyHeader("age", String(age));
}

export interface Telling {
  readonly status: string;
  /** Whether caches between the gateway and the client may keep it, too. */
  readonly scope: "public" | "private";
  readonly now: number;
}

/** For what is not kept, an error among it: others may not keep it either. */
export function tellUnkept(call: Call, status: string): void {
  call.addReplyHeader("cache-status", `sluice; ${status}`);
  call.addReplyHeader("cache-control", "no-store");
}

/** RFC 9211 section 2.2: seconds, negative for what is stale. */
export function toTtl(kept: KeptReply, now: number): string {
  return `ttl=${Math.floor((kept.freshUntil - now) / 1000)}`;
}

export interface Keepable {
  readonly caching: Reply["caching"];
  /** Metadata that names a request. */
  readonly requestIdNames: readonly string[];
}

/** A copy of its own: what came from a socket would keep all that came with it. */
export function toKeptReply({ message, headers, trailers }: Reply, { caching, requestIdNames }: Keepable): Reply {
  const copy = Buffer.allocUnsafeSlow(message.length);
  copy.set(message);
  const isLeftOut = (name: string): boolean =>
    ownNames.has(name) || ofOneCall.has(name) || requestIdNames.includes(name);
  return { message: copy, headers: without(headers, isLeftOut), trailers: without(trailers, isLeftOut), caching };
}
