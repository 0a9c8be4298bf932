// The writing side of a connection: what is written in one turn of a streamed answer, or for several pipelined requests, goes out as one.
import type { Duplex } from "node:stream";

export class Output {
  readonly #socket: Duplex;
  #isHeld = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Nothing is sent before the end of this turn. */
  hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#socket.cork();
    process.nextTick(this.#release);
  }

  readonly #release = (): void => {
    this.#isHeld = false;
    this.#socket.uncork();
  };

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  /** Text is Latin-1. */
  write(data: string | Uint8Array): boolean {
    const { writable } = this.#socket;
    if (!writable) return true;
    return typeof data === "string" ? this.#socket.write(data, "latin1") : this.#socket.write(data);
  }
}
