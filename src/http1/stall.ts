// Tells whether a peer has stopped to take what is written to it, from the socket's own counts.
import type { Duplex } from "node:stream";
import { takenBytes } from "../taken-bytes.ts";

/** Fewer than this in the time are no progress, as over HTTP/2. */
const progressBytes = 1024;

export class StallWatch {
  readonly #socket: Duplex;
  #taken = 0;
  #since = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** True when something waits to be taken, and next to nothing was for so long. */
  isStalled(now: number, stallMs: number): boolean {
    const socket = this.#socket;
    if (socket.writableLength === 0) {
      this.#since = 0;
      return false;
    }
    const taken = takenBytes(socket);
    if (this.#since === 0 || taken - this.#taken >= progressBytes) {
      this.#taken = taken;
      this.#since = now;
      return false;
    }
    return now - this.#since >= stallMs;
  }
}
