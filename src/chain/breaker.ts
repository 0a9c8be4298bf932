// Whether somebody who has not answered is asked again: after a few failures in a row not at all for a while, then once, to see.

const failuresToOpen = 3;
const [firstPauseMs, lastPauseMs] = [250, 10_000];

export class Breaker {
  readonly #now: () => number;
  #failures = 0;
  #pauseMs = firstPauseMs;
  #openUntil = 0;
  #isProbing = false;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get isOpen(): boolean {
    return this.#failures >= failuresToOpen;
  }

  /** Whoever gets a yes says how it went. */
  admits(): boolean {
    if (!this.isOpen) return true;
    if (this.#isProbing || this.#now() < this.#openUntil) return false;
    this.#isProbing = true;
    return true;
  }

  succeed(): void {
    this.#failures = 0;
    this.#isProbing = false;
    this.#pauseMs = firstPauseMs;
  }

  fail(): void {
    const wasProbing = this.#isProbing;
    this.#isProbing = false;
    this.#failures++;
    // Those that were asked before it opened fail late, and say nothing new.
    if (this.#failures !== failuresToOpen && !wasProbing) return;
    this.#openUntil = this.#now() + this.#pauseMs;
    this.#pauseMs = Math.min(lastPauseMs, this.#pauseMs * 2);
  }
}
