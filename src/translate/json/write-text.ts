// Strings and bytes as JSON text, straight into the sink: no JavaScript string in between.
import { isUtf8 } from "node:buffer";
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
  readonly hasView: boolean;
}

/**
 * A JSON string from UTF-8 bytes. Invalid UTF-8 is an error, or U+FFFD where the field does not promise UTF-8 (proto2).
 */
export function writeString(out: ByteSink, source: Source, start: number, end: number, replaceInvalid: boolean): void {
  out.reserve(end - start + 2 + wordRoom);
  out.bytes[out.length++] = QUOTE;
  const isWords = source.hasView || end - start >= viewWorth;
  const stop = isWords ? copyText(out, source, start, end) : copyBytes(out, source.bytes, start, end);
  if (stop < end) writeSpecial(out, source, stop, end, replaceInvalid);
  out.appendByte(QUOTE);
}

/** Shorter strings are not worth a view of the memory that is not there yet. */
const viewWorth = 24;
/** Shorter strings are not worth a call of the native check of UTF-8. */
export const checkWorth = 48;
/** What the store of a whole word may reach beyond the bytes that count. */
export const wordRoom = 8;

/** Copies the bytes that stand for themselves, into room the caller reserved; returns where they end. */
function copyBytes(out: ByteSink, bytes: Uint8Array, start: number, end: number): number {
  const target = out.bytes;
  let { length } = out;
  let at = start;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (plain[byte] === 0) break;
    target[length++] = byte;
  }
  out.length = length;
  return at;
}

/** The same four bytes at a time: twice as fast as a scan and a native copy, up to some hundred bytes. */
export function copyText(out: ByteSink, { view, bytes }: Source, start: number, end: number): number {
  const target = out.view;
  let { length } = out;
  let at = start;
  for (; at + 8 <= end; at += 8, length += 8) {
    const first = view.getInt32(at, true);
    const second = view.getInt32(at + 4, true);
    if ((specialBytes(first) | specialBytes(second)) !== 0) break;
    target.setInt32(length, first, true);
    target.setInt32(length + 4, second, true);
  }
  for (; at + 4 <= end; at += 4) {
    const word = view.getInt32(at, true);
    const special = specialBytes(word);
    target.setInt32(length, word, true);
    if (special !== 0) {
      const count = firstByte(special);
      out.length = length + count;
      return at + count;
    }
    length += 4;
  }
  if (at < end && at > start) {
    // The last bytes once more with those before them, as a whole word.
    const word = view.getInt32(end - 4, true);
    if (specialBytes(word) === 0) {
      target.setInt32(length + end - at - 4, word, true);
      out.length = length + end - at;
      return end;
    }
  }
  out.length = length;
  return copyBytes(out, bytes, at, end);
}

/** The same of text that is known to be UTF-8: other characters than ASCII stand for themselves, too. */
export function copyUtf8(out: ByteSink, { view, bytes }: Source, start: number, end: number): number {
  const target = out.view;
  let { length } = out;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = view.getInt32(at, true);
    const special = specialBytes(word) & ~word;
    target.setInt32(length, word, true);
    if (special !== 0) {
      const count = firstByte(special);
      out.length = length + count;
      return at + count;
    }
    length += 4;
  }
  for (; at < end && (plain[bytes[at]] === 1 || bytes[at] >= 0x80); at++) out.bytes[length++] = bytes[at];
  out.length = length;
  return at;
}

/**
 * The top bit of every one of four bytes that is a control character, `"`, `\\` or not ASCII. A borrow can set the bit
 * of a byte above a special one, never of one without a special one below it: the lowest bit is always right.
 */
export function specialBytes(word: number): number {
  // Flipping this bit puts `"`, 0x22, right behind the control characters: one comparison finds both.
  const early = word ^ 0x02020202;
  const backslash = word ^ 0x5c5c5c5c;
  return (word | (early - 0x21212121) | (backslash - 0x01010101)) & 0x80808080;
}

/** Which byte the lowest bit is in. */
export function firstByte(bits: number): number {
  return (31 - Math.clz32(bits & -bits)) >> 3;
}

/** Where the bytes that stand for themselves end, of a JSON text whose string may be of any length. */
export function plainEnd(source: Source, start: number, end: number): number {
  const { bytes } = source;
  const worth = Math.min(end, start + viewWorth);
  let at = start;
  while (at < worth && plain[bytes[at]] === 1) at++;
  if (at < start + viewWorth) return at;
  const { view } = source;
  for (; at + 4 <= end; at += 4) {
    const special = specialBytes(view.getInt32(at, true));
    if (special !== 0) return at + firstByte(special);
  }
  while (at < end && plain[bytes[at]] === 1) at++;
  return at;
}

/** The rest of a string from its first byte that needs an escape or a UTF-8 check. */
function writeSpecial(out: ByteSink, source: Source, start: number, end: number, replaceInvalid: boolean): void {
  const { bytes } = source;
  const isWorthChecking = end - start >= checkWorth;
  let isChecked = false;
  let isTrusted = false;
  // Six bytes for one is the worst (\u001f); reserving in steps keeps a large clean string from asking for six times its size.
  for (let at = start; at < end;) {
    const stop = Math.min(end, at + 4096);
    out.reserve((stop - at) * 6 + wordRoom);
    while (at < stop) {
      at = isWorthChecking ? escapeWords(out, source, at, stop, isTrusted) : at;
      at = escapeBytes(out, bytes, at, stop, isTrusted);
      if (at >= stop) break;
      if (bytes[at] < 0x80) out.length = putUnicodeEscape(out.bytes, out.length, bytes[at++]);
      else if (isWorthChecking && !isChecked) {
        isChecked = true;
        isTrusted = isUtf8(bytes.subarray(at, end));
      } else at = writeCharacter(out, bytes, at, end, replaceInvalid);
    }
  }
}

/**
 * Copies and escapes four bytes at a time, into room the caller reserved; returns where it stopped: at a byte that is
 * neither plain nor has a short escape, or less than four before the end. Of trusted text only control characters stop it.
 */
function escapeWords(out: ByteSink, { view, bytes }: Source, start: number, end: number, isTrusted: boolean): number {
  const target = out.view;
  const ignored = isTrusted ? -1 : 0;
  let { length } = out;
  let at = start;
  while (at + 4 <= end) {
    const word = view.getInt32(at, true);
    const special = specialBytes(word) & ~(word & ignored);
    target.setInt32(length, word, true);
    const count = special === 0 ? 4 : firstByte(special);
    at += count;
    length += count;
    if (special === 0) continue;
    const letter = shortEscape[bytes[at]];
    if (letter === 0) break;
    target.setInt16(length, (letter << 8) | BACKSLASH, true);
    length += 2;
    at++;
  }
  out.length = length;
  return at;
}

/** The same byte by byte, up to the end. */
function escapeBytes(out: ByteSink, bytes: Uint8Array, start: number, end: number, isTrusted: boolean): number {
  const target = out.bytes;
  let { length } = out;
  let at = start;
  for (; at < end; at++) {
    const byte = bytes[at];
    const letter = shortEscape[byte];
    if (letter !== 0) {
      target[length++] = BACKSLASH;
      target[length++] = letter;
    } else if (plain[byte] === 1 || (isTrusted && byte >= 0x80)) target[length++] = byte;
    else break;
  }
  out.length = length;
  return at;
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

/** `\u001f`; returns where it stopped. */
function putUnicodeEscape(bytes: Uint8Array, at: number, byte: number): number {
  bytes[at] = BACKSLASH;
  bytes[at + 1] = 0x75;
  bytes[at + 2] = 0x30;
  bytes[at + 3] = 0x30;
  bytes[at + 4] = hexDigits[byte >>> 4];
  bytes[at + 5] = hexDigits[byte & 15];
  return at + 6;
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
