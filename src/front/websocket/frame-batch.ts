// The frames of one turn on their way to the socket: encoded when they come (RFC 6455 section 5.2), one behind the other, written as one.
import type { Duplex } from "node:stream";

/** FIN and the opcode. */
export const textFrame = 0x81;
export const binaryFrame = 0x82;

/** Payloads up to this size are copied behind their header; a copy costs less than a second buffer on the way. */
const longestCopied = 16 * 1024;
/** Room for frames is taken in blocks of this size at most. */
const largestBlock = 64 * 1024;
const smallestBlock = 256;
/** RFC 6455 section 5.2: two bytes, and eight of length. */
const longestHeader = 10;

const none: Buffer[] = [];
const noBlock = Buffer.alloc(0);

export class FrameBatch {
  /** Bytes waiting to be written. */
  bytes = 0;
  /** Filled, in order; `#block` with its first `#used` bytes follows. An idle socket keeps neither. */
  #parts = none;
  #block = noBlock;
  #used = 0;
  /** Bytes of the last turn: this one will need about as many. */
  #expected = 0;

  /** The payload must not change until it is written. */
  push(kind: number, payload: Uint8Array): void {
    const { length } = payload;
    const isCopied = length <= longestCopied;
    const needed = longestHeader + (isCopied ? length : 0);
    if (this.#block.length - this.#used < needed) this.#openBlock(needed);
    const from = this.#used;
    const at = this.#writeHeader(kind, length);
    this.bytes += at - from + length;
    this.#used = at;
    if (isCopied) {
      this.#block.set(payload, at);
      this.#used = at + length;
      return;
    }
    this.#closeBlock();
    this.#parts.push(Buffer.from(payload.buffer, payload.byteOffset, length));
  }

  /** Answers where the payload begins. */
  #writeHeader(kind: number, length: number): number {
    const block = this.#block;
    const at = this.#used;
    block[at] = kind;
    if (length < 126) {
      block[at + 1] = length;
      return at + 2;
    }
    if (length < 65_536) {
      block[at + 1] = 126;
      block[at + 2] = length >>> 8;
      block[at + 3] = length;
      return at + 4;
    }
    block[at + 1] = 127;
    block.writeUInt32BE(Math.floor(length / 0x1_0000_0000), at + 2);
    block.writeUInt32BE(length >>> 0, at + 6);
    return at + longestHeader;
  }

  /** Each block of a turn is at least twice as large as the one before: one frame takes little room, a flood of them few blocks. */
  #openBlock(needed: number): void {
    const wanted = Math.max(smallestBlock, this.#block.length * 2, this.#expected - this.bytes);
    const size = Math.max(needed, Math.min(largestBlock, wanted));
    this.#closeBlock();
    this.#block = Buffer.allocUnsafe(size);
  }

  #closeBlock(): void {
    const block = this.#block;
    const used = this.#used;
    if (this.#parts === none) this.#parts = [];
    // A client that is slow makes it wait: not with room that was not needed.
    if (used > 0)
      this.#parts.push(used * 2 < block.length ? Buffer.from(block.subarray(0, used)) : block.subarray(0, used));
    this.#block = noBlock;
    this.#used = 0;
  }

  /** `onWritten` is called when all of it has left the process. */
  writeTo(socket: Duplex, onWritten: () => void): void {
    const { bytes } = this;
    if (bytes === 0) return;
    this.#closeBlock();
    const parts = this.#parts;
    this.clear();
    this.#expected = bytes;
    if (!socket.writable) return;
    if (parts.length === 1) socket.write(parts[0], onWritten);
    else if (bytes <= largestBlock) socket.write(Buffer.concat(parts, bytes), onWritten);
    else {
      socket.cork();
      const last = parts.length - 1;
      for (let i = 0; i < last; i++) socket.write(parts[i]);
      socket.write(parts[last], onWritten);
      socket.uncork();
    }
  }

  clear(): void {
    this.#parts = none;
    this.#block = noBlock;
    this.#used = 0;
    this.bytes = 0;
  }
}
