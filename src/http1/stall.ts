// Tells whether a peer has stopped to take what is written to it, from the socket's own counts.
import type { Duplex } from "node:stream";

export class StallWatch {
  readonly #socket: Duplex & { readonly bytesWritten?: number };
  #taken = 0;
  #since = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** True when something waits to be taken, and nothing was for so long. */
  isStalled(now: number, stallMs: number): boolean {
    const { writableLength, bytesWritten = 0 } = this.#socket;
    if (writableLength === 0) {
      this.#since = 0;
      return false;
    }
    const taken = bytesWritten - writableLength;
    if (this.#since === 0 || taken !== this.#taken) {
      this.#taken = taken;
      this.#since = now;
      return false;
    }
    return now - this.#since >= stallMs;
  }
}
