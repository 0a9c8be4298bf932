// Lists of numbers as most clients write them, `1,2,3` or `1, 2, 3`, into packed runs: a loop of its own for every sort of
// number, with the position in a register, three times as fast as one by one (bench codec, numbers). An element of another
// form, of too many digits, out of range, or the last, is left to the general reader: what is refused, and how, is written
// down once.
import { type FieldPlan, Kind, type ReadRun } from "./message-plan.ts";
import { scaleLong } from "./read-decimal.ts";
import { putVarint32, putVarint64 } from "../wire/put-varint.ts";

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;

/** How much of the text is read between two reservations. */
const strideBytes = 1024;
/** How many bytes a character stands for at most: `-1,` is of ten bytes, `1,` of eight. */
const perCharacter = 4;
/** No element that is read here is longer; those nearer to the end of the text are left to the general reader. */
const mostCharacters = 32;

type PackedReader = (run: ReadRun, field: FieldPlan, stop: number) => void;

const byKind: readonly (PackedReader | undefined)[] = Array.from({ length: Kind.STRING }, (_, kind) => {
  if (kind < Kind.INT64) return readInts;
  if (kind < Kind.BOOL) return readLongs;
  return kind === Kind.DOUBLE || kind === Kind.FLOAT ? readDecimals : undefined;
});

/** Reads elements with the comma behind each, as far as they are of the usual form; whether there was any. */
export function readPacked(run: ReadRun, field: FieldPlan): boolean {
  const read = byKind[field.kind];
  if (read === undefined) return false;
  const { json, out } = run;
  const start = json.pos;
  const last = json.end - mostCharacters;
  for (let before = -1; json.pos < last && json.pos > before;) {
    before = json.pos;
    const stop = Math.min(last, before + strideBytes);
    out.reserve((stop - before + mostCharacters) * perCharacter);
    read(run, field, stop);
  }
  return json.pos > start;
}

/** What the digits that were scanned last make. Module state: a result object would cost more than the digits. */
let scanned = 0;

/** Scans at most nine digits; returns where they end. */
function scanDigits(bytes: Uint8Array, start: number): number {
  const limit = start + 9;
  let at = start;
  let value = 0;
  for (let digit = bytes[at] - ZERO; digit >= 0 && digit <= 9 && at < limit; digit = bytes[++at] - ZERO)
    value = (value * 10 + digit) | 0;
  scanned = value;
  return at;
}

/** Where the next element is, behind a comma and perhaps a space; -1 where there is no comma. */
function nextElement(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== COMMA) return -1;
  return bytes[at + 1] === SPACE ? at + 2 : at + 1;
}

function readInts({ json, out }: ReadRun, { kind }: FieldPlan, stop: number): void {
  const isFixed = kind === Kind.FIXED32 || kind === Kind.SFIXED32;
  const isUnsigned = kind === Kind.UINT32 || kind === Kind.FIXED32;
  const isZigzag = kind === Kind.SINT32;
  const { bytes } = json;
  const { view } = out;
  let { length } = out;
  let { pos } = json;
  while (pos < stop) {
    const isNegative = bytes[pos] === MINUS;
    const first = isNegative ? pos + 1 : pos;
    // Nine digits are in every range but for their sign.
    const at = scanDigits(bytes, first);
    const next = nextElement(bytes, at);
    if (at === first || next < 0 || (bytes[first] === ZERO && at > first + 1) || (isNegative && isUnsigned)) break;
    pos = next;
    const value = isNegative ? -scanned | 0 : scanned;
    if (isFixed) {
      view.setInt32(length, value, true);
      length += 4;
    } else if (isZigzag) length = putVarint32(view, length, (value << 1) ^ (value >> 31));
    // A negative int32 takes ten bytes: it is sign-extended to 64 bits.
    else length = putVarint64(view, length, value, value >> 31);
  }
  json.pos = pos;
  out.length = length;
}

function readLongs({ json, out }: ReadRun, { kind }: FieldPlan, stop: number): void {
  const isUnsigned = kind === Kind.UINT64 || kind === Kind.FIXED64;
  const { bytes } = json;
  const { view } = out;
  let { length } = out;
  let { pos } = json;
  while (pos < stop) {
    const isQuoted = bytes[pos] === QUOTE;
    const start = isQuoted ? pos + 1 : pos;
    const isNegative = bytes[start] === MINUS;
    const first = isNegative ? start + 1 : start;
    let at = scanDigits(bytes, first);
    let lo = scanned;
    let hi = 0;
    if (at === first + 9) {
      const head = scanned;
      at = scanDigits(bytes, at);
      const power = powersOfTen[at - first - 9];
      // The lower half is exact modulo 2^32; the whole, rounded, tells the upper one.
      lo = (Math.imul(head, power) + scanned) | 0;
      hi = Math.floor((head * power + scanned - (lo >>> 0)) / 4294967296 + 0.5);
    }
    if (isQuoted && bytes[at] !== QUOTE) break;
    const next = nextElement(bytes, isQuoted ? at + 1 : at);
    if (at === first || next < 0 || (bytes[first] === ZERO && at > first + 1) || (isNegative && isUnsigned)) break;
    pos = next;
    if (isNegative) {
      lo = -lo | 0;
      hi = lo === 0 ? -hi | 0 : ~hi;
    }
    if (kind === Kind.FIXED64 || kind === Kind.SFIXED64) {
      view.setInt32(length, lo, true);
      view.setInt32(length + 4, hi, true);
      length += 8;
    } else if (kind === Kind.SINT64) {
      const sign = hi >> 31;
      length = putVarint64(view, length, (lo << 1) ^ sign, ((hi << 1) | (lo >>> 31)) ^ sign);
    } else length = putVarint64(view, length, lo, hi);
  }
  json.pos = pos;
  out.length = length;
}

/** Ten to the power of 0 to 18, all of them exact. */
const powersOfTen = Float64Array.from({ length: 19 }, (_, power) => 10 ** power);

function readDecimals({ json, out }: ReadRun, { kind }: FieldPlan, stop: number): void {
  const isFloat = kind === Kind.FLOAT;
  const { bytes } = json;
  const { view } = out;
  let { length } = out;
  let { pos } = json;
  while (pos < stop) {
    const isNegative = bytes[pos] === MINUS;
    const first = isNegative ? pos + 1 : pos;
    const point = scanDigits(bytes, first);
    const whole = scanned;
    let magnitude = whole;
    let at = point;
    if (bytes[point] === DOT) {
      const middle = scanDigits(bytes, point + 1);
      const fraction = scanned;
      if (middle === point + 1) break;
      at = middle === point + 10 ? scanDigits(bytes, middle) : middle;
      const decimals = middle - point - 1;
      magnitude =
        at === middle ? joinDecimal(whole, fraction, decimals) : joinLong(whole, fraction, scanned, at - middle);
    }
    const next = nextElement(bytes, at);
    // Written so that NaN is left, too.
    if (point === first || next < 0 || (bytes[first] === ZERO && point > first + 1) || !(magnitude >= 0)) break;
    pos = next;
    const value = isNegative ? -magnitude : magnitude;
    if (isFloat) view.setFloat32(length, value, true);
    else view.setFloat64(length, value, true);
    length += isFloat ? 4 : 8;
  }
  json.pos = pos;
  out.length = length;
}

/** Integers up to this are doubles, and so is what rounding makes of a larger one larger. */
const mostExact = 9_000_000_000_000_000;

/** whole.fraction of up to nine decimals; NaN where it is of too many digits. */
function joinDecimal(whole: number, fraction: number, decimals: number): number {
  const digits = whole * powersOfTen[decimals] + fraction;
  // Both are exact, so that the one division rounds correctly (Clinger).
  return digits <= mostExact ? digits / powersOfTen[decimals] : Number.NaN;
}

/** The same with one to nine decimals behind the first nine. */
function joinLong(whole: number, fraction: number, rest: number, restDigits: number): number {
  const head = whole * 1e9 + fraction;
  if (head > mostExact) return Number.NaN;
  const digits = head * powersOfTen[restDigits] + rest;
  if (digits <= mostExact) return digits / powersOfTen[9 + restDigits];
  return scaleLong(head, rest, restDigits, -9 - restDigits);
}
