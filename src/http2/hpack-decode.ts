// HPACK decoding (RFC 7541): header blocks to lists of names and values, counted against their limits while they are read.
import { Http2Error } from "./errors.ts";
import type { DecodedBlock } from "./decoded-block.ts";
import { decodeHuffman } from "./huffman.ts";
import { isHeaderName, isRequestField } from "./header-text.ts";
import { BlockMemo } from "./block-memo.ts";
import { staticTable } from "./hpack-static.ts";
import type { HeaderField } from "./hpack-static.ts";
import { HpackTable } from "./hpack-table.ts";
import { ErrorCode } from "./protocol.ts";

export interface DecoderLimits {
  readonly maxHeaderListBytes: number;
  readonly maxHeaderFields: number;
  readonly headerTableBytes: number;
}

/** One direction of a connection. Blocks go in in the order they arrive, every one of them: each may change the table. */
export class HpackDecoder {
  readonly #table: HpackTable;
  readonly #memo = new BlockMemo();
  readonly #limits: DecoderLimits;
  readonly #isField: (name: string, value: string) => boolean;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #list: string[] = [];
  #size = 0;
  #malformed: string | undefined;

  constructor(limits: DecoderLimits, isField: (name: string, value: string) => boolean = isRequestField) {
    this.#limits = limits;
    this.#isField = isField;
    this.#table = new HpackTable(limits.headerTableBytes);
  }

  /** Throws Http2Error COMPRESSION_ERROR; the connection cannot go on after that. The result may be shared: it is never changed. */
  decode(bytes: Buffer, start: number, end: number): DecodedBlock {
    const known = this.#memo.find(bytes, start, end, this.#table.version);
    if (known !== undefined) return known;
    const before = this.#table.version;
    const block = this.#read(bytes, start, end);
    // A block that changed the table would have to change it again: only one that left it alone may be remembered.
    if (this.#table.version === before) this.#memo.remember(block, before);
    return block;
  }

  #read(bytes: Buffer, start: number, end: number): DecodedBlock {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#list = [];
    this.#size = 0;
    this.#malformed = undefined;
    let fields = 0;
    while (this.#at < end) {
      const byte = bytes[this.#at];
      if ((byte & 0xe0) === 0x20) {
        if (fields > 0) throw broken("a table size update after a field");
        this.#resize();
        continue;
      }
      fields++;
      if ((byte & 0x80) !== 0) this.#addField(this.#field(this.#integer(0x7f)));
      else if ((byte & 0x40) !== 0) this.#insert();
      else this.#literal();
    }
    this.#bytes = emptyBytes;
    return {
      headers: this.#list,
      isTooLarge: this.#isFull(),
      malformed: this.#malformed,
      requestHead: undefined,
      responseHead: undefined,
      trailers: undefined,
    };
  }

  #resize(): void {
    const size = this.#integer(0x1f);
    if (!this.#table.resize(size)) throw broken(`a table of ${size} bytes was never offered`);
  }

  #insert(): void {
    const name = this.#name(this.#integer(0x3f));
    const value = this.#string();
    const field: HeaderField = {
      name,
      value,
      size: name.length + value.length + 32,
      isValid: this.#isField(name, value),
    };
    this.#table.add(field);
    this.#addField(field);
  }

  #literal(): void {
    const index = this.#integer(0x0f);
    const name = this.#name(index);
    const value = this.#string();
    this.#size += name.length + value.length + 32;
    if (this.#isFull()) return;
    this.#list.push(name, value);
    if (!this.#isField(name, value)) this.#malformed ??= describe(name, value);
  }

  #addField(field: HeaderField): void {
    this.#size += field.size;
    if (this.#isFull()) return;
    this.#list.push(field.name, field.value);
    if (!field.isValid) this.#malformed ??= describe(field.name, field.value);
  }

  /** Over a limit, nothing more is kept, but the block is read to its end: the table must stay what the peer thinks it is. */
  #isFull(): boolean {
    if (this.#size > this.#limits.maxHeaderListBytes) return true;
    if (this.#list.length < 2 * this.#limits.maxHeaderFields) return false;
    this.#size = Infinity;
    return true;
  }

  #name(index: number): string {
    return index === 0 ? this.#string() : this.#field(index).name;
  }

  #field(index: number): HeaderField {
    const field = index <= staticTable.length ? staticTable[index - 1] : this.#table.at(index - staticTable.length - 1);
    if (field === undefined) throw broken(`no field has number ${index}`);
    return field;
  }

  /** RFC 7541 section 5.1, to 2^28: nothing here has a use for more. */
  #integer(mask: number): number {
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      if (shift > 21) throw broken("an integer too large");
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
  }

  #byte(): number {
    if (this.#at >= this.#end) throw broken("the block ends within a field");
    return this.#bytes[this.#at++];
  }

  #string(): string {
    const isHuffman = this.#at < this.#end && (this.#bytes[this.#at] & 0x80) !== 0;
    const length = this.#integer(0x7f);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw broken("the block ends within a string");
    this.#at = end;
    if (!isHuffman) return this.#bytes.toString("latin1", start, end);
    const text = decodeHuffman(this.#bytes, start, end);
    if (text === undefined) throw broken("a string is not in the Huffman code");
    return text;
  }
}

const emptyBytes = Buffer.alloc(0);

function broken(what: string): Http2Error {
  return new Http2Error(ErrorCode.COMPRESSION_ERROR, `Header block: ${what}`);
}

function describe(name: string, value: string): string {
  return isHeaderName(name)
    ? `the value of header ${name} has characters it must not have`
    : `${JSON.stringify(name.slice(0, 64))} is no header name${value.length > 0 ? "" : " and has no value"}`;
}
