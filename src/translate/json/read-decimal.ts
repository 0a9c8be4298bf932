// JSON numbers → doubles, correctly rounded, without a string: three times as fast as the runtime's own parser (bench
// codec, numbers and decimals).
import { maxPower, powerHigh, powerLow, productError } from "./double-double.ts";
import type { JsonCursor } from "./json-cursor.ts";

const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** What a double holds exactly, and what the digits after these add. */
const headDigits = 15;
const mostDigits = 19;
/** 10^22 is the last power of ten that is a double: dividing by it rounds once. */
const mostExactPower = 22;

/**
 * The number at the cursor, of JSON's grammar, of at most 19 digits and within 1e-270 and 1e270. NaN, with the cursor
 * unmoved, for any other text and for one that is too close to the middle between two doubles.
 */
export function readDecimal(json: JsonCursor): number {
  const { bytes, end } = json;
  const isNegative = bytes[json.pos] === MINUS;
  const start = isNegative ? json.pos + 1 : json.pos;
  let at = start;
  let head = 0;
  let tail = 0;
  // The digits up to the 15th, those after it, and where the point was.
  let count = 0;
  let wholeEnd = -1;
  for (; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (count < headDigits) head = head * 10 + digit;
      else tail = tail * 10 + digit;
      // Zeros in front are no digits of the number.
      if (head !== 0) count++;
    } else if (bytes[at] === DOT && wholeEnd < 0) wholeEnd = at;
    else break;
  }
  const whole = (wholeEnd < 0 ? at : wholeEnd) - start;
  const decimals = wholeEnd < 0 ? 0 : at - wholeEnd - 1;
  const isGrammatical = whole > 0 && (bytes[start] !== ZERO || whole === 1) && (wholeEnd < 0 || decimals > 0);
  if (!isGrammatical || count > mostDigits) return Number.NaN;
  let exponent = -decimals;
  if (at < end && (bytes[at] | 0x20) === 0x65) {
    const written = readExponent(bytes, at + 1, end);
    if (written === noExponent) return Number.NaN;
    exponent += written;
    at = exponentEnd;
  }
  const value = count <= headDigits ? scaleExact(head, exponent) : scaleLong(head, tail, count - headDigits, exponent);
  if (!Number.isNaN(value)) json.pos = at;
  return isNegative ? -value : value;
}

const noExponent = 100_000;
/** Where the last exponent ended. */
let exponentEnd = 0;

/** A sign and up to three digits. */
function readExponent(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const sign = at < end ? bytes[at] : 0;
  if (sign === MINUS || sign === PLUS) at++;
  const digits = at;
  let value = 0;
  while (at < end && bytes[at] >= ZERO && bytes[at] <= NINE && at < digits + 4) value = value * 10 + bytes[at++] - ZERO;
  exponentEnd = at;
  if (at === digits || at === digits + 4) return noExponent;
  return sign === MINUS ? -value : value;
}

/** A number below 2^53 times 10^exponent. */
function scaleExact(value: number, exponent: number): number {
  // Both are exact, so that the one operation rounds correctly (Clinger).
  if (exponent === 0 || value === 0) return value;
  if (exponent < 0 && exponent >= -mostExactPower) return value / powerHigh(-exponent);
  if (exponent > 0 && exponent <= mostExactPower) return value * powerHigh(exponent);
  return scale(value, 0, exponent);
}

/** (head · 10^tailDigits + tail) · 10^exponent, of a head below 2^53 and up to 19 digits; NaN where that is too close to call. */
export function scaleLong(head: number, tail: number, tailDigits: number, exponent: number): number {
  const power = powerHigh(tailDigits);
  const product = head * power;
  const high = product + tail;
  // The sum's rounding error, exact since the product is the larger of the two.
  const low = tail - (high - product) + productError(head, power, product);
  return scale(high, low, exponent);
}

/** (high + low) · 10^exponent; NaN out of range, and where an error in the last of 100 bits would matter. */
function scale(high: number, low: number, exponent: number): number {
  if (exponent < -maxPower || exponent > 250) return Number.NaN;
  const power = powerHigh(Math.abs(exponent));
  const powerRest = powerLow(Math.abs(exponent));
  let near;
  let rest;
  if (exponent < 0) {
    near = high / power;
    const back = near * power;
    rest = (high - back - productError(near, power, back) + low - near * powerRest) / power;
  } else {
    near = high * power;
    rest = productError(high, power, near) + high * powerRest + low * power;
  }
  if (near < 1e-270) return Number.NaN;
  const doubt = near * 1e-29;
  const rounded = near + (rest - doubt);
  return rounded === near + (rest + doubt) ? rounded : Number.NaN;
}
