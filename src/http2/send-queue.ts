// Body bytes of one stream that could not be framed at once, and what ends them.

export class SendQueue {
  readonly #chunks: Uint8Array[] = [];
  /** Chunks before this one are sent. */
  #first = 0;
  /** Bytes of the first chunk that are sent. */
  #offset = 0;
  bytes = 0;

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
  }

  /** Hands at most `most` bytes of the first chunk to `write`. */
  take(most: number, write: (chunk: Uint8Array, start: number, end: number) => void): void {
    const chunk = this.#chunks[this.#first];
    const start = this.#offset;
    const end = Math.min(chunk.length, start + most);
    this.bytes -= end - start;
    this.#offset = end;
    if (end === chunk.length) this.#next();
    write(chunk, start, end);
  }

  #next(): void {
    this.#offset = 0;
    this.#first++;
    if (this.#first < this.#chunks.length && this.#first < 64) return;
    this.#chunks.splice(0, this.#first);
    this.#first = 0;
  }
}
