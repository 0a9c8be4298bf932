// One descriptor message's fields by number, so that read.ts reads like the declaration of each message.
import { isUtf8 } from "node:buffer";
import { WireCursor, WireError, wireLength, wireVarint } from "./wire.ts";

export class DescriptorFields {
  readonly #lengths = new Map<number, Uint8Array[]>();
  readonly #ints = new Map<number, number[]>();

  constructor(bytes: Uint8Array) {
    const cursor = new WireCursor(bytes);
    while (!cursor.isAtEnd) {
      const tag = cursor.tag();
      const wireType = tag & 7;
      if (wireType === wireLength) append(this.#lengths, tag >>> 3, cursor.view());
      else if (wireType === wireVarint) append(this.#ints, tag >>> 3, cursor.int32());
      else cursor.skip(tag);
    }
  }

  has(number: number): boolean {
    return this.#lengths.has(number) || this.#ints.has(number);
  }

  strings(number: number): string[] {
    return (this.#lengths.get(number) ?? []).map((bytes) => decodeText(bytes));
  }

  /** The last occurrence, as protobuf merges scalars. */
  string(number: number): string | undefined {
    const all = this.#lengths.get(number);
    return all === undefined ? undefined : decodeText(all[all.length - 1]);
  }

  int(number: number): number | undefined {
    return this.#ints.get(number)?.at(-1);
  }

  bool(number: number): boolean {
    return (this.int(number) ?? 0) !== 0;
  }

  /** Repeated int32, packed or not. */
  ints(number: number): number[] {
    const all = [...(this.#ints.get(number) ?? [])];
    for (const bytes of this.#lengths.get(number) ?? []) {
      const cursor = new WireCursor(bytes);
      while (!cursor.isAtEnd) all.push(cursor.int32());
    }
    return all;
  }

  messages(number: number): readonly Uint8Array[] {
    return this.#lengths.get(number) ?? [];
  }

  /** A singular message: occurrences concatenate, which merges them. */
  message(number: number): Uint8Array | undefined {
    const all = this.#lengths.get(number);
    if (all === undefined) return undefined;
    return all.length === 1 ? all[0] : Buffer.concat(all);
  }
}

function decodeText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
  // Only what was replaced, or written so, needs the closer look.
  if (!text.includes("\ufffd") || isUtf8(bytes)) return text;
  throw new WireError(`text that is not UTF-8: ${JSON.stringify(text.slice(0, 60))}`);
}

function append<Value>(map: Map<number, Value[]>, number: number, value: Value): void {
  const list = map.get(number);
  if (list === undefined) map.set(number, [value]);
  else list.push(value);
}
