// The newest status of a watched service: what a slow client has not seen of older ones is of no interest.
import type { GatewayError } from "../status.ts";
import type { Status } from "./health-wire.ts";

export class StatusFeed {
  #status: Status | undefined;
  #told: Status | undefined;
  #error: GatewayError | undefined;
  #wake: (() => void) | undefined;

  /** The newest status; undefined before the first. */
  get status(): Status | undefined {
    return this.#status;
  }

  /** Nothing changes any more after `fail`. */
  set(status: Status): void {
    if (this.#error !== undefined) return;
    this.#status = status;
    this.#wake?.();
  }

  /** Ends it, once the newest status has been told. */
  fail(error: GatewayError): void {
    this.#error ??= error;
    this.#wake?.();
  }

  /** The next status that differs from the one before. */
  async next(): Promise<Status> {
    for (;;) {
      if (this.#status !== undefined && this.#status !== this.#told) return (this.#told = this.#status);
      if (this.#error !== undefined) throw this.#error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
