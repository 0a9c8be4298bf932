// Callers who bring a JWT: whose it is, after its issuer's keys; a token that came before is known without asking again.
import { createHash, createSecretKey } from "node:crypto";
import type { AuthenticationRequest, Identity } from "../../caller.ts";
import { Code, GatewayError } from "../../status.ts";
import type { Timer } from "../identified-streams.ts";
import type { Authenticator } from "./authenticator.ts";
import { findClaimProblem, toIdentity } from "./check-claims.ts";
import type { ClaimRules } from "./check-claims.ts";
import { hasGoodSignature } from "./check-signature.ts";
import { findToken, readHeader } from "./find-token.ts";
import type { TokenPlaces } from "./find-token.ts";
import type { VerificationKey } from "./json-web-keys.ts";
import { jwtMetrics } from "./jwt-metrics.ts";
import type { TokenCounts } from "./jwt-metrics.ts";
import { createFixedKey, FetchedKeys } from "./key-source.ts";
import type { KeySource } from "./key-source.ts";
import { loadKeys } from "./load-keys.ts";
import { readToken } from "./read-token.ts";
import type { UnverifiedToken } from "./read-token.ts";
import { bearerChallenge, tokenInvalid } from "./refusals.ts";
import { RecentTokens } from "./recent-tokens.ts";
import { RevokedTokens } from "./revoked-tokens.ts";
import { TokenCache, toTokenHash } from "./token-cache.ts";

export interface JwtIssuer extends ClaimRules {
  /** Where its keys are; undefined with a secret, and where discovery finds them. */
  readonly jwks: string | undefined;
  readonly secret: string | undefined;
  readonly algorithms: readonly string[];
}

export interface JwtOptions extends TokenPlaces {
  readonly issuers: readonly JwtIssuer[];
  readonly realm: string;
  /** Tokens without dots are left to the next authenticator. */
  readonly leaveOpaque: boolean;
  readonly timer: Timer;
  /** To be told why keys could not be fetched. */
  readonly report: (error: GatewayError) => void;
  /** In Unix milliseconds. */
  readonly now?: () => number;
  /** Where keys come from, instead of the issuers. */
  readonly keysOf?: (issuer: JwtIssuer) => KeySource;
}

interface Issuer {
  readonly rules: JwtIssuer;
  readonly keys: KeySource;
}

/** A token whose signature is all that is left to look at. */
interface Check {
  readonly token: string;
  readonly tokenHash: string;
  readonly read: UnverifiedToken;
  readonly rules: JwtIssuer;
}

/** A token that was refused is checked again after so long, or with the next keys. */
const refusalMs = 60_000;
const identityBounds = { maxEntries: 10_000, maxBytes: 32 * 1024 * 1024 };
const refusalBounds = { maxEntries: 10_000, maxBytes: 8 * 1024 * 1024 };

export function createJwtAuthenticator(options: JwtOptions): Authenticator {
  const keysOf = options.keysOf ?? ((issuer: JwtIssuer) => createKeySource(issuer, options));
  const issuers = new Map(
    options.issuers.map((rules): [string, Issuer] => [rules.issuer, { rules, keys: keysOf(rules) }]),
  );
  const judge = new TokenJudge(issuers, options.realm, options.now ?? Date.now);
  const sources = [...issuers.values()].map(({ keys }) => keys);
  return {
    name: "jwt",
    challenge: bearerChallenge(options.realm),
    headers: ["authorization"],
    cookie: options.cookie,
    authenticate(request: AuthenticationRequest) {
      const header = readHeader(request, "authorization");
      const known = header === undefined ? undefined : judge.recall("header", header);
      if (known !== undefined) return known;
      const found = findToken(request, options);
      if (found === undefined) return undefined;
      if ("problem" in found) throw judge.refuse(found.problem);
      if (options.leaveOpaque && !found.token.includes(".")) return undefined;
      return judge.judge(found.token, header);
    },
    start: () => sources.forEach((source) => source.start()),
    // Callers of the others are not to be turned away because one issuer is.
    problems() {
      const problems = sources.map((source) => source.problem()).filter((problem) => problem !== undefined);
      return problems.length === sources.length ? problems : [];
    },
    revoke: (principal) => judge.revoke(principal),
    metrics: () =>
      jwtMetrics({
        counts: judge.counts,
        knownTokens: judge.knownTokens,
        issuers: [...issuers].map(([issuer, { keys }]) => [issuer, keys] as const),
      }),
    close: () => sources.forEach((source) => source.close()),
  };
}

function createKeySource(issuer: JwtIssuer, { timer, report }: JwtOptions): KeySource {
  if (issuer.secret !== undefined) {
    const key = createSecretKey(Buffer.from(issuer.secret));
    const print = createHash("sha256").update(issuer.secret).digest("base64url");
    return createFixedKey({ kid: undefined, alg: undefined, key, print, isGone: false });
  }
  return new FetchedKeys({
    issuer: issuer.issuer,
    load: () => loadKeys(issuer.issuer, issuer.jwks),
    timer,
    report: (name, cause) =>
      report(
        new GatewayError(Code.UNAVAILABLE, `the keys of ${name} could not be fetched`, {
          reason: "KEYS_UNAVAILABLE",
          cause,
        }),
      ),
  });
}

class TokenJudge {
  readonly counts: TokenCounts = { known: 0, checked: 0, refused: 0 };
  readonly #issuers: ReadonlyMap<string, Issuer>;
  readonly #realm: string;
  readonly #now: () => number;
  readonly #identities = new TokenCache(identityBounds);
  readonly #refusals = new TokenCache(refusalBounds);
  readonly #revoked = new RevokedTokens();
  /** Apart: what is a whole cookie is no whole header. */
  readonly #recent = { header: new RecentTokens(), cookie: new RecentTokens() };
  /** Tokens that are being checked: a crowd with one token waits for one check. */
  readonly #pending = new Map<string, Promise<Identity>>();

  constructor(issuers: ReadonlyMap<string, Issuer>, realm: string, now: () => number) {
    this.#issuers = issuers;
    this.#realm = realm;
    this.#now = now;
  }

  /** Whose a request with this very text, the whole header or the token of a cookie, was a moment ago, while that holds. */
  recall(place: "header" | "cookie", text: string): Identity | undefined {
    const known = this.#recent[place].find(text);
    if (known === undefined || known.key.isGone || known.until <= this.#now()) return undefined;
    this.counts.known++;
    return known.identity;
  }

  get knownTokens(): number {
    return this.#identities.size;
  }

  revoke(principal: string): void {
    this.#recent.header.clear();
    this.#recent.cookie.clear();
    this.#revoked.add(principal, this.#now());
    this.#identities.forgetPrincipal(principal);
  }

  /** At once for a token that is known. Throws, or rejects with, GatewayError. `header`: undefined for the token of a cookie. */
  judge(token: string, header: string | undefined): Identity | Promise<Identity> {
    const recent = header === undefined ? this.recall("cookie", token) : undefined;
    if (recent !== undefined) return recent;
    const tokenHash = toTokenHash(token);
    const now = this.#now();
    const known = this.#identities.get(tokenHash, now) ?? this.#refusals.get(tokenHash, now);
    if (known !== undefined) {
      if (known.kind === "refusal") {
        this.counts.refused++;
        throw known.error;
      }
      this.counts.known++;
      this.#recent[header === undefined ? "cookie" : "header"].keep(header ?? token, known);
      return known.identity;
    }
    const pending = this.#pending.get(tokenHash);
    if (pending !== undefined) return pending;
    const read = readToken(token);
    if (typeof read === "string") throw this.refuse(read);
    const { rules, keys } = this.#findIssuer(read, now);
    const found = keys.find(read.kid, read.algorithm);
    const check = { token, tokenHash, read, rules };
    const checked = settle(found, (key) => this.#check(check, key));
    return checked instanceof Promise ? this.#share(tokenHash, checked) : checked;
  }

  #share(tokenHash: string, checked: Promise<Identity>): Promise<Identity> {
    const shared = checked.finally(() => this.#pending.delete(tokenHash));
    this.#pending.set(tokenHash, shared);
    return shared;
  }

  /** What costs nothing to find out is found out before a signature is looked at. */
  #findIssuer(token: UnverifiedToken, now: number): Issuer {
    const { iss } = token.claims;
    const issuer = typeof iss === "string" ? this.#issuers.get(iss) : undefined;
    if (issuer === undefined) throw this.refuse(iss === undefined ? `it has no "iss"` : "its issuer is not known here");
    if (!issuer.rules.algorithms.includes(token.algorithm))
      throw this.refuse("its algorithm is not one of its issuer's");
    const problem = findClaimProblem(token, issuer.rules, now);
    if (problem !== undefined) throw this.refuse(problem);
    return issuer;
  }

  #check(check: Check, key: VerificationKey | undefined): Identity | Promise<Identity> {
    if (key === undefined) throw this.refuse("it is signed with a key that its issuer does not have");
    const isGood = hasGoodSignature(check.token, key.key, check.read.algorithm);
    return settle(isGood, (good) => this.#conclude(check, key, good));
  }

  #conclude({ tokenHash, read, rules }: Check, key: VerificationKey, isGood: boolean): Identity {
    if (!isGood) {
      const error = this.refuse("its signature does not match");
      this.#refusals.set(tokenHash, { kind: "refusal", error, key, until: this.#now() + refusalMs });
      throw error;
    }
    const identity = toIdentity(read.claims, rules);
    if (this.#revoked.covers(identity.principal, read.claims["iat"])) {
      this.counts.refused++;
      throw revoked(this.#realm);
    }
    // The keys may have changed, and the token ended, while it was looked at.
    if (key.isGone || identity.expiresAt <= this.#now()) throw this.refuse("it has ended");
    this.counts.checked++;
    this.#identities.set(tokenHash, { kind: "identity", identity, key, until: identity.expiresAt });
    return identity;
  }

  refuse(problem: string): GatewayError {
    this.counts.refused++;
    return tokenInvalid(this.#realm, problem);
  }
}

/** Most is known at once, and costs no promise then. */
function settle<T, U>(value: T | Promise<T>, conclude: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(conclude) : conclude(value);
}

function revoked(realm: string): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, "the credentials were revoked; come again with new ones", {
    reason: "CREDENTIALS_REVOKED",
    headers: { "www-authenticate": `${bearerChallenge(realm)}, error="invalid_token", error_description="revoked"` },
  });
}
