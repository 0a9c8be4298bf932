// JSON strings → UTF-8 bytes (for string fields) and decoded base64 (for bytes fields), straight into the sink.
import type { ByteSink } from "../wire/byte-sink.ts";
import type { JsonCursor } from "./json-cursor.ts";
import {
  checkWorth,
  copyText,
  copyUtf8,
  firstByte,
  plainEnd,
  specialBytes,
  utf8Length,
  wordRoom,
} from "./write-text.ts";
import { closeLength, openLength, writeVarint32 } from "../wire/write-wire.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** 1 for a byte that stands for itself: printable ASCII but `"` and `\`. */
const plain = new Uint8Array(256).fill(1, 0x20, 0x80);
plain[QUOTE] = 0;
plain[BACKSLASH] = 0;

/** Reads a string as a length-prefixed value. */
export function readString(json: JsonCursor, out: ByteSink, expected: string): void {
  if (json.peek() !== QUOTE) json.unexpected(expected);
  if (readShortString(json, out)) return;
  const { bytes, end } = json;
  const start = json.pos + 1;
  const at = plainEnd(json, start, end);
  if (at < end && bytes[at] === QUOTE) {
    writeVarint32(out, at - start);
    out.appendRange(bytes, start, at);
    json.pos = at + 1;
    return;
  }
  const lengthAt = openLength(out, 1);
  out.appendRange(bytes, start, at);
  json.pos = at;
  readSpecial(json, out);
  closeLength(out, lengthAt, 1);
}

/** The longest whose length takes one byte, less what a word may reach beyond it. */
const shortBytes = 0x7f - 3;

/** Most strings: short, and of characters that stand for themselves. Copied while their end is looked for; false, and nothing done, for others. */
function readShortString(json: JsonCursor, out: ByteSink): boolean {
  const { view, pos } = json;
  const start = pos + 1;
  const last = Math.min(json.end, start + shortBytes) - 4;
  out.reserve(1 + shortBytes + wordRoom);
  const target = out.view;
  const shift = out.length + 1 - start;
  for (let at = start; at <= last; at += 4) {
    const word = view.getInt32(at, true);
    target.setInt32(at + shift, word, true);
    const special = specialBytes(word);
    if (special === 0) continue;
    const end = at + firstByte(special);
    if (view.getUint8(end) !== QUOTE) return false;
    target.setUint8(out.length, end - start);
    out.length = end + shift;
    json.pos = end + 1;
    return true;
  }
  return false;
}

/** Reads a string's UTF-8 without a length prefix. */
export function readRawString(json: JsonCursor, out: ByteSink, expected: string): void {
  if (json.peek() !== QUOTE) json.unexpected(expected);
  json.pos++;
  readSpecial(json, out);
}

/** The string at the cursor as a JavaScript string: keys with escapes, well-known types. */
export function readText(json: JsonCursor, out: ByteSink, expected: string): string {
  const start = out.length;
  readRawString(json, out, expected);
  const text = out.bytes.toString("utf8", start, out.length);
  out.length = start;
  return text;
}

/** The rest of a string up to and with its closing quote. */
function readSpecial(json: JsonCursor, out: ByteSink): void {
  const { bytes, end } = json;
  let at = json.pos;
  while (at < end) {
    const stop = Math.min(end, at + stepBytes);
    out.reserve(stop - at + wordRoom);
    while (at < stop) {
      const byte = bytes[at];
      if (byte === QUOTE) {
        json.pos = at + 1;
        return;
      }
      if (byte === BACKSLASH) at = readEscape(json, out, at);
      else if (plain[byte] === 1 || (byte >= 0x80 && json.isKnownUtf8)) out.bytes[out.length++] = bytes[at++];
      else at = readCharacter(json, out, at);
      // An escape or a character near the end of a step may pass it.
      if (at < stop) {
        out.reserve(stop - at + wordRoom);
        at = copyOn(json, out, at, stop);
      }
    }
  }
  json.fail("the JSON ends inside a string", "JSON_SYNTAX", end);
}

/** How much of a string is made room for at a time. */
const stepBytes = 4096;

/** Copies what stands for itself and undoes short escapes, into room that is reserved; returns where it stopped. */
function copyOn(json: JsonCursor, out: ByteSink, start: number, stop: number): number {
  // Most escapes stand close together or close to the end of a short text.
  if (json.end - start < checkWorth) return start;
  const { bytes } = json;
  const copy = json.isUtf8 ? copyUtf8 : copyText;
  let at = start;
  for (;;) {
    at = copy(out, json, at, stop);
    const byte = at + 1 < stop && bytes[at] === BACKSLASH ? escaped[bytes[at + 1]] : 0;
    if (byte === 0) return at;
    out.bytes[out.length++] = byte;
    at += 2;
  }
}

/** One character that is not ASCII; returns where the next one is. */
function readCharacter(json: JsonCursor, out: ByteSink, at: number): number {
  const { bytes } = json;
  const size = bytes[at] < 0x20 ? 0 : utf8Length(bytes, at, json.end);
  if (size === 0) refuseByte(json, at);
  for (let i = 0; i < size; i++) out.bytes[out.length++] = bytes[at + i];
  return at + size;
}

function refuseByte(json: JsonCursor, at: number): never {
  const byte = json.bytes[at];
  if (byte >= 0x80) json.fail("invalid UTF-8 in a string", "UTF8_INVALID", at);
  const shown = `\\u${byte.toString(16).padStart(4, "0")}`;
  json.fail(`a control character must be escaped in a string (${shown})`, "JSON_SYNTAX", at);
}

/** The byte an escape letter stands for; 0 for none. */
const escaped = new Uint8Array(256);
for (const [letter, byte] of ['""', "\\\\", "//", "b\b", "f\f", "n\n", "r\r", "t\t"].map((pair) => [
  pair.charCodeAt(0),
  pair.charCodeAt(1),
]))
  escaped[letter] = byte;

function readEscape(json: JsonCursor, out: ByteSink, at: number): number {
  const letter = at + 1 < json.end ? json.bytes[at + 1] : 0;
  if (escaped[letter] !== 0) {
    out.bytes[out.length++] = escaped[letter];
    return at + 2;
  }
  if (letter !== 0x75) json.fail("unknown escape in a string", "JSON_SYNTAX", at);
  const unit = readHex(json, at + 2);
  if (unit >= 0xdc00 && unit <= 0xdfff) loneSurrogate(json, at);
  if (unit < 0xd800 || unit > 0xdbff) {
    writeCodePoint(out, unit);
    return at + 6;
  }
  const hasSecond = at + 7 < json.end && json.bytes[at + 6] === BACKSLASH && json.bytes[at + 7] === 0x75;
  const second = hasSecond ? readHex(json, at + 8) : 0;
  if (second < 0xdc00 || second > 0xdfff) loneSurrogate(json, at);
  writeCodePoint(out, 0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00));
  return at + 12;
}

function loneSurrogate(json: JsonCursor, at: number): never {
  json.fail("a lone surrogate is no character", "UTF8_INVALID", at);
}

function readHex(json: JsonCursor, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const byte = i < json.end ? json.bytes[i] : 0;
    const lower = byte | 0x20;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
    if (digit < 0) json.fail("expected four hexadecimal digits after \\u", "JSON_SYNTAX", i);
    value = value * 16 + digit;
  }
  return value;
}

function writeCodePoint(out: ByteSink, point: number): void {
  out.reserve(4);
  const { bytes } = out;
  let { length } = out;
  if (point < 0x80) bytes[length++] = point;
  else if (point < 0x800) {
    bytes[length++] = 0xc0 | (point >> 6);
    bytes[length++] = 0x80 | (point & 63);
  } else if (point < 0x10000) {
    bytes[length++] = 0xe0 | (point >> 12);
    bytes[length++] = 0x80 | ((point >> 6) & 63);
    bytes[length++] = 0x80 | (point & 63);
  } else {
    bytes[length++] = 0xf0 | (point >> 18);
    bytes[length++] = 0x80 | ((point >> 12) & 63);
    bytes[length++] = 0x80 | ((point >> 6) & 63);
    bytes[length++] = 0x80 | (point & 63);
  }
  out.length = length;
}

/** The value of a base64 digit of either alphabet; negative for none. */
const base64Value = new Int8Array(256).fill(-1);
for (const [index, digit] of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".split("").entries())
  base64Value[digit.charCodeAt(0)] = index;
base64Value["-".charCodeAt(0)] = 62;
base64Value["_".charCodeAt(0)] = 63;

/** Reads base64 (either alphabet, padding optional) as a length-prefixed value. */
export function readBase64(json: JsonCursor, out: ByteSink): void {
  if (json.peek() !== QUOTE) json.unexpected("a base64 string");
  const { bytes, end } = json;
  const start = json.pos + 1;
  let stop = start;
  while (stop < end && bytes[stop] !== QUOTE && bytes[stop] !== BACKSLASH) stop++;
  if (stop < end && bytes[stop] === BACKSLASH) {
    // `\/` is legal JSON for a base64 digit; rare enough to decode the string first.
    const text = readText(json, out, "a base64 string");
    if (!decodeBase64(Buffer.from(text), 0, Buffer.byteLength(text), out)) badBase64(json, start - 1);
    return;
  }
  if (stop >= end) json.fail("the JSON ends inside a string", "JSON_SYNTAX", end);
  if (!decodeBase64(bytes, start, stop, out)) badBase64(json, start - 1);
  json.pos = stop + 1;
}

function badBase64(json: JsonCursor, at: number): never {
  json.fail("expected base64", "VALUE_INVALID", at);
}

/** Appends the length-prefixed decoded bytes; false if the text is no base64. */
export function decodeBase64(bytes: Uint8Array, start: number, end: number, out: ByteSink): boolean {
  let stop = end;
  while (stop > start && end - stop < 2 && bytes[stop - 1] === 0x3d) stop--;
  const digits = stop - start;
  if (digits % 4 === 1 || (stop < end && (end - start) % 4 !== 0)) return false;
  writeVarint32(out, Math.floor((digits * 3) / 4));
  out.reserve(digits);
  const target = out.bytes;
  let { length } = out;
  let at = start;
  // Four digits are three bytes; a negative one shows in the sign of all.
  for (; at + 4 <= stop; at += 4) {
    const group =
      (base64Value[bytes[at]] << 18) |
      (base64Value[bytes[at + 1]] << 12) |
      (base64Value[bytes[at + 2]] << 6) |
      base64Value[bytes[at + 3]];
    if (group < 0) return false;
    target[length] = group >> 16;
    target[length + 1] = group >> 8;
    target[length + 2] = group;
    length += 3;
  }
  if (at < stop) {
    const third = at + 2 < stop ? base64Value[bytes[at + 2]] : 0;
    const group = (base64Value[bytes[at]] << 12) | (base64Value[bytes[at + 1]] << 6) | third;
    if (group < 0) return false;
    target[length++] = group >> 10;
    if (at + 2 < stop) target[length++] = group >> 2;
  }
  out.length = length;
  return true;
}
