// Numbers as JSON text, straight into the sink.
import type { ByteSink } from "../wire/byte-sink.ts";
import { putFewDecimals, putFewFloatDecimals } from "./put-few-decimals.ts";
import { putInt32, putInt64, putPadded, putUint53, putUint64 } from "./put-digits.ts";
import { writeDoubleDecimal, writeFloatDecimal } from "./write-decimal.ts";

/** Room for the digits of any integer and for the word that the last store may reach beyond them. */
const numberRoom = 24;

/** An unsigned integer below 2^53. */
export function writeUint(out: ByteSink, value: number): void {
  out.reserve(numberRoom);
  out.length = putUint53(out.view, out.length, value);
}

export function writeInt32(out: ByteSink, value: number): void {
  out.reserve(numberRoom);
  out.length = putInt32(out.view, out.length, value);
}

/** A 64-bit integer from its halves, exact. */
export function writeUint64(out: ByteSink, lo: number, hi: number): void {
  out.reserve(numberRoom);
  out.length = putUint64(out.view, out.length, lo, hi);
}

export function writeInt64(out: ByteSink, lo: number, hi: number): void {
  out.reserve(numberRoom);
  out.length = putInt64(out.view, out.length, lo, hi);
}

/** `value`, below 2^31, with leading zeros to exactly `width` digits, at most nine. */
export function writePadded(out: ByteSink, value: number, width: number): void {
  out.reserve(numberRoom);
  out.length = putPadded(out.view, out.length, value, width);
}

export function writeDouble(out: ByteSink, value: number): void {
  out.reserve(numberRoom);
  const end = putFewDecimals(out.view, out.length, value);
  if (end > 0) out.length = end;
  else writeManyDecimals(out, value);
}

/** The shortest decimal that reads back as the same 32-bit float. */
export function writeFloat(out: ByteSink, value: number): void {
  out.reserve(numberRoom);
  const end = putFewFloatDecimals(out.view, out.length, value);
  if (end > 0) out.length = end;
  else writeManyFloatDecimals(out, value);
}

/** What `putFewDecimals` leaves. */
export function writeManyDecimals(out: ByteSink, value: number): void {
  if (Number.isSafeInteger(value)) writeWhole(out, value);
  else if (!writeDoubleDecimal(out, value)) writeUnusual(out, value);
}

/** What `putFewFloatDecimals` leaves. */
export function writeManyFloatDecimals(out: ByteSink, value: number): void {
  if (Number.isSafeInteger(value)) writeWhole(out, value);
  else if (!writeFloatDecimal(out, value)) writeUnusual(out, Number.isFinite(value) ? shortestFloat(value) : value);
}

/** A double that is a whole number of at most 53 bits. */
function writeWhole(out: ByteSink, value: number): void {
  if (value > 0) writeUint(out, value);
  else if (value < 0) {
    out.appendByte(0x2d);
    writeUint(out, -value);
  } else out.appendAscii(Object.is(value, -0) ? "-0" : "0");
}

function writeUnusual(out: ByteSink, value: number): void {
  if (Number.isFinite(value)) out.appendAscii(String(value));
  else out.appendAscii(value > 0 ? '"Infinity"' : value < 0 ? '"-Infinity"' : '"NaN"');
}

/** The double that is written like the float: very large, very small, or next to the border between two decimals. */
function shortestFloat(value: number): number {
  // Six digits tell all floats apart but those below the smallest normal one, which have fewer bits.
  for (let precision = Math.abs(value) < 1.2e-38 ? 1 : 6; precision < 9; precision++) {
    const rounded = Number(value.toPrecision(precision));
    if (Math.fround(rounded) === value) return rounded;
  }
  return Number(value.toPrecision(9));
}
