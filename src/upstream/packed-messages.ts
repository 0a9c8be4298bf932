// Messages that wait longer than a turn, one behind the other in memory of their own: what is received are views into whatever
// came with them, and a view of a small message takes more room than the message.

/** A message that is decompressed when it is read: few bytes may become many. */
export interface Compressed {
  readonly compressed: Uint8Array;
}

export type QueuedMessage = Uint8Array | Compressed;

/** As in gRPC's own frames: a byte that says whether it is compressed, four of length, the message. */
const prefixBytes = 5;

export class PackedMessages {
  readonly #blocks: Buffer[] = [];
  /** In the first block, where the next message begins. */
  #at = 0;

  /** Behind those that are there. */
  add(messages: readonly QueuedMessage[]): void {
    if (messages.length === 0) return;
    let size = 0;
    for (const message of messages) size += prefixBytes + bytesOf(message).length;
    const block = Buffer.allocUnsafeSlow(size);
    let at = 0;
    for (const message of messages) {
      const bytes = bytesOf(message);
      block[at] = bytes === message ? 0 : 1;
      block.writeUInt32BE(bytes.length, at + 1);
      block.set(bytes, at + prefixBytes);
      at += prefixBytes + bytes.length;
    }
    this.#blocks.push(block);
  }

  /** The oldest, a view into its block. */
  take(): QueuedMessage | undefined {
    const block = this.#blocks[0];
    if (block === undefined) return undefined;
    const from = this.#at + prefixBytes;
    const to = from + block.readUInt32BE(this.#at + 1);
    const bytes = block.subarray(from, to);
    const isCompressed = block[this.#at] === 1;
    this.#at = to;
    if (to === block.length) {
      this.#blocks.shift();
      this.#at = 0;
    }
    return isCompressed ? { compressed: bytes } : bytes;
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#at = 0;
  }
}

export function bytesOf(message: QueuedMessage): Uint8Array {
  return message instanceof Uint8Array ? message : message.compressed;
}
