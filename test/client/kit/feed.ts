// Messages of a call, given one by one as a transcript sends them.
export class Feed {
  readonly #waiting: ((step: IteratorResult<unknown>) => void)[] = [];
  readonly #steps: IteratorResult<unknown>[] = [];

  give(step: IteratorResult<unknown>): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#steps.push(step);
    else waiter(step);
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return {
      next: () => {
        const step = this.#steps.shift();
        return step === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(step);
      },
    };
  }
}
