// Bearer tokens that only their issuer can read: it is asked about each (RFC 7662), and what it said holds for a while.
import { hash } from "node:crypto";
import type { Identity } from "../../caller.ts";
import type { Authenticator } from "./authenticator.ts";
import { findToken } from "./find-token.ts";
import type { TokenPlaces } from "./find-token.ts";
import { introspectionName, IntrospectionServer, unavailable } from "./introspection-server.ts";
import type { IntrospectionServerOptions } from "./introspection-server.ts";
import { bearerChallenge, tokenInvalid } from "./refusals.ts";
import { TokenAnswers } from "./token-answers.ts";

export interface IntrospectionOptions extends IntrospectionServerOptions, TokenPlaces {
  /** 0: every request is asked about. */
  readonly cacheMs: number;
  readonly realm: string;
}

const limits = { maxEntries: 10_000, maxBytes: 16 * 1024 * 1024 };
/** What an answer takes once it is read, beside its bytes as they came: about, and rather too much. */
const parsedFactor = 4;
/** What an entry takes beside its answer. */
const entryBytes = 512;
/** Tokens that do not hold: long enough for a flood of one of them, short enough for one that was asked about too early. */
const refusedMs = 5_000;
/** Of different tokens at once; more are refused, so that a slow server does not gather all of memory. */
const maxAsked = 256;

export function createIntrospection(options: IntrospectionOptions): Authenticator {
  const { realm, now } = options;
  const inquiries = new Inquiries(options);
  const judge = (identity: Identity | undefined): Identity => {
    if (identity === undefined) throw tokenInvalid(realm, "it is not active, or not for this service");
    return identity;
  };
  return {
    name: introspectionName,
    cookie: options.cookie,
    challenge: bearerChallenge(realm),
    headers: ["authorization"],
    authenticate(request) {
      const found = findToken(request, options);
      if (found === undefined) return undefined;
      if ("problem" in found) throw tokenInvalid(realm, found.problem);
      const { token } = found;
      const key = hash("sha256", token, "base64");
      const answer = inquiries.answers.get(key, now());
      return answer === undefined ? inquiries.ask(token, key).then(judge) : judge(answer.identity);
    },
    revoke: (principal) => inquiries.revoke(principal),
  };
}

/** One question a token at a time. A token is known by its hash only. */
class Inquiries {
  readonly answers = new TokenAnswers(limits);
  readonly #server: IntrospectionServer;
  readonly #options: IntrospectionOptions;
  readonly #running = new Map<string, Promise<Identity | undefined>>();
  /** What was asked before a revocation is not kept after it. */
  #revocations = 0;

  constructor(options: IntrospectionOptions) {
    this.#options = options;
    this.#server = new IntrospectionServer(options);
  }

  /** Rejects with GatewayError. */
  ask(token: string, key: string): Promise<Identity | undefined> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    if (this.#running.size >= maxAsked)
      return Promise.reject(unavailable(new Error(`${maxAsked} tokens are being asked about already`)));
    const answer = this.#inquire(token, key).finally(() => this.#running.delete(key));
    this.#running.set(key, answer);
    return answer;
  }

  revoke(principal: string): void {
    this.#revocations++;
    this.answers.revoke(principal);
  }

  async #inquire(token: string, key: string): Promise<Identity | undefined> {
    const { cacheMs, now } = this.#options;
    const before = this.#revocations;
    const { identity, bytes } = await this.#server.introspect(token);
    if (before !== this.#revocations || cacheMs === 0) return identity;
    const until = identity === undefined ? now() + refusedMs : Math.min(now() + cacheMs, identity.expiresAt);
    this.answers.set(key, { identity, until, bytes: bytes * parsedFactor + entryBytes });
    return identity;
  }
}
