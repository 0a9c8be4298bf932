// The server that tells of tokens (RFC 7662): what it is asked, what its answers mean, and that it is left alone for a moment when it is down.
import type { Identity } from "../../caller.ts";
import { Code, GatewayError } from "../../status.ts";
import { readClaim, toWords } from "./check-claims.ts";
import { readUniqueJson } from "./unique-json.ts";
import type { JsonObject } from "./unique-json.ts";

export const introspectionName = "introspection";

/** One HTTP request, bounded in time and size; rejects with an Error for the log. */
export type Ask = (request: {
  readonly url: URL;
  readonly method: "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}) => Promise<{ readonly status: number; readonly body: Buffer }>;

export interface IntrospectionServerOptions {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly timeoutMs: number;
  /** Undefined for any. */
  readonly audiences: readonly string[] | undefined;
  /** Names of members of the answer. */
  readonly principal: string;
  readonly scopes: string;
  readonly roles: string;
  readonly ask: Ask;
  /** Unix time in milliseconds. */
  readonly now: () => number;
}

export interface Introspected {
  /** Undefined for a token that does not hold here. */
  readonly identity: Identity | undefined;
  /** Of the answer. */
  readonly bytes: number;
}

const maxAnswerBytes = 64 * 1024;
const maxPrincipal = 1024;
const leewayMs = 60_000;
/** After so many failures in a row it is not asked for a second, and callers are told at once. */
const failuresToRest = 5;
const restMs = 1_000;

export class IntrospectionServer {
  readonly #options: IntrospectionServerOptions;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  #failures = 0;
  #restsUntil = 0;

  constructor(options: IntrospectionServerOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    this.#headers = {
      "content-type": "application/x-www-form-urlencoded",
      authorization: toBasic(options.clientId, options.clientSecret),
    };
  }

  /** Rejects with GatewayError (UNAVAILABLE) when nothing came of it. */
  async introspect(token: string): Promise<Introspected> {
    const { ask, timeoutMs, now } = this.#options;
    const url = this.#url;
    if (now() < this.#restsUntil) throw unavailable(new Error(`${url.origin} failed ${this.#failures} times in a row`));
    const body = new URLSearchParams({ token, token_type_hint: "access_token" }).toString();
    const request = { url, method: "POST", headers: this.#headers, body, timeoutMs, maxBytes: maxAnswerBytes } as const;
    try {
      const answer = await ask(request);
      if (answer.status !== 200) throw new Error(`${url.origin} answered with status ${answer.status}`);
      const identity = toIdentity(readObject(answer.body), this.#options);
      this.#failures = 0;
      return { identity, bytes: answer.body.length };
    } catch (cause) {
      if (++this.#failures >= failuresToRest) this.#restsUntil = now() + restMs;
      throw unavailable(cause);
    }
  }
}

export function unavailable(cause: unknown): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "the token could not be checked; try again", {
    reason: "INTROSPECTION_UNAVAILABLE",
    headers: { "retry-after": "1" },
    cause,
  });
}

/** RFC 6749 section 2.3.1: both are form-encoded first. */
function toBasic(id: string, secret: string): string {
  const encode = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString("base64")}`;
}

/** Throws for anything but a JSON object that names each thing once. */
function readObject(body: Buffer): JsonObject {
  const read = readUniqueJson(new TextDecoder("utf-8", { fatal: true }).decode(body));
  if (typeof read === "string") throw new Error(`the answer ${read}`);
  return read;
}

/** Undefined for a token that does not hold here. Throws for an answer that does not say what it must. */
function toIdentity(answer: JsonObject, options: IntrospectionServerOptions): Identity | undefined {
  if (typeof answer["active"] !== "boolean") throw new Error("the answer does not say whether the token is active");
  if (!answer["active"]) return undefined;
  const { exp, nbf, aud } = answer;
  const { audiences, now } = options;
  const expiresAt = exp === undefined ? Number.POSITIVE_INFINITY : toMs(exp, "exp");
  if (expiresAt <= now() || (nbf !== undefined && toMs(nbf, "nbf") > now() + leewayMs)) return undefined;
  if (audiences !== undefined && ![aud].flat().some((one) => typeof one === "string" && audiences.includes(one)))
    return undefined;
  const principal = readClaim(answer, options.principal);
  if (typeof principal !== "string" || principal === "" || principal.length > maxPrincipal)
    throw new Error(`the answer has no ${options.principal}, which is to name the caller`);
  return {
    principal: `${introspectionName}:${principal}`,
    expiresAt,
    claims: answer,
    scopes: toWords(readClaim(answer, options.scopes)),
    roles: toWords(readClaim(answer, options.roles)),
  };
}

function toMs(seconds: unknown, name: string): number {
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || Math.abs(seconds) > 1e12)
    throw new Error(`the answer has an ${name} that is no time`);
  return seconds * 1000;
}
