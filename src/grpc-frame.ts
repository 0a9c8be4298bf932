// gRPC's Length-Prefixed-Message: a byte that says whether it is compressed, four of length, the message. Both directions, both hops.
import { Code, GatewayError } from "./status.ts";

/** gRPC over HTTP/2, "Length-Prefixed-Message". */
export const framePrefixBytes = 5;
/** Larger messages are sent beside their prefix, not copied behind it. */
const largestCopied = 1024;
/** A message that comes in parts gets this much memory at first, and then grows with what has arrived. */
const firstRoom = 16_384;
/** Memory for a message is never more than this many times what has arrived of it. */
const roomFactor = 8;

/** Takes the messages of a `FrameReader`. */
export interface MessageSink {
  /** The message is a view into the chunk it came in, unless several chunks had to be put together. */
  onMessage(message: Uint8Array, isCompressed: boolean): void;
}

/**
 * Cuts what arrives into messages. What it throws is a GatewayError, and nothing may be read after it: RESOURCE_EXHAUSTED
 * (MESSAGE_TOO_LARGE) as soon as a prefix announces too much, INTERNAL (MESSAGE_FRAME_INVALID) for a prefix that is none.
 */
export class FrameReader {
  readonly #sink: MessageSink;
  readonly #maxMessageBytes: number;
  /** Prefix bytes seen of a message under way; 5 when it is known. */
  #prefixBytes = 0;
  #flag = 0;
  #length = 0;
  #room: Buffer | undefined;
  #filled = 0;

  constructor(sink: MessageSink, maxMessageBytes: number) {
    this.#sink = sink;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Nothing of a further message has arrived: the stream may end here. */
  get isBetweenMessages(): boolean {
    return this.#prefixBytes === 0;
  }

  /** The chunk belongs to the reader: messages are views into it. */
  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#prefixBytes === 0 ? this.#readWhole(chunk, at) : at;
      if (at < chunk.length) at = this.#readPart(chunk, at);
    }
  }

  /** As many messages as lie in the chunk in one piece. Answers where they end. */
  #readWhole(chunk: Buffer, start: number): number {
    let at = start;
    while (at + framePrefixBytes <= chunk.length) {
      const flag = chunk[at];
      const length = readLength(chunk, at + 1);
      this.#check(flag, length);
      const from = at + framePrefixBytes;
      if (from + length > chunk.length) return at;
      at = from + length;
      this.#sink.onMessage(chunk.subarray(from, at), flag === 1);
    }
    return at;
  }

  /** One more part of a message that lies in several chunks. Answers where it ends. */
  #readPart(chunk: Buffer, start: number): number {
    let at = start;
    while (this.#prefixBytes < framePrefixBytes) {
      if (at === chunk.length) return at;
      const byte = chunk[at++];
      if (this.#prefixBytes++ === 0) this.#flag = byte;
      else this.#length = ((this.#length << 8) | byte) >>> 0;
      if (this.#prefixBytes === framePrefixBytes) this.#check(this.#flag, this.#length);
    }
    const end = Math.min(chunk.length, at + this.#length - this.#filled);
    if (this.#room === undefined && end - at === this.#length) {
      this.#finish(chunk.subarray(at, end));
      return end;
    }
    if (end === at) return at;
    const room = this.#grow(end - at);
    this.#filled += chunk.copy(room, this.#filled, at, end);
    if (this.#filled === this.#length) this.#finish(room);
    return end;
  }

  /** Room for `more` bytes; never much more than has arrived, whatever the prefix announces. */
  #grow(more: number): Buffer {
    const before = this.#room;
    const needed = this.#filled + more;
    if (before !== undefined && before.length >= needed) return before;
    const room = Buffer.allocUnsafe(Math.min(this.#length, Math.max(firstRoom, needed * roomFactor)));
    before?.copy(room, 0, 0, this.#filled);
    this.#room = room;
    return room;
  }

  #finish(message: Buffer): void {
    const isCompressed = this.#flag === 1;
    this.#prefixBytes = 0;
    this.#length = 0;
    this.#filled = 0;
    this.#room = undefined;
    this.#sink.onMessage(message, isCompressed);
  }

  #check(flag: number, length: number): void {
    if (flag > 1) {
      throw new GatewayError(Code.INTERNAL, `a gRPC message begins with the byte ${flag} instead of 0 or 1`, {
        reason: "MESSAGE_FRAME_INVALID",
      });
    }
    if (length <= this.#maxMessageBytes) return;
    throw new GatewayError(
      Code.RESOURCE_EXHAUSTED,
      `the message has ${length} bytes, more than the ${this.#maxMessageBytes} allowed`,
      { reason: "MESSAGE_TOO_LARGE" },
    );
  }
}

/** Where frames go: a stream of HTTP/2, for one. */
export interface FrameTarget {
  sendData(bytes: Uint8Array, endStream: boolean): boolean;
}

/** Sends a message with its prefix. Answers what `sendData` did: false asks to wait. A large message must not change afterwards. */
export function writeFrame(
  target: FrameTarget,
  message: Uint8Array,
  isCompressed: boolean,
  endStream: boolean,
): boolean {
  if (message.length <= largestCopied) return target.sendData(joinFrame(message, isCompressed), endStream);
  target.sendData(framePrefix(message.length, isCompressed), false);
  return target.sendData(message, endStream);
}

/** Prefix and message in one new buffer. */
export function joinFrame(message: Uint8Array, isCompressed: boolean): Buffer {
  const { length } = message;
  const frame = Buffer.allocUnsafe(framePrefixBytes + length);
  writePrefix(frame, length, isCompressed);
  frame.set(message, framePrefixBytes);
  return frame;
}

export function framePrefix(length: number, isCompressed: boolean): Buffer {
  const prefix = Buffer.allocUnsafe(framePrefixBytes);
  writePrefix(prefix, length, isCompressed);
  return prefix;
}

function writePrefix(out: Buffer, length: number, isCompressed: boolean): void {
  out[0] = isCompressed ? 1 : 0;
  out[1] = length >>> 24;
  out[2] = length >>> 16;
  out[3] = length >>> 8;
  out[4] = length;
}

function readLength(bytes: Buffer, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}
