// What ends a call early, wherever it is just then.
import type { GatewayError } from "./status.ts";

/**
 * Ends a call early: the client went away, the deadline passed. Lighter than AbortController, which costs several
 * microseconds per request in Node 20.
 */
export class Cancellation {
  /** Of the call that this is a part of, an attempt say; it ends with that. */
  readonly whole: Cancellation | undefined;
  #error: GatewayError | undefined;
  /** Most have one: a list would cost more memory than all else here. */
  #listener: ((error: GatewayError) => void) | undefined = undefined;
  #listeners: ((error: GatewayError) => void)[] | undefined = undefined;

  constructor(whole?: Cancellation) {
    this.whole = whole;
    whole?.onCancel((error) => this.cancel(error));
  }

  get error(): GatewayError | undefined {
    return this.#error;
  }

  /** Idempotent: the first error wins. */
  cancel(error: GatewayError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    const first = this.#listener;
    const others = this.#listeners;
    this.#listener = undefined;
    this.#listeners = undefined;
    first?.(error);
    if (others !== undefined) for (const listener of others) listener(error);
  }

  /** Calls back at once when already cancelled. A listener must not throw. */
  onCancel(listener: (error: GatewayError) => void): void {
    if (this.#error !== undefined) listener(this.#error);
    else if (this.#listener === undefined) this.#listener = listener;
    else (this.#listeners ??= []).push(listener);
  }
}
