// JSON numbers (bare or in quotes) → exact integers and doubles. Integers never pass through a double that could round them.
import { ByteSink } from "../wire/byte-sink.ts";
import { JsonCursor, JsonFault } from "./json-cursor.ts";
import { readDecimal } from "./read-decimal.ts";
import { readText } from "./read-string.ts";

const QUOTE = 0x22;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** The last integer read, in two's complement. Module state instead of a result object: one is read at a time. */
export const int64 = { lo: 0, hi: 0 };

export interface IntegerRange {
  readonly name: string;
  readonly isSigned: boolean;
  readonly bits: 32 | 64;
}

export const int32Range: IntegerRange = { name: "int32", isSigned: true, bits: 32 };
export const uint32Range: IntegerRange = { name: "uint32", isSigned: false, bits: 32 };
export const int64Range: IntegerRange = { name: "int64", isSigned: true, bits: 64 };
export const uint64Range: IntegerRange = { name: "uint64", isSigned: false, bits: 64 };

/** Reads an integer of the range into `int64`; `1e3` and `5.0` are integers too (ProtoJSON). */
export function readInteger(json: JsonCursor, range: IntegerRange): void {
  const first = json.peek();
  const start = json.pos;
  const isQuoted = first === QUOTE;
  if (!isQuoted && first !== MINUS && (first < ZERO || first > NINE)) json.unexpected(`an integer (${range.name})`);
  if (isQuoted) json.pos++;
  const token = json.pos;
  const { bytes, end } = json;
  let at = token;
  const isNegative = at < end && bytes[at] === MINUS;
  if (isNegative) at++;
  const digits = at;
  // Nine digits fit a small integer, eleven more a double: no BigInt, no string.
  let head = 0;
  const headEnd = Math.min(end, digits + 9);
  while (at < headEnd && bytes[at] >= ZERO && bytes[at] <= NINE) head = (head * 10 + bytes[at++] - ZERO) | 0;
  let tail = 0;
  const tailEnd = Math.min(end, digits + 20);
  if (at === digits + 9)
    while (at < tailEnd && bytes[at] >= ZERO && bytes[at] <= NINE) tail = tail * 10 + bytes[at++] - ZERO;
  const count = at - digits;
  const next = at < end ? bytes[at] : 0;
  const isPlain = count > 0 && (next < ZERO || next > NINE) && next !== DOT && (next | 0x20) !== 0x65;
  if (!isPlain || (bytes[digits] === ZERO && count > 1) || (isQuoted && next !== QUOTE)) {
    json.pos = start;
    readUnusualInteger(json, range, isQuoted);
    return;
  }
  json.pos = isQuoted ? at + 1 : at;
  if (count > 9) {
    setInteger(json, range, { head, tail, tailDigits: count - 9, isNegative }, start);
    return;
  }
  // Nine digits are in every range but for their sign.
  if (isNegative && !range.isSigned && head !== 0) outOfRange(json, start, range.name);
  int64.lo = isNegative ? -head | 0 : head;
  int64.hi = isNegative && head !== 0 ? -1 : 0;
}

/** Many digits, a fraction, an exponent or escapes inside the quotes; or no integer at all. */
function readUnusualInteger(json: JsonCursor, range: IntegerRange, isQuoted: boolean): void {
  const start = json.pos;
  if (isQuoted && hasEscape(json)) {
    readUnescaped(json, (cursor) => readInteger(cursor, range));
    return;
  }
  if (isQuoted) json.pos++;
  readLongInteger(json, range, start);
  if (isQuoted) closeQuote(json, start, range.name);
}

const unescaped = new ByteSink();

/** Whether the string at the cursor holds an escape. */
function hasEscape({ bytes, pos, end }: JsonCursor): boolean {
  let at = pos + 1;
  while (at < end && bytes[at] !== QUOTE && bytes[at] !== 0x5c) at++;
  return at < end && bytes[at] === 0x5c;
}

/** Reads the number out of a string with escapes, `"\u0031"`: legal, and nobody writes it. */
function readUnescaped<T>(json: JsonCursor, read: (cursor: JsonCursor) => T): T {
  const start = json.pos;
  const text = readText(json, unescaped, "a number in quotes");
  if (!/^[-+.\w]*$/.test(text)) {
    json.pos = start;
    json.unexpected("a number");
  }
  try {
    const cursor = new JsonCursor(Buffer.from(JSON.stringify(text)));
    return read(cursor);
  } catch (error) {
    if (error instanceof JsonFault) json.fail(error.description, error.reason, start);
    throw error;
  }
}

function closeQuote(json: JsonCursor, start: number, name: string): void {
  if (json.pos < json.end && json.bytes[json.pos] === QUOTE) json.pos++;
  else {
    json.pos = start;
    json.unexpected(name === "float" || name === "double" ? `a number (${name})` : `an integer (${name})`);
  }
}

function outOfRange(json: JsonCursor, start: number, name: string): never {
  json.fail(`the number is out of range for ${name}`, "VALUE_OUT_OF_RANGE", start);
}

/** A fraction or an exponent; or more digits than any integer has. */
function readLongInteger(json: JsonCursor, range: IntegerRange, start: number): void {
  const token = readNumberToken(json, range.name, start);
  const text = integerDigits(token);
  if (text === undefined)
    json.fail(`expected an integer (${range.name}), found ${token.slice(0, 32)}`, "VALUE_INVALID", start);
  if (text.length > 20) outOfRange(json, start, range.name);
  const tail = text.slice(9);
  const isNegative = token.startsWith("-");
  setInteger(
    json,
    range,
    { head: Number(text.slice(0, 9)), tail: Number(tail), tailDigits: tail.length, isNegative },
    start,
  );
}

/** Up to 20 decimal digits: head · 10^tailDigits + tail. */
interface Decimal {
  readonly head: number;
  readonly tail: number;
  readonly tailDigits: number;
  readonly isNegative: boolean;
}

/** Sets `int64`, range checked. */
function setInteger(json: JsonCursor, range: IntegerRange, decimal: Decimal, start: number): void {
  const { head, tail, tailDigits, isNegative } = decimal;
  let lo = head;
  let hi = 0;
  if (tailDigits > 6) {
    // 10^k in two parts of 20 and at most 17 bits, so that no product passes 2^53.
    const power = powersOfTen[tailDigits];
    const powerTop = Math.floor(power / 1048576);
    const rest = head * (power - powerTop * 1048576) + tail;
    const top = head * powerTop;
    const topHi = Math.floor(top / 4096);
    const restHi = Math.floor(rest / 4294967296);
    const sum = (top - topHi * 4096) * 1048576 + (rest - restHi * 4294967296);
    const carry = sum >= 4294967296 ? 1 : 0;
    lo = sum - carry * 4294967296;
    hi = topHi + restHi + carry;
  } else if (tailDigits > 0) {
    const value = head * powersOfTen[tailDigits] + tail;
    hi = Math.floor(value / 4294967296);
    lo = value - hi * 4294967296;
  }
  if (!isInRange(range, lo, hi, isNegative)) outOfRange(json, start, range.name);
  int64.lo = isNegative ? -lo | 0 : lo | 0;
  int64.hi = isNegative ? (lo === 0 ? -hi | 0 : ~hi) : hi | 0;
}

function isInRange({ isSigned, bits }: IntegerRange, lo: number, hi: number, isNegative: boolean): boolean {
  if (!isSigned) return (bits === 64 ? hi < 4294967296 : hi === 0) && !(isNegative && (lo !== 0 || hi !== 0));
  const half = bits === 64 ? hi : lo;
  if (bits === 32 && hi !== 0) return false;
  return half < 0x80000000 || (isNegative && half === 0x80000000 && (bits === 32 || lo === 0));
}

/** The decimal digits of a number that is an integer (`12e2` → "1200"), else undefined. More than 20 digits come back as they may. */
function integerDigits(token: string): string | undefined {
  const match = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token)!;
  const fraction = withoutTrailingZeros(match[2] ?? "");
  const digits = (match[1] + fraction).replace(/^0+/, "");
  if (digits === "") return "0";
  const exponent = Number(match[3] ?? 0) - fraction.length;
  if (exponent >= 0) return exponent > 20 ? "9".repeat(21) : digits + "0".repeat(exponent);
  const dropped = digits.slice(exponent);
  return digits.length > -exponent && /^0+$/.test(dropped) ? digits.slice(0, exponent) : undefined;
}

/** A loop: the pattern /0+$/ takes quadratic time on zeros in the middle. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === ZERO) end--;
  return digits.slice(0, end);
}

/** Consumes one number of JSON's grammar; its text. */
function readNumberToken(json: JsonCursor, name: string, start: number): string {
  const { bytes, pos } = json;
  const end = numberEnd(bytes, pos, json.end);
  if (end < 0) {
    json.pos = start;
    json.unexpected(name === "float" || name === "double" ? `a number (${name})` : `an integer (${name})`);
  }
  json.pos = end;
  if (end - pos > 1024) json.fail("a number of more than 1024 characters", "VALUE_OUT_OF_RANGE", start);
  return Buffer.from(bytes.buffer, bytes.byteOffset + pos, end - pos).toString("latin1");
}

/** Where the JSON number at `at` ends, or -1 if none starts there. */
export function numberEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  if (at < end && bytes[at] === MINUS) at++;
  const whole = skipDigits(bytes, at, end);
  if (whole === at || (bytes[at] === ZERO && whole > at + 1)) return -1;
  at = whole;
  if (at < end && bytes[at] === DOT) {
    const fraction = skipDigits(bytes, at + 1, end);
    if (fraction === at + 1) return -1;
    at = fraction;
  }
  if (at < end && (bytes[at] | 0x20) === 0x65) {
    let exponent = at + 1;
    if (exponent < end && (bytes[exponent] === MINUS || bytes[exponent] === 0x2b)) exponent++;
    const stop = skipDigits(bytes, exponent, end);
    if (stop === exponent) return -1;
    at = stop;
  }
  return at;
}

function skipDigits(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] >= ZERO && bytes[at] <= NINE) at++;
  return at;
}

const powersOfTen = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** A double, or a float where `isFloat`; `"NaN"`, `"Infinity"`, `"-Infinity"` and quoted numbers included. */
export function readDouble(json: JsonCursor, isFloat: boolean): number {
  const name = isFloat ? "float" : "double";
  const first = json.peek();
  const start = json.pos;
  const isQuoted = first === QUOTE;
  if (!isQuoted && first !== MINUS && (first < ZERO || first > NINE)) json.unexpected(`a number (${name})`);
  if (isQuoted) {
    const special = readSpecialNumber(json);
    if (special !== undefined) return special;
    if (hasEscape(json)) return readUnescaped(json, (cursor) => readDouble(cursor, isFloat));
    json.pos++;
  }
  let value = readDecimal(json);
  if (Number.isNaN(value)) value = Number(readNumberToken(json, name, start));
  if (isQuoted) closeQuote(json, start, name);
  if (!Number.isFinite(isFloat ? Math.fround(value) : value)) outOfRange(json, start, name);
  return value;
}

function readSpecialNumber(json: JsonCursor): number | undefined {
  for (const [text, value] of [
    ['"NaN"', NaN],
    ['"Infinity"', Infinity],
    ['"-Infinity"', -Infinity],
  ] as const) {
    let i = 0;
    while (i < text.length && json.bytes[json.pos + i] === text.charCodeAt(i)) i++;
    if (i === text.length && json.pos + i <= json.end) {
      json.pos += i;
      return value;
    }
  }
  return undefined;
}
