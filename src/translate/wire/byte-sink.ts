// The growing output of a translator. One sink per direction lives for the whole process: a translation is synchronous,
// writes into it from zero and copies its result out, so the steady state allocates nothing but the result.
import { allocate } from "../../slab.ts";

const initialBytes = 64 * 1024;
/** A sink that one huge message blew up past this is let go afterwards. */
const keptBytes = 4 * 1024 * 1024;

/** A constant text, cut into 32-bit words with zeros after its end: a key of twelve bytes is three stores, or three comparisons. */
export interface Snippet {
  readonly words: Int32Array;
  readonly length: number;
  /** The bits of the last word that are of the text. */
  readonly mask: number;
}

export function toSnippet(text: string): Snippet {
  const { length } = Buffer.from(text);
  const padded = Buffer.alloc(Math.ceil(length / 4) * 4);
  padded.write(text);
  const words = Int32Array.from({ length: padded.length / 4 }, (_, index) => padded.readInt32LE(index * 4));
  return { words, length, mask: -1 >>> (8 * (padded.length - length)) };
}

/** Whether the text stands at an offset of the view; one that ends too close to the end may go unseen. */
export function isSnippetAt({ words, mask }: Snippet, view: DataView, at: number): boolean {
  const lastAt = at + words.length * 4 - 4;
  if (lastAt + 4 > view.byteLength) return false;
  let word = 0;
  for (let i = at; i < lastAt; i += 4) if (view.getInt32(i, true) !== words[word++]) return false;
  return (view.getInt32(lastAt, true) & mask) === words[word];
}

export class ByteSink {
  bytes: Buffer = Buffer.allocUnsafeSlow(initialBytes);
  /** Over the same memory: four bytes at a time. */
  view = viewOf(this.bytes);
  length = 0;

  /** Makes room for `count` more bytes; every write below relies on an earlier `reserve`. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) grow(this, count);
  }

  /** Appends a short constant such as a tag. A loop: for so few bytes it beats the call into native copy. */
  append(source: Uint8Array): void {
    this.reserve(source.length);
    const { bytes } = this;
    let { length } = this;
    for (let i = 0; i < source.length; i++) bytes[length++] = source[i];
    this.length = length;
  }

  /** Appends a constant four bytes at a time. */
  appendSnippet({ words, length }: Snippet): void {
    this.reserve(length + 3);
    const { view } = this;
    const start = this.length;
    for (let i = 0; i < words.length; i++) view.setInt32(start + i * 4, words[i], true);
    this.length = start + length;
  }

  /** Appends a range of another buffer, of any size. */
  appendRange(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    const { bytes, length } = this;
    if (count < 40) for (let i = 0; i < count; i++) bytes[length + i] = source[start + i];
    else bytes.set(source.subarray(start, end), length);
    this.length = length + count;
  }

  /** Appends text known to be ASCII. */
  appendAscii(text: string): void {
    this.reserve(text.length);
    const { bytes, length } = this;
    if (text.length < 24) for (let i = 0; i < text.length; i++) bytes[length + i] = text.charCodeAt(i);
    else bytes.write(text, length, "latin1");
    this.length = length + text.length;
  }

  appendByte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /**
   * Ends a JSON object or list whose members, each with a comma in front, were written from `start` on: the first comma
   * becomes the opening bracket. Both closing brackets are two past their opening ones.
   */
  enclose(start: number, open: number): void {
    if (this.length === start) this.appendByte(open);
    else this.bytes[start] = open;
    this.appendByte(open + 2);
  }

  /** A copy of everything from `start`; the sink is cut back to there. */
  take(start: number): Buffer {
    const result = allocate(this.length - start);
    this.bytes.copy(result, 0, start, this.length);
    this.length = start;
    if (start === 0 && this.bytes.length > keptBytes) replace(this, Buffer.allocUnsafeSlow(initialBytes));
    return result;
  }
}

function grow(sink: ByteSink, count: number): void {
  const larger = Buffer.allocUnsafeSlow(Math.max(sink.bytes.length * 2, sink.length + count));
  sink.bytes.copy(larger, 0, 0, sink.length);
  replace(sink, larger);
}

function replace(sink: ByteSink, bytes: Buffer): void {
  sink.bytes = bytes;
  sink.view = viewOf(bytes);
}

/** The same memory as a Buffer: two kinds of arrays in one loop cost every access a check. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
