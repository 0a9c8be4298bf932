// Protobuf on the wire, as far as the frames of the multiplexed protocol need it.
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const wireVarint = 0;
export const wireBytes = 2;

/** Collects fields of one message. Default values are written as well: whoever calls leaves them out. */
export class WireWriter {
  #bytes = new Uint8Array(64);
  #length = 0;

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  varint(value: number): this {
    this.#reserve(10);
    let rest = value;
    // By division: shifts know 32 bits only.
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) | 128;
    this.#bytes[this.#length++] = rest;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  number(field: number, value: number): this {
    return this.varint(field * 8 + wireVarint).varint(value);
  }

  bytes(field: number, value: Uint8Array): this {
    return this.varint(field * 8 + wireBytes)
      .varint(value.length)
      .raw(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Reads one message; throws RangeError for what is none. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 70; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new RangeError("a varint does not end");
  }

  bytes(): Uint8Array {
    return this.take(this.varint());
  }

  text(): string {
    return decoder.decode(this.bytes());
  }

  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#at);
  }

  take(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new RangeError("the message is cut");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  skip(wireType: number): void {
    if (wireType === wireVarint) this.varint();
    else if (wireType === wireBytes) this.bytes();
    else if (wireType === 1) this.take(8);
    else if (wireType === 5) this.take(4);
    else throw new RangeError(`there is no wire type ${wireType}`);
  }
}
