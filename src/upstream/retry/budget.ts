// What keeps attempts from multiplying when a backend fails: a target has so many tokens, a failure takes one, ten answers bring one back
// (gRFC A6, "Throttling Retry Attempts").

const maxTokens = 10;
const perAnswer = 0.1;
/** With no more than these left no call is made again. */
const threshold = maxTokens / 2;

export class RetryBudget {
  #tokens = maxTokens;

  get tokens(): number {
    return this.#tokens;
  }

  get isSpent(): boolean {
    return this.#tokens <= threshold;
  }

  /** The backend has answered. */
  earn(): void {
    // Ten times a tenth is less than one, otherwise.
    this.#tokens = Math.min(maxTokens, Math.round((this.#tokens + perAnswer) * 10) / 10);
  }

  /** It failed, in a way that calls are made again for. */
  spend(): void {
    this.#tokens = Math.max(0, this.#tokens - 1);
  }
}
