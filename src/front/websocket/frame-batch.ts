// The frames of one turn on their way to the socket: encoded when they come (RFC 6455 section 5.2), written as one.
import type { Duplex } from "node:stream";

/** FIN and the opcode. */
export const textFrame = 0x81;
export const binaryFrame = 0x82;

/** Payloads up to this size are copied behind their header; a copy costs less than a second buffer on the way. */
const longestCopied = 16 * 1024;
/** Batches up to this size leave as one buffer. */
const longestJoined = 64 * 1024;

const none: Buffer[] = [];

export class FrameBatch {
  /** Bytes waiting to be written. */
  bytes = 0;
  #parts = none;

  /** The payload must not change until it is written. */
  push(kind: number, payload: Uint8Array): void {
    // Most of the time there is nothing: an idle socket keeps no array.
    if (this.#parts === none) this.#parts = [];
    const { length } = payload;
    const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    const isCopied = length <= longestCopied;
    const frame = Buffer.allocUnsafe(isCopied ? headerLength + length : headerLength);
    frame[0] = kind;
    if (headerLength === 2) frame[1] = length;
    else if (headerLength === 4) {
      frame[1] = 126;
      frame.writeUInt16BE(length, 2);
    } else {
      frame[1] = 127;
      frame.writeUInt32BE(Math.floor(length / 0x1_0000_0000), 2);
      frame.writeUInt32BE(length >>> 0, 6);
    }
    this.#parts.push(frame);
    this.bytes += headerLength + length;
    if (isCopied) frame.set(payload, headerLength);
    else this.#parts.push(Buffer.from(payload.buffer, payload.byteOffset, length));
  }

  /** `onWritten` is called when all of it has left the process. */
  writeTo(socket: Duplex, onWritten: () => void): void {
    const parts = this.#parts;
    if (parts.length === 0) return;
    const { bytes } = this;
    this.#parts = none;
    this.bytes = 0;
    if (!socket.writable) return;
    if (parts.length === 1) socket.write(parts[0], onWritten);
    else if (bytes <= longestJoined) socket.write(Buffer.concat(parts, bytes), onWritten);
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
    this.bytes = 0;
  }
}
