// How many handshakes each client address may try in a second: refused ones cost little, accepted ones a socket.
import type { Slots, SlotsOf } from "../../slots.ts";
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

  constructor(perSecond: number, slotsOf: SlotsOf) {
    this.#perSecond = perSecond;
    this.#slots = slotsOf("websocket.handshakes_per_second", perSecond);
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
    if (this.#timer === undefined) this.#wait(secondMs);
  }

  #look(): void {
    const before = performance.now() - secondMs;
    const young = this.#recent.findIndex(({ at }) => at > before);
    this.#forget(young === -1 ? this.#recent.length : young);
    const [next] = this.#recent;
    this.#timer = undefined;
    if (next !== undefined) this.#wait(Math.max(stepMs, next.at - before));
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), ms).unref();
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
