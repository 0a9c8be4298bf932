// The body of a client stream as it comes → the JSON values in it, one message each: an array of them, or one after the other,
// by lines or not. Only where values begin and end is looked at here; what is in them is for whoever reads them.
import { Code, GatewayError } from "../../status.ts";
import { pushChunk } from "./push-chunk.ts";

export interface JsonValuesOptions {
  /** An array at the top is the list of the messages, not a message. */
  readonly unwrapsArray: boolean;
  /** Of one value, in bytes. */
  readonly maxValueBytes: number;
  /** Nesting of objects and arrays within one value. */
  readonly maxDepth: number;
}

const nothing = Buffer.alloc(0);

/** `value`: one may begin here. `more`: after a comma, one must. `after`: of an array, a comma or its end. `done`: after the array. */
type Place = "start" | "value" | "more" | "after" | "done";

const LF = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Chunks go in by `append`, values come out of `next`: nothing is taken apart before somebody wants it. Beside the chunks that
 * wait it holds at most one value.
 */
export class JsonValues {
  readonly #options: JsonValuesOptions;
  readonly #chunks: Buffer[] = [];
  #at = 0;
  /** Bytes before the first chunk that waits. */
  #passed = 0;
  #place: Place = "start";
  #isArray = false;
  #isEnded = false;
  /** Of the value that has begun; -1: none has. It may have begun in an earlier chunk, of which `#kept` has the rest. */
  #from = -1;
  /** Twice as large each time, so that small pieces cost no more than large ones. */
  #kept = nothing;
  #keptBytes = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isScalar = false;
  #count = 0;
  #offset = 0;
  /** A value came out that goes on here: nothing can follow. */
  #isCut = false;

  constructor(options: JsonValuesOptions) {
    this.#options = options;
  }

  /** Values that came out so far. */
  get count(): number {
    return this.#count;
  }

  /** Nothing but white space has come. */
  get isBlank(): boolean {
    return this.#place === "start" && this.#count === 0;
  }

  /** Where in the body the last of them began. */
  get offset(): number {
    return this.#offset;
  }

  /** The bytes belong to the values from now on. */
  append(chunk: Buffer): void {
    // The first may be half read.
    if (chunk.length > 0) pushChunk(this.#chunks, chunk, 1);
  }

  /** The body is complete. */
  end(): void {
    this.#isEnded = true;
  }

  /** Whether there is nothing more to come out: all was taken apart, and the body is complete. */
  get isDone(): boolean {
    return this.#isEnded && this.#chunks.length === 0 && this.#from === -1;
  }

  /**
   * The next value, or undefined: there is none yet, or none any more. One that the body cuts off, or that is nested too deep,
   * comes out as far as it came, so that its reader tells what is wrong with it. Throws GatewayError.
   */
  next(): Buffer | undefined {
    if (this.#isCut) throw this.#tooDeep();
    while (this.#chunks.length > 0) {
      const chunk = this.#chunks[0];
      const value = this.#from === -1 ? this.#begin(chunk) : this.#goOn(chunk);
      if (value !== undefined) return value;
      if (this.#at >= chunk.length) this.#nextChunk(chunk);
    }
    if (!this.#isEnded) return undefined;
    if (this.#from !== -1) return this.#finish(undefined);
    if (this.#isArray && this.#place !== "done")
      throw this.#syntax("the body ends inside its array", this.#place === "more" ? "a value" : '"," or "]"');
    return undefined;
  }

  /** Up to where a value begins, which is then to be gone on with. */
  #begin(chunk: Buffer): undefined {
    while (this.#at < chunk.length && this.#from === -1) {
      const byte = chunk[this.#at];
      if (isSpace(byte)) this.#at++;
      else if (this.#place === "start" && byte === OPEN_BRACKET && this.#options.unwrapsArray) {
        this.#isArray = true;
        this.#place = "value";
        this.#at++;
      } else if (this.#isArray && this.#isPunctuation(byte)) this.#at++;
      else this.#beginValue(byte);
    }
  }

  /** Between the values of an array. */
  #isPunctuation(byte: number): boolean {
    if (this.#place === "after" && byte === COMMA) {
      this.#place = "more";
      return true;
    }
    const mayEnd = this.#place === "after" || (this.#place === "value" && this.#count === 0);
    if (!mayEnd || byte !== CLOSE_BRACKET) return false;
    this.#place = "done";
    return true;
  }

  #beginValue(byte: number): void {
    if (this.#place === "done") throw this.#syntax("the body goes on after its array", "nothing");
    if (this.#place === "after") throw this.#syntax(`found ${show(byte)} after a value`, '"," or "]"');
    if (byte === COMMA || byte === CLOSE_BRACKET || byte === CLOSE_BRACE || byte === 0x3a)
      throw this.#syntax(`found ${show(byte)}`, "a JSON value");
    this.#from = this.#at;
    this.#offset = this.#passed + this.#at;
    this.#depth = 0;
    this.#isInString = false;
    this.#isEscaped = false;
    this.#isScalar = byte !== QUOTE && byte !== OPEN_BRACE && byte !== OPEN_BRACKET;
  }

  /** The value if it ends in this chunk. */
  #goOn(chunk: Buffer): Buffer | undefined {
    const end = this.#isScalar ? this.#scalarEnd(chunk) : this.#valueEnd(chunk);
    this.#at = Math.abs(end);
    if (this.#keptBytes + this.#at - this.#from > this.#options.maxValueBytes) throw this.#tooLarge();
    return end < 0 ? undefined : this.#finish(chunk);
  }

  /** One past the end of the value; negative: the chunk ends first. */
  #valueEnd(chunk: Buffer): number {
    const { length } = chunk;
    const { maxDepth } = this.#options;
    let depth = this.#depth;
    let at = this.#at;
    while (at < length) {
      if (this.#isInString) {
        at = this.#stringEnd(chunk, at);
        if (this.#isInString) break;
        if (depth === 0) return at;
        continue;
      }
      const byte = chunk[at++];
      if (byte === QUOTE) this.#isInString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (++depth > maxDepth) {
          this.#isCut = true;
          return at;
        }
      } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return at;
    }
    this.#depth = depth;
    return -at;
  }

  /** One past the closing quote, or the end of the chunk. */
  #stringEnd(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at++];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) {
        this.#isInString = false;
        return at;
      }
    }
    return at;
  }

  /** A number, `true`, `false`, `null`, or what is none of them: up to white space or what begins something else. */
  #scalarEnd(chunk: Buffer): number {
    for (let at = this.#at; at < chunk.length; at++) if (endsScalar(chunk[at])) return at;
    return -chunk.length;
  }

  #nextChunk(chunk: Buffer): void {
    if (this.#from !== -1) {
      this.#keep(chunk.subarray(this.#from));
      this.#from = 0;
    }
    this.#chunks.shift();
    this.#passed += chunk.length;
    this.#at = 0;
  }

  #keep(part: Buffer): void {
    const length = this.#keptBytes + part.length;
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#kept.length));
      this.#kept.copy(larger, 0, 0, this.#keptBytes);
      this.#kept = larger;
    }
    part.copy(this.#kept, this.#keptBytes);
    this.#keptBytes = length;
  }

  #finish(chunk: Buffer | undefined): Buffer {
    const rest = chunk === undefined ? nothing : chunk.subarray(this.#from, this.#at);
    const value = this.#keptBytes === 0 ? rest : this.#withKept(rest);
    this.#from = -1;
    this.#count++;
    this.#place = this.#isArray ? "after" : "value";
    return value;
  }

  #withKept(rest: Buffer): Buffer {
    this.#keep(rest);
    const value = this.#kept.subarray(0, this.#keptBytes);
    this.#kept = nothing;
    this.#keptBytes = 0;
    return value;
  }

  #syntax(found: string, expected: string): GatewayError {
    const where = `after ${this.#count} message${this.#count === 1 ? "" : "s"}, at byte ${this.#passed + this.#at} of the body`;
    return GatewayError.invalidField("", `${found} where ${expected} is expected (${where})`, "JSON_SYNTAX");
  }

  #tooDeep(): GatewayError {
    const { maxDepth } = this.#options;
    return GatewayError.invalidField(
      "",
      `message [${this.#count - 1}] is nested deeper than ${maxDepth} levels`,
      "DEPTH_EXCEEDED",
    );
  }

  #tooLarge(): GatewayError {
    const { maxValueBytes } = this.#options;
    return new GatewayError(
      Code.RESOURCE_EXHAUSTED,
      `message [${this.#count}] of the stream is larger than ${maxValueBytes} bytes; it begins at byte ${this.#offset} of the body`,
      { reason: "BODY_TOO_LARGE", httpStatus: 413 },
    );
  }
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === LF || byte === 0x0d || byte === 0x09;
}

function endsScalar(byte: number): boolean {
  return (
    isSpace(byte) ||
    byte === COMMA ||
    byte === CLOSE_BRACKET ||
    byte === CLOSE_BRACE ||
    byte === OPEN_BRACE ||
    byte === OPEN_BRACKET ||
    byte === QUOTE
  );
}

function show(byte: number): string {
  return byte > SPACE && byte < 0x7f ? JSON.stringify(String.fromCharCode(byte)) : `byte 0x${byte.toString(16)}`;
}
