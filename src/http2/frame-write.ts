// Frames on their way out: everything of one turn of the event loop is put together here and goes to the socket in one write.
import type { Duplex } from "node:stream";
import type { CompiledHeaders } from "./hpack-encode.ts";
import { headersBound } from "./hpack-encode.ts";
import type { HeaderList } from "./decoded-block.ts";
import { Flag, FrameType, frameHeaderBytes } from "./protocol.ts";
import { RepeatedHeaders } from "./repeated-headers.ts";

const slabBytes = 65_536;
/** Shorter payloads are copied beside their frame header; longer ones go to the socket as they are. */
const copiedPayload = 4096;
/** A slab with less room than this is let go. */
const smallestRoom = 1024;
const keptSlabs = 16;

/** Memory that frames are written into, from `at` on; what lies before still belongs to writes under way. */
interface Slab {
  readonly bytes: Buffer;
  at: number;
}

/** Slabs with room left, shared by all connections: an idle connection holds none. */
const freeSlabs: Slab[] = [];

const tableSizeZero = 0x20;

/** What a HEADERS frame carries: kept bytes, then more fields. */
export interface OutgoingHead {
  readonly prefix: CompiledHeaders | undefined;
  readonly headers: HeaderList;
}

export class FrameWriter {
  readonly #socket: Duplex;
  #slab: Slab | undefined;
  /** Where the unsent part of the slab begins. */
  #start = 0;
  #segments: Buffer[] = [];
  /** Bytes in `#segments`. */
  #queued = 0;
  #isFirstBlock = true;
  readonly #headers = new RepeatedHeaders();
  #isBlocked = false;
  /** Largest payload the peer takes. */
  maxFrameBytes = 16_384;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Bytes written here and not yet handed to the socket. */
  get pendingBytes(): number {
    return this.#queued + (this.#slab === undefined ? 0 : this.#slab.at - this.#start);
  }

  /** The socket takes no more before it has drained. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  drained(): void {
    this.#isBlocked = false;
  }

  /** Frame header and room for a payload of `length`, whose offset in `bytes` is answered. */
  #open(length: number, type: number, flags: number, streamId: number): Slab {
    const slab = this.#reserve(frameHeaderBytes + length);
    writeFrameHeader(slab.bytes, slab.at, length, type | (flags << 8), streamId);
    slab.at += frameHeaderBytes;
    return slab;
  }

  #reserve(length: number): Slab {
    const slab = this.#slab;
    if (slab !== undefined && slab.bytes.length - slab.at >= length) return slab;
    this.#cut();
    const free = freeSlabs.at(-1);
    const fits = free !== undefined && free.bytes.length - free.at >= length;
    const fresh = fits
      ? (freeSlabs.pop() as Slab)
      : { bytes: Buffer.allocUnsafeSlow(Math.max(slabBytes, length)), at: 0 };
    this.#slab = fresh;
    this.#start = fresh.at;
    return fresh;
  }

  /** Ends the current slab's part of the output, and gives the slab back. */
  #cut(): void {
    const slab = this.#slab;
    if (slab === undefined) return;
    this.#slab = undefined;
    if (slab.at > this.#start) this.#push(slab.bytes.subarray(this.#start, slab.at));
    if (slab.bytes.length - slab.at >= smallestRoom && freeSlabs.length < keptSlabs) freeSlabs.push(slab);
  }

  #push(bytes: Buffer): void {
    this.#segments.push(bytes);
    this.#queued += bytes.length;
  }

  /** Bytes that are no frame: the preface. */
  writeBytes(bytes: Uint8Array): void {
    const slab = this.#reserve(bytes.length);
    slab.bytes.set(bytes, slab.at);
    slab.at += bytes.length;
  }

  writeFrame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    const slab = this.#open(payload.length, type, flags, streamId);
    slab.bytes.set(payload, slab.at);
    slab.at += payload.length;
  }

  /** RST_STREAM and WINDOW_UPDATE: one number. */
  writeNumber(type: number, streamId: number, value: number): void {
    const slab = this.#open(4, type, 0, streamId);
    slab.at = slab.bytes.writeUInt32BE(value, slab.at);
  }

  /** `bytes` from `start` to `end` as one DATA frame. Long ones are not copied: they must not change until they are sent. */
  writeData(streamId: number, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    const length = end - start;
    const isCopied = length <= copiedPayload;
    const slab = this.#reserve(frameHeaderBytes + (isCopied ? length : 0));
    writeFrameHeader(slab.bytes, slab.at, length, FrameType.DATA | (endStream ? Flag.END_STREAM << 8 : 0), streamId);
    slab.at += frameHeaderBytes;
    if (isCopied) {
      slab.bytes.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), slab.at);
      slab.at += length;
      return;
    }
    this.#cut();
    this.#push(Buffer.from(bytes.buffer, bytes.byteOffset + start, length));
  }

  /** A HEADERS frame, with CONTINUATION frames where one is too small. Throws HeaderError, and then nothing was written. */
  writeHeaders(streamId: number, prefix: CompiledHeaders | undefined, headers: HeaderList, endStream: boolean): void {
    const prefixBytes = prefix === undefined ? 0 : prefix.bytes.length;
    const slab = this.#reserve(frameHeaderBytes + 1 + prefixBytes + headersBound(headers));
    const start = slab.at + frameHeaderBytes;
    let end = start;
    // No field is ever added to the peer's table; said once, at the first block, that also meets any size the peer asks for.
    if (this.#isFirstBlock) slab.bytes[end++] = tableSizeZero;
    if (prefix !== undefined) {
      slab.bytes.set(prefix.bytes, end);
      end += prefixBytes;
    }
    if (headers.length > 0) end = this.#headers.write(slab.bytes, end, headers, prefix === undefined || prefix.isOpen);
    this.#isFirstBlock = false;
    const length = end - start;
    const endFlag = endStream ? Flag.END_STREAM : 0;
    if (length > this.maxFrameBytes) {
      this.#writeLongBlock(streamId, Buffer.from(slab.bytes.subarray(start, end)), endFlag);
      return;
    }
    writeFrameHeader(slab.bytes, slab.at, length, FrameType.HEADERS | ((Flag.END_HEADERS | endFlag) << 8), streamId);
    slab.at = end;
  }

  #writeLongBlock(streamId: number, block: Buffer, endFlag: number): void {
    for (let at = 0; at < block.length; at += this.maxFrameBytes) {
      const part = block.subarray(at, at + this.maxFrameBytes);
      const endHeaders = at + part.length === block.length ? Flag.END_HEADERS : 0;
      if (at === 0) this.writeFrame(FrameType.HEADERS, endHeaders | endFlag, streamId, part);
      else this.writeFrame(FrameType.CONTINUATION, endHeaders, streamId, part);
    }
  }

  /** Everything written so far, to the socket, in one write. */
  flush(): void {
    this.#cut();
    const segments = this.#segments;
    if (segments.length === 0) return;
    this.#segments = [];
    this.#queued = 0;
    const socket = this.#socket;
    if (segments.length === 1) {
      if (!socket.write(segments[0])) this.#isBlocked = true;
      return;
    }
    socket.cork();
    for (const segment of segments) if (!socket.write(segment)) this.#isBlocked = true;
    socket.uncork();
  }

  /** Lets go of what was not sent. */
  discard(): void {
    this.#cut();
    this.#segments = [];
    this.#queued = 0;
  }
}

function writeFrameHeader(out: Buffer, at: number, length: number, typeAndFlags: number, streamId: number): void {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = typeAndFlags;
  out[at + 4] = typeAndFlags >>> 8;
  out[at + 5] = streamId >>> 24;
  out[at + 6] = streamId >>> 16;
  out[at + 7] = streamId >>> 8;
  out[at + 8] = streamId;
}
