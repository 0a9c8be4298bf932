// Numbers, strings and bytes as JSON text, straight into the sink: no intermediate JavaScript value where it can be avoided.
import type { ByteSink } from "./byte-sink.ts";
import { malformed } from "./wire-reader.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const hexDigits = Buffer.from("0123456789abcdef");

/** 1 for a byte that stands for itself inside a JSON string: printable ASCII but `"` and `\`. */
const plain = new Uint8Array(256).fill(1, 0x20, 0x80);
plain[QUOTE] = 0;
plain[BACKSLASH] = 0;

/** The letter of a two-character escape, by byte. */
const shortEscape = new Uint8Array(256);
for (const [byte, letter] of [
  [8, "b"],
  [9, "t"],
  [10, "n"],
  [12, "f"],
  [13, "r"],
  [QUOTE, '"'],
  [BACKSLASH, "\\"],
] as const)
  shortEscape[byte] = letter.charCodeAt(0);

const tenThousand = 10_000;
const hundredMillion = 100_000_000;

/**
 * "0000" to "9999", each as the 32-bit word of its four characters: one load and one store for four digits. Three to
 * four times as fast as digit by digit (bench codec, numbers), for 40 KB of memory.
 */
const fourDigits = Int32Array.from({ length: tenThousand }, (_, value) =>
  Buffer.from(String(value).padStart(4, "0")).readInt32LE(),
);

/** Room for the digits of any number and for the word that the last store may reach beyond them. */
const numberRoom = 24;

/** An unsigned integer below 2^53. */
export function writeUint(out: ByteSink, value: number): void {
  out.reserve(numberRoom);
  if (value > 0x7fffffff) {
    const high = Math.floor(value / hundredMillion);
    writeUint(out, high);
    writeEightDigits(out, value - high * hundredMillion);
    return;
  }
  // An integer to the compiler too: it then multiplies instead of dividing.
  const number = value | 0;
  if (number < tenThousand) writeUpToFourDigits(out, number);
  else if (number < hundredMillion) {
    const high = (number / tenThousand) | 0;
    writeUpToFourDigits(out, high);
    out.view.setInt32(out.length, fourDigits[number - high * tenThousand], true);
    out.length += 4;
  } else {
    const high = (number / hundredMillion) | 0;
    writeUpToFourDigits(out, high);
    writeEightDigits(out, number - high * hundredMillion);
  }
}

/** A number below 10,000 without leading zeros, into room that is reserved. */
function writeUpToFourDigits(out: ByteSink, number: number): void {
  const digits = number < 100 ? (number < 10 ? 1 : 2) : number < 1000 ? 3 : 4;
  // The first character is the lowest byte: shifting drops the zeros in front.
  out.view.setInt32(out.length, fourDigits[number] >>> (32 - digits * 8), true);
  out.length += digits;
}

/** Exactly eight digits, into room that is reserved. */
function writeEightDigits(out: ByteSink, value: number): void {
  const number = value | 0;
  const high = (number / tenThousand) | 0;
  const { view, length } = out;
  view.setInt32(length, fourDigits[high], true);
  view.setInt32(length + 4, fourDigits[number - high * tenThousand], true);
  out.length = length + 8;
}

export function writeInt32(out: ByteSink, value: number): void {
  if (value < 0) {
    out.appendByte(0x2d);
    writeUint(out, -value);
  } else writeUint(out, value);
}

/** A 64-bit integer from its halves, exact. */
export function writeUint64(out: ByteSink, lo: number, hi: number): void {
  const value = (hi >>> 0) * 4294967296 + (lo >>> 0);
  if (value < 9007199254740992) {
    writeUint(out, value);
    return;
  }
  // The quotient may be off by one, since `value` is rounded; the remainder, exact modulo 2^32, tells.
  let quotient = Math.floor(value / hundredMillion);
  let remainder = (lo - Math.imul(quotient | 0, hundredMillion)) | 0;
  if (remainder < 0) {
    quotient--;
    remainder += hundredMillion;
  } else if (remainder >= hundredMillion) {
    quotient++;
    remainder -= hundredMillion;
  }
  writeUint(out, quotient);
  out.reserve(numberRoom);
  writeEightDigits(out, remainder);
}

export function writeInt64(out: ByteSink, lo: number, hi: number): void {
  if (hi >= 0) {
    writeUint64(out, lo, hi);
    return;
  }
  out.appendByte(0x2d);
  const negatedLo = -lo | 0;
  writeUint64(out, negatedLo, negatedLo === 0 ? -hi | 0 : ~hi);
}

/** `value`, below 2^31, with leading zeros to exactly `width` digits, at most nine. */
export function writePadded(out: ByteSink, value: number, width: number): void {
  out.reserve(numberRoom);
  let last = value | 0;
  if (width > 4) {
    const high = (last / tenThousand) | 0;
    writePadded(out, high, width - 4);
    last -= high * tenThousand;
  }
  const digits = Math.min(width, 4);
  out.view.setInt32(out.length, fourDigits[last] >>> (32 - digits * 8), true);
  out.length += digits;
}

export function writeDouble(out: ByteSink, value: number): void {
  if (Number.isSafeInteger(value)) {
    if (value > 0) writeUint(out, value);
    else if (value < 0) {
      out.appendByte(0x2d);
      writeUint(out, -value);
    } else out.appendAscii(Object.is(value, -0) ? "-0" : "0");
  } else if (Number.isFinite(value)) {
    if (!writeShortDecimal(out, value, false)) out.appendAscii(String(value));
  } else out.appendAscii(value > 0 ? '"Infinity"' : value < 0 ? '"-Infinity"' : '"NaN"');
}

/** The shortest decimal that reads back as the same 32-bit float. */
export function writeFloat(out: ByteSink, value: number): void {
  if (!Number.isFinite(value) || Number.isSafeInteger(value)) {
    writeDouble(out, value);
    return;
  }
  if (writeShortDecimal(out, value, true)) return;
  // Six digits tell all floats apart but those below the smallest normal one, which have fewer bits.
  for (let precision = Math.abs(value) < 1.2e-38 ? 1 : 6; precision < 9; precision++) {
    const rounded = Number(value.toPrecision(precision));
    if (Math.fround(rounded) === value) {
      out.appendAscii(String(rounded));
      return;
    }
  }
  out.appendAscii(String(Number(value.toPrecision(9))));
}

const powersOfTen = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, hundredMillion, 1e9];

/** Decimals to try first: those of one message tend to have as many. Too many cost a division each, too few a whole try. */
let likelyDecimals = 2;

/**
 * Writes a number that has at most nine decimals, as most numbers that people store; false for another one. The fewest
 * decimals that give the number back are its shortest form, and exact: an integer below 2^53 divided by a power of ten
 * is correctly rounded. Five times faster than the runtime's number formatting (bench codec, numbers).
 */
function writeShortDecimal(out: ByteSink, value: number, isFloat: boolean): boolean {
  const magnitude = Math.abs(value);
  if (magnitude >= 1e8 || magnitude < 1e-6) return false;
  let decimals = magnitude < 1e6 ? likelyDecimals : 1;
  let power = powersOfTen[decimals];
  let digits = Math.round(magnitude * power);
  while ((isFloat ? Math.fround(digits / power) : digits / power) !== magnitude) {
    if (++decimals === powersOfTen.length) return false;
    power = powersOfTen[decimals];
    digits = Math.round(magnitude * power);
    if (digits > Number.MAX_SAFE_INTEGER) return false;
  }
  const tried = decimals;
  if (isFloat) {
    // Of a float several decimals of one length may be good, so that the shortest is not this one without its zeros.
    while (
      decimals > 1 &&
      Math.fround(Math.round(magnitude * powersOfTen[decimals - 1]) / powersOfTen[decimals - 1]) === magnitude
    )
      decimals--;
    power = powersOfTen[decimals];
    digits = Math.round(magnitude * power);
  }
  const whole = Math.floor(magnitude);
  let fraction = (digits - whole * power) | 0;
  // More decimals than needed give zeros at the end; the number is no integer, so one digit stays.
  for (let shorter = (fraction / 10) | 0; shorter * 10 === fraction && decimals > 1; shorter = (fraction / 10) | 0) {
    fraction = shorter;
    decimals--;
  }
  likelyDecimals = tried - decimals > 2 ? tried - 1 : tried;
  if (value < 0) out.appendByte(0x2d);
  writeUint(out, whole);
  out.appendByte(0x2e);
  writePadded(out, fraction, decimals);
  return true;
}

/** A range of bytes to read from, with the view of the same memory that every cursor carries. */
export interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * A JSON string from UTF-8 bytes. Invalid UTF-8 is an error, or U+FFFD where the field does not promise UTF-8 (proto2).
 */
export function writeString(out: ByteSink, source: Source, start: number, end: number, replaceInvalid: boolean): void {
  out.reserve(end - start + 2);
  out.bytes[out.length++] = QUOTE;
  const stop = copyPlain(out, source, start, end);
  if (stop < end) writeSpecial(out, source.bytes, stop, end, replaceInvalid);
  out.appendByte(QUOTE);
}

/** Shorter strings are not worth a view of the memory. */
const viewWorth = 24;

/** Copies the bytes that stand for themselves, into room the caller reserved; returns where they end. */
function copyPlain(out: ByteSink, source: Source, start: number, end: number): number {
  let at = end - start < viewWorth ? start : copyWords(out, source, start, end);
  const { bytes } = source;
  const target = out.bytes;
  let { length } = out;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (plain[byte] === 0) break;
    target[length++] = byte;
  }
  out.length = length;
  return at;
}

/** Four bytes at a time: twice as fast as a scan and a native copy, up to some hundred bytes. */
function copyWords(out: ByteSink, { view }: Source, start: number, end: number): number {
  const target = out.view;
  let { length } = out;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = view.getInt32(at, true);
    if (isSpecialWord(word)) break;
    target.setInt32(length, word, true);
    length += 4;
  }
  out.length = length;
  return at;
}

/**
 * Whether one of four bytes is a control character, `"`, `\\` or not ASCII: the top bit of a byte shows it. A borrow can
 * set the bit of a byte above a special one, never of one without a special one below it.
 */
function isSpecialWord(word: number): boolean {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  return ((word | (word - 0x20202020) | (quote - 0x01010101) | (backslash - 0x01010101)) & 0x80808080) !== 0;
}

/** Where the bytes that stand for themselves end, of a JSON text whose string may be of any length. */
export function plainEnd(source: Source, start: number, end: number): number {
  const { bytes } = source;
  const worth = Math.min(end, start + viewWorth);
  let at = start;
  while (at < worth && plain[bytes[at]] === 1) at++;
  if (at < start + viewWorth) return at;
  const { view } = source;
  while (at + 4 <= end && !isSpecialWord(view.getInt32(at, true))) at += 4;
  while (at < end && plain[bytes[at]] === 1) at++;
  return at;
}

/** The rest of a string from its first byte that needs an escape or a UTF-8 check. */
function writeSpecial(out: ByteSink, source: Uint8Array, start: number, end: number, replaceInvalid: boolean): void {
  // Six bytes for one is the worst (\u001f); reserving in steps keeps a large clean string from asking for six times its size.
  for (let at = start; at < end;) {
    const stop = Math.min(end, at + 4096);
    out.reserve((stop - at) * 6 + 8);
    const { bytes } = out;
    let { length } = out;
    while (at < stop) {
      const byte = source[at];
      if (plain[byte] === 1) {
        bytes[length++] = byte;
        at++;
      } else if (byte < 0x80) {
        length = writeEscape(bytes, length, byte);
        at++;
      } else {
        const size = utf8Length(source, at, end);
        if (size === 0) {
          if (!replaceInvalid) throw malformed("string field holds invalid UTF-8");
          bytes[length++] = 0xef;
          bytes[length++] = 0xbf;
          bytes[length++] = 0xbd;
          at += brokenLength(source, at, end);
        } else for (let i = 0; i < size; i++) bytes[length++] = source[at++];
      }
    }
    out.length = length;
  }
}

function writeEscape(bytes: Uint8Array, at: number, byte: number): number {
  let length = at;
  bytes[length++] = BACKSLASH;
  if (shortEscape[byte] !== 0) {
    bytes[length++] = shortEscape[byte];
    return length;
  }
  bytes[length++] = 0x75;
  bytes[length++] = 0x30;
  bytes[length++] = 0x30;
  bytes[length++] = hexDigits[byte >>> 4];
  bytes[length++] = hexDigits[byte & 15];
  return length;
}

/** The length of the well-formed UTF-8 sequence of a non-ASCII character at `at` (Unicode table 3-7), 0 if it is none. */
export function utf8Length(source: Uint8Array, at: number, end: number): number {
  const first = source[at];
  const second = at + 1 < end ? source[at + 1] : 0;
  if (first < 0xc2 || first > 0xf4 || (second & 0xc0) !== 0x80) return 0;
  if (first < 0xe0) return 2;
  const third = at + 2 < end ? source[at + 2] : 0;
  if ((third & 0xc0) !== 0x80) return 0;
  if (first < 0xf0) {
    if (first === 0xe0 && second < 0xa0) return 0;
    return first === 0xed && second > 0x9f ? 0 : 3;
  }
  const fourth = at + 3 < end ? source[at + 3] : 0;
  if ((fourth & 0xc0) !== 0x80) return 0;
  if (first === 0xf0 && second < 0x90) return 0;
  return first === 0xf4 && second > 0x8f ? 0 : 4;
}

/** How much of a broken sequence one U+FFFD stands for: as far as it could have become a character (Unicode 3.9, U+FFFD substitution). */
function brokenLength(source: Uint8Array, at: number, end: number): number {
  const first = source[at];
  const second = at + 1 < end ? source[at + 1] : 0;
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (first < 0xe0 || first > 0xf4 || second < lowest || second > highest) return 1;
  const third = at + 2 < end ? source[at + 2] : 0;
  return first >= 0xf0 && (third & 0xc0) === 0x80 ? 3 : 2;
}

const base64Digits = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

/** Bytes as a quoted base64 string with padding. */
export function writeBase64(out: ByteSink, source: Uint8Array, start: number, end: number): void {
  out.reserve(Math.ceil((end - start) / 3) * 4 + 2);
  const { bytes } = out;
  let { length } = out;
  bytes[length++] = QUOTE;
  let at = start;
  for (; at + 2 < end; at += 3) {
    const group = (source[at] << 16) | (source[at + 1] << 8) | source[at + 2];
    bytes[length++] = base64Digits[group >>> 18];
    bytes[length++] = base64Digits[(group >>> 12) & 63];
    bytes[length++] = base64Digits[(group >>> 6) & 63];
    bytes[length++] = base64Digits[group & 63];
  }
  if (at < end) {
    const hasTwo = at + 1 < end;
    const group = (source[at] << 16) | (hasTwo ? source[at + 1] << 8 : 0);
    bytes[length++] = base64Digits[group >>> 18];
    bytes[length++] = base64Digits[(group >>> 12) & 63];
    bytes[length++] = hasTwo ? base64Digits[(group >>> 6) & 63] : 0x3d;
    bytes[length++] = 0x3d;
  }
  bytes[length++] = QUOTE;
  out.length = length;
}
