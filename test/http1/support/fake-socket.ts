// A socket without a network: what a test gives it comes in at once, what is written can be read back.
import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";

export class FakeSocket extends EventEmitter {
  readonly chunks: Buffer[] = [];
  /** Calls of `write` that reached the other side: those while corked count as one. */
  writes = 0;
  isPaused = false;
  isEnded = false;
  destroyed = false;
  /** Bytes the other side has not taken; set it to hold answers back. */
  writableLength = 0;
  bytesWritten = 0;
  #corks = 0;
  #hasCorked = false;

  /** As the engine wants it. */
  get duplex(): Duplex {
    return this as unknown as Duplex;
  }

  get writable(): boolean {
    return !this.isEnded && !this.destroyed;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString("latin1");
  }

  give(...chunks: (string | Uint8Array)[]): void {
    for (const chunk of chunks) {
      if (this.destroyed) return;
      // A buffer of its own each time: what the engine keeps must not change under it.
      this.emit("data", typeof chunk === "string" ? Buffer.from(chunk, "latin1") : Buffer.from(chunk));
    }
  }

  write(data: string | Uint8Array, encoding?: BufferEncoding): boolean {
    this.chunks.push(typeof data === "string" ? Buffer.from(data, encoding) : Buffer.from(data));
    this.bytesWritten += data.length;
    if (this.#corks === 0) this.writes++;
    else this.#hasCorked = true;
    return this.writableLength === 0;
  }

  cork(): void {
    this.#corks++;
  }

  uncork(): void {
    if (this.#corks > 0 && --this.#corks === 0 && this.#hasCorked) {
      this.#hasCorked = false;
      this.writes++;
    }
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.isEnded = true;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("close");
  }
}
