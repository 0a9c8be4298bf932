// Who was revoked just now: an answer that was asked for before that is an old one.

interface Revocation {
  readonly principal: string;
  readonly at: number;
}

export class Revocations {
  readonly #keepMs: number;
  /** The oldest first. */
  readonly #latest: Revocation[] = [];

  /** `keepMs`: how long an answer can take. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  add(principal: string): void {
    const at = performance.now();
    const kept = this.#latest.findIndex((revocation) => at - revocation.at < this.#keepMs);
    this.#latest.splice(0, kept < 0 ? this.#latest.length : kept);
    this.#latest.push({ principal, at });
  }

  /** Whether it happened to this one at or after `since`, in `performance.now()` milliseconds. */
  has(principal: string, since: number): boolean {
    return this.#latest.some((revocation) => revocation.principal === principal && revocation.at >= since);
  }
}
