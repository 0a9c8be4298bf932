// How long a stream may live, and how long it may be silent: what a deadline is to a unary call.
import { toEndOf } from "../../caller.ts";
import type { Identity } from "../../caller.ts";
import { Code, GatewayError } from "../../status.ts";
import type { Sweep, Swept } from "./sweep.ts";

/** Infinity for no bound. */
export interface StreamTimes {
  /** Without a message either way. */
  readonly idleMs: number;
  /** Give or take a tenth, so that what began together does not end together. */
  readonly lifetimeMs: number;
}

export const endless: StreamTimes = Object.freeze({ idleMs: Infinity, lifetimeMs: Infinity });

/** The defaults of the configuration. */
export const defaultStreamTimes: StreamTimes = Object.freeze({ idleMs: 600_000, lifetimeMs: 7_200_000 });

export class StreamClock implements Swept {
  sweepIndex = -1;
  readonly #sweep: Sweep;
  readonly #idleMs: number;
  readonly #endsAt: number;
  readonly #authEndsAt: number;
  readonly #onExpire: (error: GatewayError) => void;
  #lastAt: number;

  /** `onExpire` is called at most once; it must not throw. With an `identity` the stream also ends when that does. */
  constructor(
    sweep: Sweep,
    { idleMs, lifetimeMs }: StreamTimes,
    onExpire: (error: GatewayError) => void,
    identity?: Identity,
  ) {
    const now = performance.now();
    this.#sweep = sweep;
    this.#idleMs = idleMs;
    this.#endsAt = now + lifetimeMs * (0.9 + 0.2 * Math.random());
    this.#authEndsAt = identity === undefined ? Infinity : toEndOf(identity);
    this.#onExpire = onExpire;
    this.#lastAt = now;
    if (idleMs !== Infinity || lifetimeMs !== Infinity || this.#authEndsAt !== Infinity) sweep.add(this);
  }

  /** In `performance.now()` milliseconds. */
  get endsAt(): number {
    return this.#endsAt;
  }

  /** A message passed, either way. */
  touch(): void {
    this.#lastAt = this.#sweep.now;
  }

  stop(): void {
    this.#sweep.delete(this);
  }

  check(now: number): void {
    const error = this.#errorAt(now);
    if (error !== undefined) this.expire(error);
  }

  expire(error: GatewayError): void {
    this.stop();
    this.#onExpire(error);
  }

  #errorAt(now: number): GatewayError | undefined {
    if (now >= this.#authEndsAt) return credentialsExpired();
    if (now >= this.#endsAt) return streamTooOld();
    return now - this.#lastAt >= this.#idleMs ? streamTooQuiet(this.#idleMs) : undefined;
  }
}

function credentialsExpired(): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, "the credentials have ended; come again with new ones", {
    reason: "CREDENTIALS_EXPIRED",
  });
}

/** UNAVAILABLE, as the client does well to come again. */
function streamTooOld(): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "the stream has lived as long as streams may here; open it again", {
    reason: "STREAM_LIFETIME",
  });
}

function streamTooQuiet(idleMs: number): GatewayError {
  const seconds = Math.round(idleMs / 1000);
  return new GatewayError(Code.UNAVAILABLE, `no message passed on this stream for ${seconds} s; open it again`, {
    reason: "STREAM_IDLE",
  });
}
