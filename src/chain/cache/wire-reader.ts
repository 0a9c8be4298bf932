// Steps over the fields of a message in protobuf wire format, and says where each begins and ends.

export class WireReader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  tag(): { readonly number: number; readonly wireType: number } {
    const tag = this.#varint();
    if (tag > 0xffff_ffff || tag < 8) throw malformed();
    return { number: Math.floor(tag / 8), wireType: tag % 8 };
  }

  /** The bytes of a field that says its length; undefined for another. Throws for groups, and for what is no field. */
  skip(wireType: number): Uint8Array | undefined {
    if (wireType === 0) this.#varint();
    else if (wireType === 1) this.#take(8);
    else if (wireType === 5) this.#take(4);
    else if (wireType === 2) return this.#take(this.#varint());
    else throw malformed();
    return undefined;
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.at) throw malformed();
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  /** Inexact beyond 53 bits, where nobody asks for the value. */
  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.isAtEnd) throw malformed();
      const byte = this.#bytes[this.at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw malformed();
  }
}

function malformed(): Error {
  return new Error("the message is no valid protobuf");
}
