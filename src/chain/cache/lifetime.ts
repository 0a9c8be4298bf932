// Whether a reply may be kept, and for how long: what the method's policy allows, less what the backend says (RFC 9111 section 3).
import type { Reply } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import type { CacheRule } from "../../schema/cache-rule.ts";
import { partialHeader } from "../partial.ts";
import { joinValues, parseDirectives, secondsOf } from "./directives.ts";
import type { Directives } from "./directives.ts";
import { parseHttpDate } from "./http-date.ts";

/** In milliseconds. */
export interface Lifetime {
  /** How old it was when it came: some cache nearer to its origin had it. */
  readonly age: number;
  /** From its beginning. */
  readonly fresh: number;
  /** Beyond `fresh`. */
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
}

export interface Keeping {
  readonly rule: CacheRule;
  /** It is for one principal. */
  readonly isOwned: boolean;
  /** Metadata that the backend got without its being part of the key. */
  readonly isUnkeyed: (name: string) => boolean;
}

/** What never is for anybody else, whatever else is said: cookies, and answers that lack a part. */
const markers: ReadonlySet<string> = new Set(["set-cookie", partialHeader]);

/** Undefined for what must not be kept. `now`: Unix time in milliseconds, for `expires`. */
export function readLifetime(reply: Reply, { rule, isOwned, isUnkeyed }: Keeping, now: number): Lifetime | undefined {
  const parts = [reply.headers, reply.trailers];
  if (reply.partial !== undefined || parts.some((metadata) => isMarked(metadata))) return undefined;
  if (!isKeyedFor(joinValues(parts, "vary"), isUnkeyed)) return undefined;
  const said = parseDirectives(joinValues(parts, "cache-control") ?? "");
  // There is no asking a gRPC backend whether an answer is still good: one that has to be asked about is not kept.
  if (said.has("no-store") || said.has("no-cache") || (said.has("private") && !isOwned)) return undefined;
  const age = toAge(joinValues(parts, "age"));
  const own = secondsOf(said, "s-maxage") ?? secondsOf(said, "max-age") ?? toLifetime(parts, now);
  const fresh = Math.min(rule.ttlMs, own ?? Infinity);
  if (fresh <= age) return undefined;
  return { age, fresh, ...toStale(rule, said) };
}

function isMarked(metadata: Metadata): boolean {
  for (let i = 0; i < metadata.length; i += 2) {
    if (markers.has(metadata[i])) return true;
    if (metadata[i] === "x-http-code" && metadata[i + 1] !== "200") return true;
  }
  return false;
}

/** What the backend never got, the answer cannot depend on. */
function isKeyedFor(vary: string | undefined, isUnkeyed: (name: string) => boolean): boolean {
  if (vary === undefined) return true;
  const names = vary.split(",").map((name) => name.trim().toLowerCase());
  return !names.some((name) => name === "*" || isUnkeyed(name));
}

function toStale(rule: CacheRule, said: Directives): Pick<Lifetime, "staleWhileRevalidate" | "staleIfError"> {
  // Section 5.2.2.10: s-maxage is proxy-revalidate, too.
  if (["must-revalidate", "proxy-revalidate", "s-maxage"].some((name) => said.has(name)))
    return { staleWhileRevalidate: 0, staleIfError: 0 };
  return {
    staleWhileRevalidate: Math.min(rule.staleWhileRevalidateMs, secondsOf(said, "stale-while-revalidate") ?? Infinity),
    staleIfError: Math.min(rule.staleIfErrorMs, secondsOf(said, "stale-if-error") ?? Infinity),
  };
}

/** Of a list the first counts, and what is no number does not (RFC 9111 section 5.1). */
function toAge(text: string | undefined): number {
  const first = text?.split(",", 1)[0].trim() ?? "";
  return /^\d+$/.test(first) ? Number(first) * 1000 : 0;
}

/** Of `expires`; a date that is none has passed (RFC 9111 section 5.3). */
function toLifetime(parts: readonly Metadata[], now: number): number | undefined {
  const expires = joinValues(parts, "expires");
  return expires === undefined ? undefined : (parseHttpDate(expires, now) ?? 0) - now;
}
