// The shortest decimal that reads back as the same double or float, straight into the sink: three times as fast as the
// runtime's own number formatting (bench codec, numbers and decimals).
//
// The value times a power of ten, so that 17 or 18 digits stand before the point (9 or 10 of a float), is worked out
// exactly; so is half the distance to its neighbours. A multiple of 10, 100, … that is nearer than that reads back as the
// value, and the multiple of the highest power is the shortest. What is too close to call is left to the runtime.
import { maxPower, powerHigh, powerLow, productError } from "./double-double.ts";
import { hundredMillion, putBillionths, putEight, putInt31, putNine, putSign } from "./put-digits.ts";
import type { ByteSink } from "../wire/byte-sink.ts";

const ZERO = 0x30;
const DOT = 0x2e;

/** 10^0 to 10^9. */
const powersOfTen = Int32Array.from({ length: 10 }, (_, power) => 10 ** power);

const float64 = new Float64Array(1);
const halves = new Int32Array(float64.buffer);
const words = new Int32Array(Float64Array.of(1).buffer);
/** Which of the two words of a double holds its exponent, on this machine. */
const upper = words[0] === 0 ? 1 : 0;

/** What depends on a value's binary exponent alone, by that exponent as it is stored. */
class Scaling {
  /** The power of ten; 0 where it is not known yet. */
  readonly powers = new Int16Array(2048);
  /** 10^power as two doubles. */
  readonly high = new Float64Array(2048);
  readonly low = new Float64Array(2048);
  /** Half the distance between two values of this exponent, after scaling. */
  readonly halfSteps = new Float64Array(2048);
  readonly #digits: number;
  readonly #bits: number;

  constructor(digits: number, bits: number) {
    this.#digits = digits;
    this.#bits = bits;
  }

  fill(stored: number): void {
    const lowest = 2 ** (stored - 1023);
    const goal = 10 ** (this.#digits - 1);
    let power = 1;
    while (power < maxPower && lowest * powerHigh(power) < goal) power++;
    this.powers[stored] = power;
    this.high[stored] = powerHigh(power);
    this.low[stored] = powerLow(power);
    this.halfSteps[stored] = lowest * 2 ** -this.#bits * powerHigh(power);
  }
}

const ofDoubles = new Scaling(17, 53);
const ofFloats = new Scaling(9, 24);

/** How much rounding may have moved a distance. */
const doubleDoubt = 1e-6;
const floatDoubt = 1e-3;

/** A sign, a point and zeros around it, 18 digits, and what the last store reaches beyond them. */
const decimalRoom = 48;

/** Outside of these the power of ten is not in the table, or negative. */
const smallestDouble = 1e-272;
const largestDouble = 9_007_199_254_740_992;
/** Smaller floats have fewer bits than the others. */
const smallestFloat = 1.2e-38;
const largestFloat = 16_777_216;

/** Writes a double that is no integer; false for one that is too large, too small or too close to call. */
export function writeDoubleDecimal(out: ByteSink, value: number): boolean {
  const magnitude = Math.abs(value);
  // Written so that NaN is refused as well.
  if (!(magnitude >= smallestDouble && magnitude <= largestDouble)) return false;
  float64[0] = magnitude;
  const bits = halves[upper];
  const stored = bits >>> 20;
  if (ofDoubles.powers[stored] === 0) ofDoubles.fill(stored);
  const power = ofDoubles.powers[stored];
  const scale = ofDoubles.high[stored];
  const product = magnitude * scale;
  let head = (product * 1e-8) | 0;
  let tail =
    product - head * hundredMillion + productError(magnitude, scale, product) + magnitude * ofDoubles.low[stored];
  // The head was worked out in doubles and may be off by one.
  if (tail < 0) {
    head--;
    tail += hundredMillion;
  }
  const isPowerOfTwo = (bits & 0xfffff) === 0 && halves[1 - upper] === 0;
  tail = isPowerOfTwo
    ? roundTo(100, tail, ofDoubles.halfSteps[stored] / 2, doubleDoubt)
    : shortest(tail, ofDoubles.halfSteps[stored], doubleDoubt);
  if (tail < 0) return false;
  if (tail >= hundredMillion) {
    head++;
    tail -= hundredMillion;
  }
  if (power >= 8 && power <= 17) {
    // What reads back as a double that is no integer lies between the same two integers.
    const whole = magnitude | 0;
    const width = power - 8;
    out.reserve(decimalRoom);
    const { view } = out;
    const point = putInt31(view, putSign(view, out.length, value), whole);
    view.setInt8(point, DOT);
    putNine(view, point + 1, (head - whole * powersOfTen[width]) * powersOfTen[9 - width]);
    const end = point + 1 + width;
    out.length = trimmed(out, tail === 0 ? end : putEight(view, end, tail));
    return true;
  }
  const before = (head < 1e9 ? 17 : 18) - power;
  const start = openDecimal(out, value, before);
  const end = putInt31(out.view, start, head);
  closeDecimal(out, start, tail === 0 ? end : putEight(out.view, end, tail), before);
  return true;
}

/** The same for a float. */
export function writeFloatDecimal(out: ByteSink, value: number): boolean {
  const magnitude = Math.abs(value);
  if (!(magnitude >= smallestFloat && magnitude <= largestFloat)) return false;
  float64[0] = magnitude;
  const bits = halves[upper];
  const stored = bits >>> 20;
  if (ofFloats.powers[stored] === 0) ofFloats.fill(stored);
  const power = ofFloats.powers[stored];
  const isPowerOfTwo = (bits & 0xfffff) === 0 && halves[1 - upper] === 0;
  const scaled = magnitude * ofFloats.high[stored];
  // Below a power of two the neighbour is twice as near.
  const halfStep = isPowerOfTwo ? ofFloats.halfSteps[stored] / 2 : ofFloats.halfSteps[stored];
  let digits = roundTo(1000, scaled, halfStep, floatDoubt);
  if (digits < 0 && !isPowerOfTwo) digits = shortest(scaled, halfStep, floatDoubt);
  if (digits < 0) return false;
  if (power <= 9) {
    const whole = magnitude | 0;
    out.reserve(decimalRoom);
    const point = putInt31(out.view, putSign(out.view, out.length, value), whole);
    out.length = putBillionths(out.view, point, (digits - whole * powersOfTen[power]) * powersOfTen[9 - power]);
    return true;
  }
  const before = (digits < 1e9 ? 9 : 10) - power;
  const start = openDecimal(out, value, before);
  closeDecimal(out, start, putInt31(out.view, start, digits), before);
  return true;
}

/**
 * The multiple of 100, 10 or 1 that is nearer than `halfStep`, of the largest of them that has one; -1 where that is too
 * close to call. What is a multiple of more than 100 is the same integer: no other one fits into the interval.
 */
function shortest(value: number, halfStep: number, doubt: number): number {
  const hundreds = ((value * 0.01 + 0.5) | 0) * 100;
  let distance = Math.abs(value - hundreds);
  if (distance < halfStep + doubt) return distance > halfStep - doubt || distance > 50 - doubt ? -1 : hundreds;
  const tens = ((value * 0.1 + 0.5) | 0) * 10;
  distance = Math.abs(value - tens);
  if (distance < halfStep + doubt) return distance > halfStep - doubt || distance > 5 - doubt ? -1 : tens;
  const ones = (value + 0.5) | 0;
  return Math.abs(value - ones) > 0.5 - doubt ? -1 : ones;
}

/** The multiple of `unit`, wider than the whole interval, that is nearer than `halfStep`; -1 for none or too close to call. */
function roundTo(unit: number, value: number, halfStep: number, doubt: number): number {
  const nearest = ((value / unit + 0.5) | 0) * unit;
  return Math.abs(value - nearest) < halfStep - doubt ? nearest : -1;
}

/** Writes what stands in front of the digits; returns where they go. `before` is how many come before the point, negative for zeros after it. */
function openDecimal(out: ByteSink, value: number, before: number): number {
  out.reserve(decimalRoom);
  const { view } = out;
  if (value < 0) view.setInt8(out.length++, 0x2d);
  if (before > 0 || before < -5) return out.length + 1;
  // "0.000000", of which the digits overwrite what is too much.
  view.setInt32(out.length, 0x30302e30, true);
  view.setInt32(out.length + 4, 0x30303030, true);
  return out.length + 2 - before;
}

/** Where the digits end without the zeros there. */
function trimmed({ bytes }: ByteSink, digitsEnd: number): number {
  let end = digitsEnd;
  while (bytes[end - 1] === ZERO) end--;
  return end;
}

/** Drops zeros at the end and sets the point: the digits before it move down by one. */
function closeDecimal(out: ByteSink, start: number, digitsEnd: number, before: number): void {
  const { bytes } = out;
  const end = trimmed(out, digitsEnd);
  const moved = before > 0 ? before : before < -5 ? 1 : 0;
  for (let at = start; at < start + moved; at++) bytes[at - 1] = bytes[at];
  if (moved > 0) bytes[start + moved - 1] = DOT;
  out.length = end;
  if (before >= -5) return;
  // JavaScript's way below 1e-6: one digit before the point, and no point behind a lone one.
  if (end === start + 1) out.length = start;
  writeExponent(out, 1 - before);
}

function writeExponent(out: ByteSink, exponent: number): void {
  const { view, length } = out;
  view.setInt16(length, 0x2d65, true);
  out.length = putInt31(view, length + 2, exponent);
}
