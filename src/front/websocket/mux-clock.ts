// What time does to a multiplexed socket: the first frame that does not come, silence, age, credentials that end, a drain that takes too long.

export interface MuxTimes {
  readonly initMs: number;
  readonly idleMs: number;
  readonly lifetimeMs: number;
}

export type MuxEvent =
  | "init-missing"
  | "idle"
  | "lifetime-soon"
  | "lifetime-over"
  | "auth-soon"
  | "auth-over"
  | "drain-over";

/** Before the end of lifetime or credentials. */
const warningMs = 60_000;
/** After the end of credentials, for a client that is slow to bring new ones. */
const graceMs = 30_000;

/** Times are `performance.now()` milliseconds, but for `authExpiresAt`. */
export class MuxClock {
  readonly #idleMs: number;
  #initBy: number;
  readonly endsAt: number;
  /** Unix time in milliseconds; Infinity for no end. */
  authExpiresAt = Infinity;
  isReady = false;
  #authEndsAt = Infinity;
  #drainedBy = Infinity;
  #lastAt: number;
  #isEndTold = false;
  #isAuthEndTold = false;

  constructor({ initMs, idleMs, lifetimeMs }: MuxTimes, now: number) {
    this.#idleMs = idleMs;
    this.#initBy = now + initMs;
    // Give or take a tenth: what connected together must not leave together.
    this.endsAt = now + lifetimeMs * (0.9 + 0.2 * Math.random());
    this.#lastAt = now;
  }

  /** A frame came, or a stream ended. */
  touch(now: number): void {
    this.#lastAt = now;
  }

  initCame(): void {
    this.#initBy = Infinity;
  }

  /** New credentials; `expiresAt` in Unix time. */
  authenticated(expiresAt: number | undefined): void {
    this.authExpiresAt = expiresAt ?? Infinity;
    this.#authEndsAt = performance.now() + this.authExpiresAt - Date.now();
    this.#isAuthEndTold = false;
  }

  /** Open streams have so long; the sooner of two counts. */
  drain(now: number, ms: number): void {
    this.#drainedBy = Math.min(this.#drainedBy, now + ms);
  }

  /** The one thing to be done next, if anything. */
  next(now: number, isIdle: boolean): MuxEvent | undefined {
    if (!this.isReady) return now >= this.#initBy ? "init-missing" : undefined;
    if (now >= this.#drainedBy) return "drain-over";
    if (now >= this.#authEndsAt + graceMs) return "auth-over";
    if (now >= this.#authEndsAt - warningMs && !this.#isAuthEndTold) {
      this.#isAuthEndTold = true;
      return "auth-soon";
    }
    return this.#drainedBy === Infinity ? this.#nextOfUndrained(now, isIdle) : undefined;
  }

  #nextOfUndrained(now: number, isIdle: boolean): MuxEvent | undefined {
    if (now >= this.endsAt) return "lifetime-over";
    if (now >= this.endsAt - warningMs && !this.#isEndTold) {
      this.#isEndTold = true;
      return "lifetime-soon";
    }
    return isIdle && now - this.#lastAt >= this.#idleMs ? "idle" : undefined;
  }
}
