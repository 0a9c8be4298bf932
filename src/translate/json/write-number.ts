// Numbers as JSON text, straight into the sink.
import type { ByteSink } from "../wire/byte-sink.ts";

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
