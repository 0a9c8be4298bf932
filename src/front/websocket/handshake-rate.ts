// How many handshakes each client address may try in a second: refused ones cost little, accepted ones a socket.
import type { Slots } from "../../slots.ts";
import { Code, GatewayError } from "../../status.ts";

interface Recent {
  readonly address: string;
  readonly at: number;
}

/** Remembered of the last second; what comes beyond them only lets the oldest be forgotten a little earlier. */
const maxRecent = 65_536;
const secondMs = 1000;
/** They are not looked at more often than that. */
const stepMs = 50;

/** Each takes a slot of its address, for a second. */
export class HandshakeRate {
  readonly #perSecond: number;
  readonly #slots: Slots;
  /** In the order they came. */
  readonly #recent: Recent[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(perSecond: number, slots: Slots) {
    this.#perSecond = perSecond;
    this.#slots = slots;
  }

  /** Counts one. Throws, or rejects with, GatewayError (429). */
  check(address: string): void | Promise<void> {
    const taken = this.#slots.take(address);
    return taken instanceof Promise
      ? taken.then((isTaken) => this.#settle(address, isTaken))
      : this.#settle(address, taken);
  }

  #settle(address: string, isTaken: boolean): void {
    if (!isTaken) throw tooMany(this.#perSecond);
    if (this.#recent.push({ address, at: performance.now() }) > maxRecent) this.#forget(maxRecent / 2);
    this.#timer ??= setTimeout(() => this.#look(), secondMs).unref();
  }

  #look(): void {
    const before = performance.now() - secondMs;
    const young = this.#recent.findIndex(({ at }) => at > before);
    this.#forget(young === -1 ? this.#recent.length : young);
    const [next] = this.#recent;
    this.#timer =
      next === undefined ? undefined : setTimeout(() => this.#look(), Math.max(stepMs, next.at - before)).unref();
  }

  #forget(count: number): void {
    for (const { address } of this.#recent.splice(0, count)) this.#slots.release(address);
  }
}

function tooMany(perSecond: number): GatewayError {
  const message = `more than ${perSecond} WebSocket handshakes in a second; try again in a second`;
  const headers = { "retry-after": "1" };
  return new GatewayError(Code.RESOURCE_EXHAUSTED, message, { reason: "HANDSHAKE_RATE", httpStatus: 429, headers });
}
