// Fetches the keys of an issuer: from the URL that is configured, or from where its OpenID configuration says they are.
import { askOutside } from "./ask-outside.ts";
import type { OutsideAnswer } from "./ask-outside.ts";
import { readKeySet } from "./json-web-keys.ts";
import type { LoadedKeys } from "./key-source.ts";
import { isLoopbackName } from "./outside-address.ts";

const timeoutMs = 5000;
const maxBytes = 1024 * 1024;

/** Rejects with an Error for the log. */
export async function loadKeys(issuer: string, jwks: string | undefined): Promise<LoadedKeys> {
  const until = performance.now() + timeoutMs;
  const url = jwks === undefined ? await discover(issuer, until) : new URL(jwks);
  const answer = await fetchJson(url, until);
  return { keys: readKeySet(toText(answer)), maxAgeMs: readMaxAge(answer) };
}

/** OpenID Connect Discovery 1.0 section 4: who it speaks for must be who was asked, or any host could be told to speak for another. */
async function discover(issuer: string, until: number): Promise<URL> {
  const place = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const document: unknown = JSON.parse(toText(await fetchJson(place, until)));
  if (typeof document !== "object" || document === null) throw new Error(`${toShown(place)} is no JSON object`);
  const { issuer: named, jwks_uri: uri } = document as Record<string, unknown>;
  if (named !== issuer) throw new Error(`${toShown(place)} names another issuer than ${issuer}`);
  if (typeof uri !== "string" || !URL.canParse(uri)) throw new Error(`${toShown(place)} has no jwks_uri`);
  const url = new URL(uri);
  const isOwn = isLoopbackName(place.hostname) && isLoopbackName(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isOwn))
    throw new Error(`${toShown(place)}: the jwks_uri ${toShown(url)} is no https URL`);
  if (isLoopbackName(url.hostname) && !isOwn)
    throw new Error(`${toShown(place)}: the jwks_uri ${toShown(url)} is on this machine`);
  return url;
}

async function fetchJson(url: URL, until: number): Promise<OutsideAnswer> {
  const left = Math.max(1, Math.floor(until - performance.now()));
  const answer = await askOutside({ url, timeoutMs: left, maxBytes }).catch((error: unknown) => {
    throw new Error(`${toShown(url)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  });
  if (answer.status === 200) return answer;
  const isMoved = answer.status >= 300 && answer.status < 400;
  throw new Error(`${toShown(url)} answers ${answer.status}${isMoved ? "; redirects are not followed" : ""}`);
}

function toText({ body }: OutsideAnswer): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(body);
}

/** RFC 9111 sections 4.2.1 and 5.2.2; undefined when the answer does not say. */
function readMaxAge({ headers }: OutsideAnswer): number | undefined {
  const directives = (headers["cache-control"] ?? "").toLowerCase();
  if (/(?:^|[,\s])no-(?:store|cache)(?:$|[,\s=])/.test(directives)) return 0;
  const stated = /(?:^|[,\s])max-age="?(\d{1,9})/.exec(directives);
  if (stated === null) return undefined;
  const age = /^\d{1,9}$/.test(headers.age ?? "") ? Number(headers.age) : 0;
  return 1000 * (Number(stated[1]) - age);
}

/** Without its query, which may hold a key of somebody's. */
function toShown({ origin, pathname, protocol }: URL): string {
  return origin === "null" ? protocol : `${origin}${pathname}`;
}
