// A header block that came in several frames (RFC 9113 section 6.10), held together until its last one, within bounds.
import { Http2Error } from "./errors.ts";
import type { Frame } from "./frame-read.ts";
import { ErrorCode } from "./protocol.ts";

/** No block within the limit needs more frames, however small a sender makes them. */
const maxParts = 64;

export class HeaderAssembly {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly startedAt: number;
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(streamId: number, endStream: boolean, maxBytes: number, startedAt: number) {
    this.streamId = streamId;
    this.endStream = endStream;
    this.#maxBytes = maxBytes;
    this.startedAt = startedAt;
  }

  /** Throws Http2Error where there are too many bytes or frames. */
  add(frame: Frame, start: number, end: number): void {
    this.#bytes += end - start;
    if (this.#bytes > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (this.#parts.length === maxParts) {
      throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, `A header block of more than ${maxParts} frames`);
    }
    this.#parts.push(Buffer.from(frame.bytes.subarray(start, end)));
  }

  whole(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

export function tooLarge(maxBytes: number): Http2Error {
  return new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, `A header block of more than ${maxBytes} bytes`);
}
