// How much of something a peer may do in a time: a bucket that refills evenly.

export class Budget {
  readonly #most: number;
  readonly #perMs: number;
  #left: number;
  #filledAt: number;

  constructor(most: number, windowMs: number, now: number) {
    this.#most = most;
    this.#perMs = most / windowMs;
    this.#left = most;
    this.#filledAt = now;
  }

  /** False where there is none left. The clock is looked at only then: `now` is called when the bucket looks empty. */
  spend(now: () => number): boolean {
    if (this.#left < 1) {
      const time = now();
      this.#left = Math.min(this.#most, this.#left + (time - this.#filledAt) * this.#perMs);
      this.#filledAt = time;
      if (this.#left < 1) return false;
    }
    this.#left--;
    return true;
  }

  earn(amount: number): void {
    this.#left = Math.min(this.#most, this.#left + amount);
  }
}
