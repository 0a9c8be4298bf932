// Decodes a chunked body (RFC 9112 section 7.1): sizes, extensions that are checked and ignored, data where it lies, trailers.
import { cr, flags, hexValue, lf, tokenFlag, valueFlag } from "./characters.ts";
import { failure } from "./failure.ts";
import type { Http1Failure } from "./failure.ts";
import { FieldReader } from "./fields.ts";
import type { FieldLimits } from "./fields.ts";
import { framesBody } from "./header-block.ts";
import type { Input } from "./input.ts";

/** Sizes are exact numbers, and no chunk is that large. */
const longestSize = 12;
/** Of all chunks of a body together. */
const maxExtensionBytes = 16 * 1024;

const semicolon = 0x3b;
const equals = 0x3d;
const quote = 0x22;
const backslash = 0x5c;

const Phase = {
  firstDigit: 0,
  size: 1,
  sizeEnd: 2,
  data: 3,
  dataCr: 4,
  dataLf: 5,
  trailers: 6,
  extensionName: 7,
  extensionNameRest: 8,
  extensionValue: 9,
  extensionToken: 10,
  extensionQuoted: 11,
  extensionEscape: 12,
  extensionEnd: 13,
} as const;

/** A part of the body; `false`: more input is needed; `true`: the body is complete. */
export type ChunkStep = Buffer | boolean | Http1Failure;

/** One reader reads one body. */
export class ChunkReader {
  /** `[name, value, …]` behind the last chunk, once the body is complete. */
  trailers: readonly string[] | undefined;
  readonly #limits: FieldLimits;
  #phase: number = Phase.firstDigit;
  #left = 0;
  #digits = 0;
  #extensionBytes = 0;
  #fields: FieldReader | undefined;

  constructor(limits: FieldLimits) {
    this.#limits = limits;
  }

  next(input: Input): ChunkStep {
    while (input.at < input.end) {
      if (this.#phase === Phase.data) {
        const part = input.take(Math.min(this.#left, input.length));
        this.#left -= part.length;
        if (this.#left === 0) this.#phase = Phase.dataCr;
        return part;
      }
      if (this.#phase === Phase.trailers) return this.#readTrailers(input);
      const byte = input.bytes[input.at++];
      if (this.#phase > Phase.trailers) {
        if (++this.#extensionBytes > maxExtensionBytes) return failure("chunk-extensions-too-large");
        if (!this.#extension(byte)) return failure("chunk");
      } else if (!this.#frame(byte)) return failure("chunk");
    }
    return false;
  }

  /** Whether this byte of the frame around the data is right. */
  #frame(byte: number): boolean {
    switch (this.#phase) {
      case Phase.firstDigit:
      case Phase.size:
        return this.#size(byte);
      case Phase.sizeEnd:
        this.#phase = this.#left === 0 ? Phase.trailers : Phase.data;
        this.#digits = 0;
        return byte === lf;
      case Phase.dataCr:
        this.#phase = Phase.dataLf;
        return byte === cr;
      default:
        this.#phase = Phase.firstDigit;
        return byte === lf;
    }
  }

  #size(byte: number): boolean {
    const digit = hexValue(byte);
    if (digit >= 0) {
      this.#phase = Phase.size;
      this.#left = this.#left * 16 + digit;
      return ++this.#digits <= longestSize;
    }
    if (this.#phase === Phase.firstDigit) return false;
    return this.#endOfPart(byte);
  }

  /** `;` begins an extension, CR ends the line. */
  #endOfPart(byte: number): boolean {
    if (byte === semicolon) this.#phase = Phase.extensionName;
    else this.#phase = Phase.sizeEnd;
    return byte === semicolon || byte === cr;
  }

  /** `; token [ = ( token | quoted-string ) ]`, without white space. */
  #extension(byte: number): boolean {
    const isToken = (flags[byte] & tokenFlag) !== 0;
    switch (this.#phase) {
      case Phase.extensionName:
        this.#phase = Phase.extensionNameRest;
        return isToken;
      case Phase.extensionNameRest:
        if (isToken) return true;
        if (byte !== equals) return this.#endOfPart(byte);
        this.#phase = Phase.extensionValue;
        return true;
      case Phase.extensionValue:
        this.#phase = byte === quote ? Phase.extensionQuoted : Phase.extensionToken;
        return isToken || byte === quote;
      case Phase.extensionToken:
        return isToken || this.#endOfPart(byte);
      case Phase.extensionQuoted:
        if (byte === quote) this.#phase = Phase.extensionEnd;
        else if (byte === backslash) this.#phase = Phase.extensionEscape;
        return (flags[byte] & valueFlag) !== 0;
      case Phase.extensionEscape:
        this.#phase = Phase.extensionQuoted;
        return (flags[byte] & valueFlag) !== 0;
      default:
        return this.#endOfPart(byte);
    }
  }

  #readTrailers(input: Input): ChunkStep {
    this.#fields ??= new FieldReader();
    const fields = this.#fields;
    const done = fields.read(input.bytes, input.at, input.end, this.#limits);
    if (done !== true) return done;
    const trailers = fields.toList(input.bytes, input.at);
    input.at += fields.length;
    // What frames or routes a message must stand before it (RFC 9110 section 6.5.1).
    for (let i = 0; i < trailers.length; i += 2) if (framesBody(trailers[i])) return failure("trailer");
    this.trailers = trailers;
    return true;
  }
}
