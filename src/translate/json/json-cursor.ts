// A cursor over JSON text in bytes, and the one way a reader of it fails: at an offset, with a reason. Path, line and
// column are worked out from the offset afterwards (locate-json.ts), so a good request pays nothing for them.
import { isUtf8 } from "node:buffer";
import { viewOf } from "../wire/byte-sink.ts";

const SPACE = 0x20;

/** What is wrong at an offset of the text. Becomes a GatewayError at the edge of the translator. */
export class JsonFault {
  readonly offset: number;
  readonly description: string;
  readonly reason: string;

  constructor(offset: number, description: string, reason: string) {
    this.offset = offset;
    this.description = description;
    this.reason = reason;
  }
}

export class JsonCursor {
  bytes: Uint8Array;
  pos = 0;
  end: number;
  #view: DataView | undefined;
  #isUtf8: boolean | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /** Over the same memory, four bytes at a time; made when a string is long enough to want it. */
  get view(): DataView {
    return (this.#view ??= viewOf(this.bytes));
  }

  get hasView(): boolean {
    return this.#view !== undefined;
  }

  /** Whether all of the text is UTF-8: one native check, made when a text with other characters than ASCII is met. */
  get isUtf8(): boolean {
    return (this.#isUtf8 ??= isUtf8(this.bytes));
  }

  /** Whether that check was made, and passed. */
  get isKnownUtf8(): boolean {
    return this.#isUtf8 === true;
  }

  /** The next byte after white space, not consumed; -1 at the end. */
  peek(): number {
    const { bytes, end } = this;
    let { pos } = this;
    while (pos < end) {
      const byte = bytes[pos];
      if (byte > SPACE || (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) {
        this.pos = pos;
        return byte;
      }
      pos++;
    }
    this.pos = pos;
    return -1;
  }

  /** Consumes a literal such as `true`, or fails. */
  literal(text: string): void {
    const { bytes, pos } = this;
    for (let i = 0; i < text.length; i++)
      if (pos + i >= this.end || bytes[pos + i] !== text.charCodeAt(i)) this.unexpected(text);
    this.pos = pos + text.length;
  }

  fail(description: string, reason: string, at = this.pos): never {
    throw new JsonFault(at, description, reason);
  }

  /** Fails because the text is not JSON, or not the kind of value that was expected. */
  unexpected(expected: string): never {
    const byte = this.peek();
    if (byte < 0 || !isValueStart(byte)) this.syntax(expected);
    this.fail(`expected ${expected}, found ${this.#found(byte)}`, "VALUE_INVALID");
  }

  /** Fails because the text is not JSON here. */
  syntax(expected: string): never {
    const byte = this.peek();
    if (byte < 0) this.fail(`the JSON ends where ${expected} is expected`, "JSON_SYNTAX");
    this.fail(`expected ${expected}, found ${this.#found(byte)}`, "JSON_SYNTAX");
  }

  /** A short quotation of what stands at the cursor. */
  #found(byte: number): string {
    if (byte === 0x7b) return "an object";
    if (byte === 0x5b) return "an array";
    let end = this.pos + 1;
    const isText = byte === 0x22;
    while (end < this.end && end - this.pos < 32 && !isStop(this.bytes[end], isText)) end++;
    if (isText && this.bytes[end] === 0x22) end++;
    const text = Buffer.from(this.bytes.subarray(this.pos, end)).toString();
    const shown = text.replaceAll(/[^\x20-\x7e]/g, "?");
    return isText ? `the string ${shown}` : shown;
  }
}

function isStop(byte: number, isText: boolean): boolean {
  return isText ? byte === 0x22 : byte <= SPACE || byte === 0x2c || byte === 0x7d || byte === 0x5d || byte === 0x3a;
}

/** Whether a JSON value can start with this byte. */
function isValueStart(byte: number): boolean {
  return (
    byte === 0x22 ||
    byte === 0x7b ||
    byte === 0x5b ||
    byte === 0x2d ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x74 ||
    byte === 0x66 ||
    byte === 0x6e
  );
}
