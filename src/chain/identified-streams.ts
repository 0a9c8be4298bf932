// Open streams whose callers are known: each ends when its caller's credentials have ended, or are revoked.
import { toEndOf } from "../caller.ts";
import type { Call } from "../call.ts";
import type { Identity } from "../caller.ts";
import type { Cancellation } from "../cancellation.ts";
import { Code, GatewayError } from "../status.ts";

/** Looked at now and then; `sweepIndex` belongs to the timer, -1 at first. */
export interface Timed {
  sweepIndex: number;
  /** `now` as of `performance.now()`. */
  check(now: number): void;
}

/** One for all; idempotent both ways. */
export interface Timer {
  add(timed: Timed): void;
  delete(timed: Timed): void;
}

/** An array whose gaps the last one fills: a Set that much comes to and goes from keeps what it leaves behind. */
export class IdentifiedStreams {
  readonly #streams: IdentifiedStream[] = [];
  readonly #timer: Timer;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  get size(): number {
    return this.#streams.length;
  }

  /** Until the call ends. */
  watch(identity: Identity, call: Call): void {
    const stream = new IdentifiedStream(identity, call.cancellation, this.#streams.length);
    this.#streams.push(stream);
    if (identity.expiresAt !== Infinity) this.#timer.add(stream);
    const forget = (): void => this.#forget(stream);
    call.cancellation.onCancel(forget);
    call.onEnd(forget);
  }

  /** Idempotent. */
  #forget(stream: IdentifiedStream): void {
    const { index } = stream;
    if (index === -1) return;
    stream.index = -1;
    this.#timer.delete(stream);
    const last = this.#streams.pop() as IdentifiedStream;
    if (last === stream) return;
    this.#streams[index] = last;
    last.index = index;
  }

  /** How many were ended: one look at each open stream. */
  revoke(principal: string, error: GatewayError): number {
    const own = this.#streams.filter((stream) => stream.principal === principal);
    for (const stream of own) stream.end(error);
    return own.length;
  }
}

class IdentifiedStream implements Timed {
  sweepIndex = -1;
  /** In the list; -1 once it is forgotten. */
  index: number;
  readonly principal: string;
  readonly #endsAt: number;
  readonly #cancellation: Cancellation;

  constructor(identity: Identity, cancellation: Cancellation, index: number) {
    this.principal = identity.principal;
    this.#endsAt = toEndOf(identity);
    this.#cancellation = cancellation;
    this.index = index;
  }

  check(now: number): void {
    if (now >= this.#endsAt) this.end(credentialsExpired());
  }

  end(error: GatewayError): void {
    this.#cancellation.cancel(error);
  }
}

function credentialsExpired(): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, "the credentials have ended; call again with new ones", {
    reason: "CREDENTIALS_EXPIRED",
  });
}
