// Protobuf wire primitives for descriptors and option values: a bounded reader that names what is wrong, and a writer.

/** Nesting allowed in descriptors and option values, as protobuf's own readers allow. */
export const maxDepth = 100;

/** What a descriptor or option value cannot be; callers turn it into one diagnostic. */
export class WireError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WireError";
  }
}

/** Wire types, protobuf encoding guide, "Message structure". */
export const wireVarint = 0;
export const wireFixed64 = 1;
export const wireLength = 2;
export const wireStart = 3;
export const wireEnd = 4;
export const wireFixed32 = 5;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads one message's fields in order; never past `end`. */
export class WireCursor {
  readonly bytes: Uint8Array;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** Index into `bytes` of what is read next. */
  get position(): number {
    return this.#at;
  }

  /** The next tag; the field number is checked, the wire type is `tag & 7`. */
  tag(): number {
    const start = this.#at;
    const tag = this.uint32();
    const wireType = tag & 7;
    if (tag >>> 3 === 0) throw new WireError(`field number 0 at byte ${start}`);
    if (wireType > wireFixed32) throw new WireError(`wire type ${wireType} at byte ${start}`);
    return tag;
  }

  /** A varint's low 32 bits, unsigned. */
  uint32(): number {
    let result = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      if (shift < 32) result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result >>> 0;
    }
    throw new WireError(`a varint longer than 10 bytes ends at byte ${this.#at}`);
  }

  int32(): number {
    return this.uint32() | 0;
  }

  bool(): boolean {
    return this.uint64() !== 0n;
  }

  uint64(): bigint {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= (byte & 0x0f) << 28;
        high |= (byte & 0x7f) >> 4;
      } else if (shift < 63) high |= (byte & 0x7f) << (shift - 32);
      else high |= (byte & 1) << 31;
      if (byte < 0x80) return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    }
    throw new WireError(`a varint longer than 10 bytes ends at byte ${this.#at}`);
  }

  fixed32(): number {
    const view = this.#view(4);
    return view.getUint32(0, true);
  }

  fixed64(): bigint {
    return this.#view(8).getBigUint64(0, true);
  }

  float(): number {
    return this.#view(4).getFloat32(0, true);
  }

  double(): number {
    return this.#view(8).getFloat64(0, true);
  }

  /** A length-delimited value; a view of the input, not a copy. */
  view(): Uint8Array {
    const length = this.uint32();
    return this.#take(length);
  }

  /** Passes over a length-delimited value; where it begins. It ends at `at`. */
  pass(): number {
    const length = this.uint32();
    const start = this.#at;
    this.#take(length);
    return start;
  }

  /** The next byte's place. */
  get at(): number {
    return this.#at;
  }

  /** A length-delimited message's own cursor. */
  message(): WireCursor {
    const length = this.uint32();
    const start = this.#at;
    this.#take(length);
    return new WireCursor(this.bytes, start, start + length);
  }

  string(): string {
    const view = this.view();
    if (view.length < 32) {
      const ascii = shortAscii(view);
      if (ascii !== undefined) return ascii;
    }
    try {
      return utf8.decode(view);
    } catch {
      throw new WireError(`text that is not UTF-8 before byte ${this.#at}`);
    }
  }

  /** Passes over the value of `tag`; groups up to `maxDepth`. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case wireVarint:
        this.uint64();
        return;
      case wireFixed64:
        this.#take(8);
        return;
      case wireLength:
        this.view();
        return;
      case wireFixed32:
        this.#take(4);
        return;
      case wireStart:
        this.#skipGroup(tag, depth + 1);
        return;
      default:
        throw new WireError(`a group ends at byte ${this.#at} that was not begun`);
    }
  }

  /** The fields of a group up to its end tag, as the cursor of a message; this one moves past it. */
  group(tag: number): WireCursor {
    const start = this.#at;
    const end = this.#skipGroup(tag, 1);
    return new WireCursor(this.bytes, start, end);
  }

  #skipGroup(tag: number, depth: number): number {
    if (depth > maxDepth) throw new WireError(`groups nested deeper than ${maxDepth}`);
    for (;;) {
      const before = this.#at;
      const inner = this.tag();
      if ((inner & 7) === wireEnd) {
        if (inner >>> 3 !== tag >>> 3) throw new WireError(`a group ends at byte ${before} that was not begun`);
        return before;
      }
      this.skip(inner, depth);
    }
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new WireError(`the data ends in the middle of a value at byte ${this.#at}`);
    return this.bytes[this.#at++];
  }

  #take(length: number): Uint8Array {
    if (length > this.#end - this.#at) {
      throw new WireError(`a value of ${length} bytes at byte ${this.#at}, of which ${this.#end - this.#at} are there`);
    }
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  #view(length: number): DataView {
    const bytes = this.#take(length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }
}

function shortAscii(view: Uint8Array): string | undefined {
  let text = "";
  for (const byte of view) {
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Collects a message's bytes; nested messages are written into their own writer and appended. */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  tag(number: number, wireType: number): this {
    return this.uint32(((number << 3) | wireType) >>> 0);
  }

  uint32(value: number): this {
    this.#grow(5);
    while (value > 0x7f) {
      this.#bytes[this.#length++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** Negative numbers take ten bytes, as int32 and enums do. */
  int32(value: number): this {
    return value < 0 ? this.uint64(BigInt.asUintN(64, BigInt(value))) : this.uint32(value);
  }

  uint64(value: bigint): this {
    this.#grow(10);
    while (value > 0x7fn) {
      this.#bytes[this.#length++] = Number(value & 0x7fn) | 0x80;
      value >>= 7n;
    }
    this.#bytes[this.#length++] = Number(value);
    return this;
  }

  fixed32(value: number): this {
    this.#grow(4);
    this.#length = this.#bytes.writeUInt32LE(value >>> 0, this.#length);
    return this;
  }

  fixed64(value: bigint): this {
    this.#grow(8);
    this.#length = this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.#length);
    return this;
  }

  float(value: number): this {
    this.#grow(4);
    this.#length = this.#bytes.writeFloatLE(value, this.#length);
    return this;
  }

  double(value: number): this {
    this.#grow(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  bytesField(number: number, bytes: Uint8Array): this {
    return this.tag(number, wireLength).uint32(bytes.length).raw(bytes);
  }

  stringField(number: number, text: string): this {
    return this.bytesField(number, Buffer.from(text, "utf8"));
  }

  int32Field(number: number, value: number): this {
    return this.tag(number, wireVarint).int32(value);
  }

  boolField(number: number, value: boolean): this {
    return this.tag(number, wireVarint).uint32(value ? 1 : 0);
  }

  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  #grow(by: number): void {
    const needed = this.#length + by;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
