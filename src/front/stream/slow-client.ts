// When a client counts as slow: for having made no room in a time, never for what its backend sends in one turn of the event loop.
import type { Sweep, Swept } from "./sweep.ts";

/** A client that had no room for so long, while a message waits for it, does not take its messages as fast as they come. */
export const slowAfterMs = 5000;

/** Calls back when a wait for room has been too long; one for each stream whose method does not wait for slow clients. */
export class RoomClock implements Swept {
  sweepIndex = -1;
  readonly #sweep: Sweep;
  #since = 0;
  #onSlow: (() => void) | undefined;

  constructor(sweep: Sweep) {
    this.#sweep = sweep;
  }

  start(onSlow: () => void): void {
    this.#since = performance.now();
    this.#onSlow = onSlow;
    this.#sweep.add(this);
  }

  /** Idempotent. */
  stop(): void {
    this.#onSlow = undefined;
    this.#sweep.delete(this);
  }

  check(now: number): void {
    if (now - this.#since < slowAfterMs) return;
    this.#sweep.delete(this);
    const onSlow = this.#onSlow;
    // Where it is the gateway that was busy for so long, the client has its turn first; another wait may have begun in it.
    void turnOfTheLoop().then(() => {
      if (this.#onSlow === onSlow) onSlow?.();
    });
  }
}

/** Resolves when the sockets that can be written and read have been. */
export function turnOfTheLoop(): Promise<void> {
  // The first comes before they are looked at again, when it is asked for by one of them.
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
