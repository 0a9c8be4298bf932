// What the overflow policies of all streams keep back for slow clients together: each is bounded by itself, and so is their sum.

/** Of one gateway, with what messages take beside their bytes. */
const maxPooledBytes = 64 * 1024 * 1024;
/** An object and its memory: many small messages are more than the bytes in them. */
const bytesBeside = 256;

export class BacklogPool {
  readonly #most: number;
  #bytes = 0;

  constructor(most = maxPooledBytes) {
    this.#most = most;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whoever keeps more than it has to is to keep less. */
  get isFull(): boolean {
    return this.#bytes > this.#most;
  }

  keep(message: Uint8Array): void {
    this.#bytes += message.length + bytesBeside;
  }

  letGo(message: Uint8Array): void {
    this.#bytes -= message.length + bytesBeside;
  }
}
