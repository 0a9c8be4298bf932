// String literals of .proto text to the bytes they stand for: escapes, and the joining of neighbours.
import { tokenKind } from "./lex-token.ts";
import type { Cursor } from "./cursor.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const simpleEscapes = new Map([
  ["a", 7],
  ["b", 8],
  ["f", 12],
  ["n", 10],
  ["r", 13],
  ["t", 9],
  ["v", 11],
  ["\\", 92],
  ["?", 63],
  ["'", 39],
  ['"', 34],
]);

/** One or more neighbouring strings, joined; `what` is what should be here. */
export function expectString(cursor: Cursor, what: string, hint?: string): Uint8Array {
  if (cursor.kind() !== tokenKind.string) cursor.failExpecting(what, hint);
  const parts = [decodeString(cursor, cursor.take())];
  while (cursor.kind() === tokenKind.string) parts.push(decodeString(cursor, cursor.take()));
  return parts.length === 1 ? parts[0] : new Uint8Array(Buffer.concat(parts));
}

/** The same as text, for paths and names. */
export function expectText(cursor: Cursor, what: string, hint?: string): string {
  return decoder.decode(expectString(cursor, what, hint));
}

function decodeString(cursor: Cursor, token: number): Uint8Array {
  const { source, tokens } = cursor;
  const start = tokens.starts[token] + 1;
  const end = Math.max(start, tokens.ends[token] - 1);
  const text = source.slice(start, end);
  if (!text.includes("\\")) return encoder.encode(text);
  const into = new Uint8Array(text.length * 3);
  let length = 0;
  let at = 0;
  while (at < text.length) {
    const escape = text.indexOf("\\", at);
    const plainEnd = escape < 0 ? text.length : escape;
    length += encoder.encodeInto(text.slice(at, plainEnd), into.subarray(length)).written;
    if (escape < 0) break;
    const { bytes, size } = decodeEscape(cursor, text, escape, start);
    into.set(bytes, length);
    length += bytes.length;
    at = escape + size;
  }
  return into.slice(0, length);
}

interface Escape {
  readonly bytes: Uint8Array | readonly number[];
  /** UTF-16 units it takes, the backslash included. */
  readonly size: number;
}

/** `base` is where `text` begins in the source, for positions. */
function decodeEscape(cursor: Cursor, text: string, at: number, base: number): Escape {
  const char = text[at + 1] ?? "";
  const simple = simpleEscapes.get(char);
  if (simple !== undefined) return { bytes: [simple], size: 2 };
  if (char >= "0" && char <= "7") {
    const digits = /^[0-7]{1,3}/.exec(text.slice(at + 1, at + 4))?.[0] ?? "";
    const value = Number.parseInt(digits, 8);
    if (value > 255) return invalid(cursor, text.slice(at, at + 4), base + at, "an octal escape goes up to \\377");
    return { bytes: [value], size: 1 + digits.length };
  }
  if (char === "x" || char === "X") {
    const digits = /^[0-9a-fA-F]{1,2}/.exec(text.slice(at + 2, at + 4))?.[0];
    if (digits === undefined)
      return invalid(cursor, text.slice(at, at + 2), base + at, "one or two hexadecimal digits follow \\x");
    return { bytes: [Number.parseInt(digits, 16)], size: 2 + digits.length };
  }
  if (char === "u" || char === "U") return decodeCodePoint(cursor, text, at, base);
  return invalid(cursor, text.slice(at, at + 2), base + at, 'a backslash itself is written "\\\\"');
}

function decodeCodePoint(cursor: Cursor, text: string, at: number, base: number): Escape {
  const length = text[at + 1] === "u" ? 4 : 8;
  const value = hexAt(text, at + 2, length);
  if (value === undefined) {
    const hint = length === 4 ? "four hexadecimal digits follow \\u" : "eight hexadecimal digits follow \\U";
    return invalid(cursor, text.slice(at, at + 2), base + at, hint);
  }
  const size = 2 + length;
  const isHigh = value >= 0xd800 && value < 0xdc00;
  if (isHigh && text[at + size] === "\\" && text[at + size + 1] === "u") {
    const low = hexAt(text, at + size + 2, 4);
    if (low !== undefined && low >= 0xdc00 && low < 0xe000) {
      return { bytes: encoder.encode(String.fromCharCode(value, low)), size: size + 6 };
    }
  }
  const isSurrogate = value >= 0xd800 && value < 0xe000;
  if (isSurrogate || value > 0x10ffff) {
    const hint = isSurrogate ? "a surrogate stands only in a pair" : "code points go up to 0010FFFF";
    return invalid(cursor, text.slice(at, at + size), base + at, hint);
  }
  return { bytes: encoder.encode(String.fromCodePoint(value)), size };
}

function hexAt(text: string, at: number, length: number): number | undefined {
  const digits = text.slice(at, at + length);
  return digits.length === length && /^[0-9a-fA-F]+$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
}

function invalid(cursor: Cursor, escape: string, offset: number, hint: string): Escape {
  cursor.reportOffset(offset, {
    rule: "string-escape",
    message: `"${escape}" is not an escape sequence`,
    hint,
  });
  return { bytes: [], size: escape.length };
}
