// What was said of tokens, for a while: as many as there is room for, by their hashes.
import type { Identity } from "../../caller.ts";

export interface TokenAnswer {
  /** Undefined: the token does not hold. */
  readonly identity: Identity | undefined;
  /** In the milliseconds of the clock that `get` is given. */
  readonly until: number;
  /** What it takes to keep, about. */
  readonly bytes: number;
}

export interface TokenAnswersLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export class TokenAnswers {
  /** The oldest first. */
  readonly #answers = new Map<string, TokenAnswer>();
  readonly #limits: TokenAnswersLimits;
  #bytes = 0;

  constructor(limits: TokenAnswersLimits) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string, now: number): TokenAnswer | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined || answer.until > now) return answer;
    this.delete(key);
    return undefined;
  }

  set(key: string, answer: TokenAnswer): void {
    this.delete(key);
    const { maxEntries, maxBytes } = this.#limits;
    if (answer.bytes > maxBytes) return;
    while (this.#answers.size >= maxEntries || this.#bytes + answer.bytes > maxBytes)
      this.delete(this.#answers.keys().next().value as string);
    this.#answers.set(key, answer);
    this.#bytes += answer.bytes;
  }

  delete(key: string): void {
    const answer = this.#answers.get(key);
    if (answer === undefined) return;
    this.#answers.delete(key);
    this.#bytes -= answer.bytes;
  }

  revoke(principal: string): void {
    for (const [key, { identity }] of this.#answers) if (identity?.principal === principal) this.delete(key);
  }
}
