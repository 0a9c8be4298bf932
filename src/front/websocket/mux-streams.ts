// The open streams of a socket. No Map: what much comes to and goes from keeps what it leaves behind (see http2/stream-table.ts).
import type { Identity } from "../../caller.ts";
import type { MuxStream } from "./mux-stream.ts";

/** In the order of their ids, which is that of their opening. */
export class MuxStreams {
  #streams: MuxStream[] = [];
  /** The greatest id that was ever used. */
  lastId = 0;

  get size(): number {
    return this.#streams.length;
  }

  get(id: number): MuxStream | undefined {
    const stream = this.#streams[this.#indexOf(id)];
    return stream?.id === id ? stream : undefined;
  }

  /** Its id must be greater than all there are. */
  add(stream: MuxStream): void {
    this.#streams.push(stream);
  }

  /** Nothing, when it is not there. */
  delete(stream: MuxStream): void {
    const index = this.#indexOf(stream.id);
    if (this.#streams[index] === stream) this.#streams.splice(index, 1);
  }

  /** New credentials of the same principal have come. */
  renew(identity: Identity): void {
    for (const stream of this.#streams) stream.renew(identity);
  }

  /** All of them, and none are left. */
  takeAll(): readonly MuxStream[] {
    const streams = this.#streams;
    this.#streams = [];
    return streams;
  }

  /** Where the id is, or would be. */
  #indexOf(id: number): number {
    let low = 0;
    let high = this.#streams.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#streams[middle].id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
