// The writing side of a connection: what is written in one turn of a streamed answer, or for several pipelined requests, goes out as one.
import type { Duplex } from "node:stream";

/**
 * What may wait for a client, as over HTTP/2: a socket says that it is full from 16 KiB on, which one turn's messages are before any of
 * them is sent, however fast the client reads.
 */
const roomBytes = 65_536;

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

  /** Text is Latin-1. False: wait for `drain`, which comes whenever the socket itself has said so. */
  write(data: string | Uint8Array): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    const hasRoom = typeof data === "string" ? socket.write(data, "latin1") : socket.write(data);
    return hasRoom || socket.writableLength < roomBytes;
  }
}
