// One descriptor message's fields by number, so that read.ts reads like the declaration of each message.
import { isUtf8 } from "node:buffer";
import { WireCursor, WireError, wireLength, wireVarint } from "./wire.ts";

/** Numbers an entry of a field takes in the list of them: its tag and, of bytes, where they begin and end; else its value and nothing. */
const stride = 3;

/**
 * Holds the places of the values, not the values: a set of many small messages would else be an object for each, before the
 * first is read.
 */
export class DescriptorFields {
  readonly #bytes: Uint8Array;
  readonly #entries: number[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const cursor = new WireCursor(bytes);
    while (!cursor.isAtEnd) {
      const tag = cursor.tag();
      const wireType = tag & 7;
      if (wireType === wireLength) {
        const start = cursor.pass();
        this.#entries.push(tag, start, cursor.at);
      } else if (wireType === wireVarint) this.#entries.push(tag, cursor.int32(), 0);
      else cursor.skip(tag);
    }
  }

  has(number: number): boolean {
    return this.#last(number, wireLength) >= 0 || this.#last(number, wireVarint) >= 0;
  }

  strings(number: number): readonly string[] {
    return this.map(number, decodeText);
  }

  /** The last occurrence, as protobuf merges scalars. */
  string(number: number): string | undefined {
    const at = this.#last(number, wireLength);
    return at < 0 ? undefined : decodeText(this.#view(at));
  }

  int(number: number): number | undefined {
    const at = this.#last(number, wireVarint);
    return at < 0 ? undefined : this.#entries[at + 1];
  }

  bool(number: number): boolean {
    return (this.int(number) ?? 0) !== 0;
  }

  /** Repeated int32, packed or not. */
  ints(number: number): readonly number[] {
    const all: number[] = [];
    this.#each(number, wireVarint, (at) => all.push(this.#entries[at + 1]));
    this.#each(number, wireLength, (at) => {
      const cursor = new WireCursor(this.#view(at));
      while (!cursor.isAtEnd) all.push(cursor.int32());
    });
    return all;
  }

  /** What `convert` makes of each message or text; one list for all that are empty, as most lists of a declaration are. */
  map<Value>(number: number, convert: (bytes: Uint8Array, index: number) => Value): readonly Value[] {
    let values: Value[] | undefined;
    this.#each(number, wireLength, (at) => {
      values ??= [];
      values.push(convert(this.#view(at), values.length));
    });
    return values ?? none;
  }

  /** A singular message: occurrences concatenate, which merges them. */
  message(number: number): Uint8Array | undefined {
    const at = this.#last(number, wireLength);
    if (at < 0) return undefined;
    const all = this.map(number, (bytes) => bytes);
    return all.length === 1 ? all[0] : Buffer.concat(all);
  }

  #each(number: number, wireType: number, visit: (at: number) => void): void {
    const tag = ((number << 3) | wireType) >>> 0;
    for (let at = 0; at < this.#entries.length; at += stride) if (this.#entries[at] === tag) visit(at);
  }

  /** The entry of the last occurrence, or -1. */
  #last(number: number, wireType: number): number {
    const tag = ((number << 3) | wireType) >>> 0;
    for (let at = this.#entries.length - stride; at >= 0; at -= stride) if (this.#entries[at] === tag) return at;
    return -1;
  }

  #view(at: number): Uint8Array {
    return this.#bytes.subarray(this.#entries[at + 1], this.#entries[at + 2]);
  }
}

const none: readonly never[] = Object.freeze([]);

/** Throws a WireError for what is no text. */
export function decodeText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
  // Only what was replaced, or written so, needs the closer look.
  if (!text.includes("\ufffd") || isUtf8(bytes)) return text;
  throw new WireError(`text that is not UTF-8: ${JSON.stringify(text.slice(0, 60))}`);
}
