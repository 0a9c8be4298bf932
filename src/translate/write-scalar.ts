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

const billion = 1_000_000_000;

/** An unsigned integer below 2^53. */
export function writeUint(out: ByteSink, value: number): void {
  if (value > 0x7fffffff) {
    // Nine digits at a time, so that the loop below divides small integers: several times faster than doubles.
    const high = Math.floor(value / billion);
    writeUint(out, high);
    writePadded(out, value - high * billion, 9);
    return;
  }
  out.reserve(10);
  const { bytes } = out;
  let rest = value | 0;
  if (rest < 10) {
    bytes[out.length++] = 48 + rest;
    return;
  }
  const end = out.length + countDigits(rest);
  let at = end;
  while (rest >= 100) {
    const quotient = (rest / 100) | 0;
    const pair = (rest - quotient * 100) * 2;
    bytes[--at] = digitPairs[pair + 1];
    bytes[--at] = digitPairs[pair];
    rest = quotient;
  }
  if (rest < 10) bytes[--at] = 48 + rest;
  else {
    bytes[--at] = digitPairs[rest * 2 + 1];
    bytes[--at] = digitPairs[rest * 2];
  }
  out.length = end;
}

/** "00", "01" … "99": two digits a division. */
const digitPairs = Buffer.from(Array.from({ length: 100 }, (_, pair) => String(pair).padStart(2, "0")).join(""));

function countDigits(value: number): number {
  if (value < 100_000) return value < 100 ? 2 : value < 1000 ? 3 : value < 10_000 ? 4 : 5;
  if (value < 10_000_000) return value < 1_000_000 ? 6 : 7;
  return value < 100_000_000 ? 8 : value < 1_000_000_000 ? 9 : 10;
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
  let quotient = Math.floor(value / billion);
  let remainder = (lo - Math.imul(quotient | 0, billion)) | 0;
  if (remainder < 0) {
    quotient--;
    remainder += billion;
  } else if (remainder >= billion) {
    quotient++;
    remainder -= billion;
  }
  writeUint(out, quotient);
  writePadded(out, remainder, 9);
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

/** `value`, below 2^31, with leading zeros to exactly `width` digits. */
export function writePadded(out: ByteSink, value: number, width: number): void {
  out.reserve(width);
  const { bytes, length } = out;
  let rest = value | 0;
  let at = length + width;
  while (at - 2 >= length) {
    const quotient = (rest / 100) | 0;
    const pair = (rest - quotient * 100) * 2;
    bytes[--at] = digitPairs[pair + 1];
    bytes[--at] = digitPairs[pair];
    rest = quotient;
  }
  if (at > length) bytes[--at] = 48 + rest;
  out.length = length + width;
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
  for (let precision = 6; precision < 9; precision++) {
    const rounded = Number(value.toPrecision(precision));
    if (Math.fround(rounded) === value) {
      out.appendAscii(String(rounded));
      return;
    }
  }
  out.appendAscii(String(Number(value.toPrecision(9))));
}

const powersOfTen = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 1e8, billion];

/** Decimals of the last short number: those of one message tend to have as many. */
let lastDecimals = 2;

/**
 * Writes a number that has at most nine decimals, as most numbers that people store; false for another one. The fewest
 * decimals that give the number back are its shortest form, and exact: an integer below 2^53 divided by a power of ten
 * is correctly rounded. Five times faster than the runtime's number formatting (bench codec, numbers).
 */
function writeShortDecimal(out: ByteSink, value: number, isFloat: boolean): boolean {
  const magnitude = Math.abs(value);
  if (magnitude >= 1e8 || magnitude < 1e-6) return false;
  let decimals = lastDecimals;
  let power = powersOfTen[decimals];
  let digits = Math.round(magnitude * power);
  while ((isFloat ? Math.fround(digits / power) : digits / power) !== magnitude) {
    if (++decimals === powersOfTen.length) return false;
    power = powersOfTen[decimals];
    digits = Math.round(magnitude * power);
    if (digits > Number.MAX_SAFE_INTEGER) return false;
  }
  const whole = Math.floor(magnitude);
  let fraction = (digits - whole * power) | 0;
  // More decimals than needed give zeros at the end; the number is no integer, so one digit stays.
  for (let shorter = (fraction / 10) | 0; shorter * 10 === fraction && decimals > 1; shorter = (fraction / 10) | 0) {
    fraction = shorter;
    decimals--;
  }
  lastDecimals = decimals;
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
          at++;
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
