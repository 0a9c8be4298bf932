// From socket chunks to frames: read in place where a frame lies within a chunk, put together where the network split it.
import { Http2Error } from "./errors.ts";
import { ErrorCode, frameHeaderBytes } from "./protocol.ts";

/** One frame; its payload is `bytes` from `start` to `end`. The object is reused: read it before the next frame. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

interface MutableFrame {
  type: number;
  flags: number;
  streamId: number;
  bytes: Buffer;
  start: number;
  end: number;
}

const noBytes = Buffer.alloc(0);

/** Keeps at most one frame of the size the peer is allowed, and what came after the reader was stopped. */
export class FrameReader {
  readonly #maxFrameBytes: number;
  readonly #onFrame: (frame: Frame) => void;
  readonly #frame: MutableFrame = { type: 0, flags: 0, streamId: 0, bytes: noBytes, start: 0, end: 0 };
  /** A frame of which only `#filled` bytes are here. */
  #split = noBytes;
  #filled = 0;
  #rest: Buffer | undefined;
  #isStopped = false;

  constructor(maxFrameBytes: number, onFrame: (frame: Frame) => void) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#onFrame = onFrame;
  }

  /** What comes from now on is kept, not read. */
  stop(): void {
    this.#isStopped = true;
  }

  resume(): void {
    this.#isStopped = false;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.read(rest);
  }

  /** Throws Http2Error, and whatever `onFrame` throws. */
  read(chunk: Buffer): void {
    let at = this.#filled === 0 || this.#isStopped ? 0 : this.#continue(chunk);
    while (!this.#isStopped && chunk.length - at >= frameHeaderBytes) {
      const end = at + frameHeaderBytes + this.#lengthAt(chunk, at);
      if (end > chunk.length) break;
      this.#deliver(chunk, at, end);
      at = end;
    }
    if (at === chunk.length) return;
    const rest = at === 0 ? chunk : chunk.subarray(at);
    if (!this.#isStopped) this.#keep(rest);
    else this.#rest = this.#rest === undefined ? rest : Buffer.concat([this.#rest, rest]);
  }

  /** Finishes the split frame. Answers how much of the chunk that took. */
  #continue(chunk: Buffer): number {
    let at = 0;
    if (this.#filled < frameHeaderBytes) {
      at = this.#fill(chunk, 0, frameHeaderBytes);
      if (this.#filled < frameHeaderBytes) return at;
      const whole = Buffer.allocUnsafe(frameHeaderBytes + this.#lengthAt(this.#split, 0));
      this.#split.copy(whole, 0, 0, frameHeaderBytes);
      this.#split = whole;
    }
    at = this.#fill(chunk, at, this.#split.length);
    if (this.#filled === this.#split.length) {
      const whole = this.#split;
      this.#split = noBytes;
      this.#filled = 0;
      this.#deliver(whole, 0, whole.length);
    }
    return at;
  }

  #fill(chunk: Buffer, at: number, most: number): number {
    const end = Math.min(chunk.length, at + most - this.#filled);
    chunk.copy(this.#split, this.#filled, at, end);
    this.#filled += end - at;
    return end;
  }

  /** A copy, so that a few bytes do not keep a whole chunk. */
  #keep(rest: Buffer): void {
    const isHeaderWhole = rest.length >= frameHeaderBytes;
    const length = frameHeaderBytes + (isHeaderWhole ? this.#lengthAt(rest, 0) : 0);
    this.#split = Buffer.allocUnsafe(length);
    rest.copy(this.#split, 0);
    this.#filled = rest.length;
  }

  #lengthAt(bytes: Buffer, at: number): number {
    const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    if (length > this.#maxFrameBytes) {
      throw new Http2Error(
        ErrorCode.FRAME_SIZE_ERROR,
        `A frame of ${length} bytes came; ${this.#maxFrameBytes} are allowed`,
      );
    }
    return length;
  }

  #deliver(bytes: Buffer, at: number, end: number): void {
    const frame = this.#frame;
    frame.type = bytes[at + 3];
    frame.flags = bytes[at + 4];
    frame.streamId = ((bytes[at + 5] & 0x7f) << 24) | (bytes[at + 6] << 16) | (bytes[at + 7] << 8) | bytes[at + 8];
    frame.bytes = bytes;
    frame.start = at + frameHeaderBytes;
    frame.end = end;
    this.#onFrame(frame);
    // The last chunk of an idle connection would stay in memory.
    frame.bytes = noBytes;
  }
}
