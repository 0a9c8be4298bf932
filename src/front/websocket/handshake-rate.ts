// How many handshakes each client address may try in a second: refused ones cost little, accepted ones a socket.
import { Code, GatewayError } from "../../status.ts";

/** Addresses remembered within a second; an attacker with more of them than that only resets the count. */
const maxAddresses = 16_384;

export class HandshakeRate {
  readonly #perSecond: number;
  readonly #counts = new Map<string, number>();
  #second = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Counts one. Throws GatewayError (429). */
  check(address: string, now: number): void {
    const second = Math.floor(now / 1000);
    if (second !== this.#second || this.#counts.size > maxAddresses) {
      this.#second = second;
      this.#counts.clear();
    }
    const count = (this.#counts.get(address) ?? 0) + 1;
    this.#counts.set(address, count);
    if (count <= this.#perSecond) return;
    const message = `more than ${this.#perSecond} WebSocket handshakes in a second; try again in a second`;
    const headers = { "retry-after": "1" };
    throw new GatewayError(Code.RESOURCE_EXHAUSTED, message, { reason: "HANDSHAKE_RATE", httpStatus: 429, headers });
  }
}
