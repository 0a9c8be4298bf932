// The messages of a call that wait for the application, and the application that waits for a message.
import type { ClientError } from "./error.ts";
import { Queue } from "./queue.ts";

type Step = IteratorResult<unknown, undefined>;

interface Waiter {
  readonly resolve: (step: Step) => void;
  readonly reject: (error: ClientError) => void;
}

const finalStep: Step = { done: true, value: undefined };

export class Inbox {
  readonly #queue = new Queue<unknown>();
  readonly #waiters = new Queue<Waiter>();
  readonly #onTaken: (isDry: boolean) => void;
  #isOver = false;
  #error: ClientError | undefined;

  /** `onTaken` after each message that the application has got, `isDry` when no further one waited. */
  constructor(onTaken: (isDry: boolean) => void) {
    this.#onTaken = onTaken;
  }

  get length(): number {
    return this.#queue.length;
  }

  push(message: unknown): void {
    if (this.#waiters.length === 0) {
      this.#queue.push(message);
      return;
    }
    this.#waiters.shift().resolve({ done: false, value: message });
    this.#onTaken(true);
  }

  next(): Promise<Step> {
    if (this.#queue.length > 0) {
      const value = this.#queue.shift();
      this.#onTaken(this.#queue.length === 0);
      return Promise.resolve({ done: false, value });
    }
    if (!this.#isOver) return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    const error = this.#error;
    this.#error = undefined;
    return error === undefined ? Promise.resolve(finalStep) : Promise.reject(error);
  }

  /** What waits is still delivered; then the error, once. */
  end(error: ClientError | undefined): void {
    this.#isOver = true;
    this.#error = error;
    while (this.#waiters.length > 0) {
      const { resolve, reject } = this.#waiters.shift();
      if (this.#error === undefined) resolve(finalStep);
      else reject(this.#error);
      this.#error = undefined;
    }
  }

  /** Takes back the last `count` messages; the number of those that were still there. */
  drop(count: number): void {
    this.#queue.drop(count);
  }
}
