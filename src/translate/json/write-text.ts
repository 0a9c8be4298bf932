// Strings and bytes as JSON text, straight into the sink: no JavaScript string in between.
import type { ByteSink } from "../wire/byte-sink.ts";
import { malformed } from "../wire/wire-reader.ts";

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
        out.length = length;
        at = writeCharacter(out, source, at, end, replaceInvalid);
        ({ length } = out);
      }
    }
    out.length = length;
  }
}

/** One character that is not ASCII, into room that is reserved; returns where the next one is. */
function writeCharacter(out: ByteSink, source: Uint8Array, at: number, end: number, replaceInvalid: boolean): number {
  const size = utf8Length(source, at, end);
  if (size > 0) {
    for (let i = 0; i < size; i++) out.bytes[out.length++] = source[at + i];
    return at + size;
  }
  if (!replaceInvalid) throw malformed("string field holds invalid UTF-8");
  for (const byte of replacement) out.bytes[out.length++] = byte;
  return at + brokenLength(source, at, end);
}

/** U+FFFD */
const replacement = [0xef, 0xbf, 0xbd];

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
