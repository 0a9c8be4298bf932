// Principals that were revoked: their tokens from before then are good no more, however long they say they are.

/** More than this, and the first ones are forgotten: this is no list of the blocked, which the issuer has. */
const maxPrincipals = 10_000;

export class RevokedTokens {
  /** In Unix milliseconds; the earliest first. */
  readonly #revokedAt = new Map<string, number>();

  add(principal: string, now: number): void {
    this.#revokedAt.delete(principal);
    this.#revokedAt.set(principal, now);
    if (this.#revokedAt.size <= maxPrincipals) return;
    for (const first of this.#revokedAt.keys()) {
      this.#revokedAt.delete(first);
      return;
    }
  }

  /** `iat` as the token has it: one that does not say when it was made may be an old one. */
  covers(principal: string, iat: unknown): boolean {
    const revokedAt = this.#revokedAt.get(principal);
    return revokedAt !== undefined && !(typeof iat === "number" && iat * 1000 > revokedAt);
  }
}
