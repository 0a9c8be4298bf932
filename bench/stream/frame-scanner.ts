// WebSocket frames off a connection as cheaply as they can be found: lengths are read, payloads handed on where they lie.

/** A frame's payload lies between `start` and `end`; both are void after the call. */
export type OnFrame = (opcode: number, bytes: Buffer, start: number, end: number) => void;

const nothing = Buffer.alloc(0);
/** RFC 6455 section 5.2, without a mask: a server sends none. */
const longestHead = 10;

export class FrameScanner {
  readonly #onFrame: OnFrame;
  /** The beginning of a frame that lies in several chunks. */
  #begun: Buffer = nothing;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** Throws for a masked or fragmented frame; our peers send none here. The chunk may be reused afterwards. */
  read(chunk: Buffer): void {
    let at = this.#begun.length === 0 ? 0 : this.#readBegun(chunk);
    while (at < chunk.length) {
      const end = frameEnd(chunk, at);
      if (end === undefined || end > chunk.length) {
        this.#begun = Buffer.from(chunk.subarray(at));
        return;
      }
      this.#hand(chunk, at, end);
      at = end;
    }
  }

  /** Finishes the frame that was begun. Answers where the next one begins. */
  #readBegun(chunk: Buffer): number {
    const begun = this.#begun;
    const head = Buffer.concat([begun, chunk.subarray(0, longestHead)]);
    const end = frameEnd(head, 0);
    const missing = (end ?? Infinity) - begun.length;
    if (missing > chunk.length) {
      this.#begun = Buffer.concat([begun, chunk]);
      return chunk.length;
    }
    this.#begun = nothing;
    const whole = Buffer.concat([begun, chunk.subarray(0, missing)]);
    this.#hand(whole, 0, whole.length);
    return missing;
  }

  #hand(bytes: Buffer, at: number, end: number): void {
    const first = bytes[at];
    if ((first & 0x80) === 0) throw new Error("a fragmented frame");
    this.#onFrame(first & 0x0f, bytes, at + headLength(bytes[at + 1]), end);
  }
}

function headLength(second: number): number {
  if (second > 127) throw new Error("a masked frame from a server");
  return second < 126 ? 2 : second === 126 ? 4 : longestHead;
}

/** Undefined while the head is not whole. */
function frameEnd(bytes: Buffer, at: number): number | undefined {
  if (at + 2 > bytes.length) return undefined;
  const second = bytes[at + 1];
  const from = at + headLength(second);
  if (from > bytes.length) return undefined;
  if (second < 126) return from + second;
  return from + (second === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2)));
}

const zeroMask = Buffer.alloc(4);

/** A client's frame: masked, as it must be, with a key that changes nothing. */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = length < 126 ? Buffer.from([0x80 | opcode, 0x80 | length]) : Buffer.alloc(4);
  if (length >= 126) {
    if (length > 0xffff) throw new Error("a frame longer than any of this bench");
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | 126;
    head.writeUInt16BE(length, 2);
  }
  return Buffer.concat([head, zeroMask, payload]);
}
