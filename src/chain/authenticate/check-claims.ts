// What the claims of a token must be (RFC 7519 section 4.1), and who they say it is.
import type { Identity } from "../../caller.ts";
import type { Problem, UnverifiedToken } from "./read-token.ts";
import type { JsonObject } from "./unique-json.ts";

export interface ClaimRules {
  readonly issuer: string;
  /** One of them; undefined for any. */
  readonly audiences: readonly string[] | undefined;
  readonly typ: string | undefined;
  readonly leewayMs: number;
  /** Names of claims. */
  readonly principal: string;
  readonly scopes: string;
  readonly roles: string;
}

/** Of tokens that say they are something else (a logout, a proof of possession) none gives access. */
const usualTypes: ReadonlySet<string | undefined> = new Set([undefined, "jwt", "at+jwt"]);

/** The end of the year 9999: what comes later is no time, but a slip or a trick. */
const maxTime = 253_402_300_799;
const maxPrincipalLength = 1024;

/** What is wrong; undefined for nothing. `now` in Unix milliseconds. Says nothing that is not in the token. */
export function findClaimProblem(
  { typ, claims }: UnverifiedToken,
  rules: ClaimRules,
  now: number,
): Problem | undefined {
  if (rules.typ === undefined ? !usualTypes.has(typ) : typ !== rules.typ) return `its "typ" is none that is taken here`;
  return (
    findTimeProblem(claims, rules.leewayMs, now) ??
    findAudienceProblem(claims["aud"], rules.audiences) ??
    findNameProblem(claims, rules)
  );
}

function findTimeProblem({ exp, nbf, iat }: JsonObject, leewayMs: number, now: number): Problem | undefined {
  if (!isTime(exp)) return exp === undefined ? `it has no "exp"` : `"exp" is no time`;
  if (exp * 1000 <= now) return "it has expired";
  for (const [name, time] of [
    ["nbf", nbf],
    ["iat", iat],
  ] as const) {
    if (time === undefined) continue;
    if (!isTime(time)) return `"${name}" is no time`;
    if (time * 1000 > now + leewayMs) return name === "nbf" ? "it is not valid yet" : "it was made in the future";
  }
  return undefined;
}

/** NumericDate (RFC 7519 section 2): seconds, perhaps with a fraction. */
function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= maxTime;
}

function findAudienceProblem(aud: unknown, audiences: readonly string[] | undefined): Problem | undefined {
  if (audiences === undefined) return undefined;
  if (aud === undefined) return `it has no "aud"`;
  const named: unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!named.every((one) => typeof one === "string")) return `"aud" is neither text nor a list of texts`;
  return named.some((one) => audiences.includes(one)) ? undefined : "it is for another audience";
}

function findNameProblem(claims: JsonObject, { principal }: ClaimRules): Problem | undefined {
  const name = readClaim(claims, principal);
  if (typeof name === "string" && name !== "" && name.length <= maxPrincipalLength && !/\p{Cc}/u.test(name))
    return undefined;
  return `the claim "${principal}" does not name anybody`;
}

/** Of claims without a problem. */
export function toIdentity(claims: JsonObject, rules: ClaimRules): Identity {
  return Object.freeze({
    // Two issuers may have given one name to two people.
    principal: `${rules.issuer}|${String(readClaim(claims, rules.principal))}`,
    expiresAt: Number(claims["exp"]) * 1000,
    claims,
    scopes: toWords(readClaim(claims, rules.scopes)),
    roles: toWords(readClaim(claims, rules.roles)),
  });
}

/** The claim of this name; where there is none, `a.b` is `b` in `a`. */
export function readClaim(claims: JsonObject, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as JsonObject)[part];
  }
  return value;
}

/** Text with blanks between, or a list: what of it is text. */
export function toWords(value: unknown): readonly string[] {
  if (typeof value === "string") return Object.freeze(value.split(" ").filter((word) => word !== ""));
  return Object.freeze(Array.isArray(value) ? value.filter((word) => typeof word === "string") : []);
}
