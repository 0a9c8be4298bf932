// One timer for all streams and sockets: a timer of their own each would cost more than all they have to say.
import type { GatewayError } from "../../status.ts";

/** Something with clocks to look at; `sweepIndex` belongs to `Sweep`, -1 at first. */
export interface Swept {
  sweepIndex: number;
  /** `now` as of `performance.now()`. Must not throw; may add and delete. */
  check(now: number): void;
  /** The gateway is stopping, and patience is at its end: ends with this error. Absent: something else sees to it. */
  expire?(error: GatewayError): void;
}

const defaultIntervalMs = 1000;

/** An array whose gaps the last one fills, as a Set that much comes to and goes from keeps what it leaves behind (see http2/stream-table.ts). */
export class Sweep {
  readonly #swept: Swept[] = [];
  readonly #timer: NodeJS.Timeout;
  #now = performance.now();

  constructor(intervalMs = defaultIntervalMs) {
    this.#timer = setInterval(() => this.tick(performance.now()), intervalMs);
    this.#timer.unref();
  }

  /** The time of the last look: coarse, and free. */
  get now(): number {
    return this.#now;
  }

  get size(): number {
    return this.#swept.length;
  }

  /** Idempotent. */
  add(swept: Swept): void {
    if (swept.sweepIndex !== -1) return;
    swept.sweepIndex = this.#swept.length;
    this.#swept.push(swept);
  }

  /** Idempotent. */
  delete(swept: Swept): void {
    const at = swept.sweepIndex;
    if (at === -1) return;
    swept.sweepIndex = -1;
    const last = this.#swept.pop() as Swept;
    if (last === swept) return;
    this.#swept[at] = last;
    last.sweepIndex = at;
  }

  /** Looks at everything; the timer's doing, and that of tests. */
  tick(now: number): void {
    this.#now = now;
    // From the end: what fills the gap of one that leaves was looked at before. At worst one is looked at twice, none is left out.
    for (let i = this.#swept.length - 1; i >= 0; i--) this.#swept[i]?.check(now);
  }

  /** Ends everything that can be ended. */
  expire(error: GatewayError): void {
    for (const swept of this.#swept.slice()) swept.expire?.(error);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
