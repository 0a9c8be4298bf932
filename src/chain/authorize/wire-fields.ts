// The fields of a message in protobuf wire format, one after the other, exactly as a backend reads them; lazily, so that only what is asked for is looked at.

export interface WireField {
  readonly number: number;
  /** 3 is a group: `bytes` are what stands between its tags. */
  readonly wireType: 0 | 1 | 2 | 3 | 5;
  /** Of 0, 1 and 5; as unsigned. */
  readonly value: bigint;
  /** Of 2 and 3. */
  readonly bytes: Uint8Array;
}

const maxGroupDepth = 100;
const none = new Uint8Array(0);

/** Throws for bytes that are no message. The result is valid until `visit` has returned. */
export function eachField(message: Uint8Array, visit: (field: WireField) => void): void {
  const cursor = new Cursor(message);
  while (cursor.at < message.length) visit(cursor.field(0));
}

/** The values of a packed field of varints, 32-bit or 64-bit values. */
export function unpack(bytes: Uint8Array, wireType: 0 | 1 | 5, visit: (value: bigint) => void): void {
  const cursor = new Cursor(bytes);
  while (cursor.at < bytes.length) visit(cursor.number(wireType));
}

class Cursor {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  field(depth: number): WireField {
    const tag = Number(this.#varint());
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (tag > 0xffff_ffff || number === 0) throw malformed();
    if (wireType === 0 || wireType === 1 || wireType === 5)
      return { number, wireType, value: this.number(wireType), bytes: none };
    if (wireType === 2) return { number, wireType, value: 0n, bytes: this.#take(Number(this.#varint())) };
    if (wireType === 3) return { number, wireType, value: 0n, bytes: this.#group(number, depth) };
    throw malformed();
  }

  number(wireType: 0 | 1 | 5): bigint {
    if (wireType === 0) return this.#varint();
    const bytes = this.#take(wireType === 1 ? 8 : 4);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return wireType === 1 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
  }

  #varint(): bigint {
    let low = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.#bytes.length) throw malformed();
      const byte = this.#bytes[this.at++];
      // Seven bits at a time stay exact in a number as far as 49 bits: nearly every varint there is.
      if (i === 7) return this.#longVarint(BigInt(low), byte);
      low += (byte & 0x7f) * scale;
      if (byte < 0x80) return BigInt(low);
      scale *= 128;
    }
    throw malformed();
  }

  #longVarint(low: bigint, eighth: number): bigint {
    let value = low | (BigInt(eighth & 0x7f) << 49n);
    for (let shift = 56n, byte = eighth; byte >= 0x80; shift += 7n) {
      if (shift > 63n || this.at >= this.#bytes.length) throw malformed();
      byte = this.#bytes[this.at++];
      value |= BigInt(byte & 0x7f) << shift;
    }
    return BigInt.asUintN(64, value);
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.at) throw malformed();
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  #group(number: number, depth: number): Uint8Array {
    if (depth >= maxGroupDepth) throw malformed();
    const start = this.at;
    for (;;) {
      const end = this.at;
      const tag = Number(this.#varint());
      if (tag % 8 === 4) {
        if (tag !== number * 8 + 4) throw malformed();
        return this.#bytes.subarray(start, end);
      }
      this.at = end;
      this.field(depth + 1);
    }
  }
}

function malformed(): Error {
  return new Error("the request message is no valid protobuf");
}
