// What was read from the socket and not yet understood: usually the chunk as it came, a buffer of its own only when a request is split.

const empty = Buffer.alloc(0);
const smallestOwn = 1024;

/**
 * Bytes from `at` to `end` of `bytes` are unread. Slices of `bytes` stay as they are for good: what is appended goes behind
 * `end`, or everything unread moves to a new buffer twice the size, so that many small chunks cost no more than a few large ones.
 */
export class Input {
  bytes: Buffer = empty;
  at = 0;
  end = 0;
  #isOwn = false;

  get length(): number {
    return this.end - this.at;
  }

  append(chunk: Buffer): void {
    const unread = this.end - this.at;
    if (unread === 0) {
      this.bytes = chunk;
      this.at = 0;
      this.end = chunk.length;
      this.#isOwn = false;
      return;
    }
    const needed = unread + chunk.length;
    if (!this.#isOwn || this.end + chunk.length > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(smallestOwn, needed * 2));
      this.bytes.copy(grown, 0, this.at, this.end);
      this.bytes = grown;
      this.at = 0;
      this.end = unread;
      this.#isOwn = true;
    }
    chunk.copy(this.bytes, this.end);
    this.end += chunk.length;
  }

  /** The next `length` bytes, read. They belong to the caller. */
  take(length: number): Buffer {
    const from = this.at;
    this.at += length;
    return from === 0 && length === this.bytes.length ? this.bytes : this.bytes.subarray(from, this.at);
  }

  /** Forgets everything; also frees the memory of what was read. */
  clear(): void {
    this.bytes = empty;
    this.at = 0;
    this.end = 0;
    this.#isOwn = false;
  }
}
