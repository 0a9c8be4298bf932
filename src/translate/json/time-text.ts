// Timestamps and durations as ProtoJSON writes them → seconds and nanos, from the bytes of the string: five times as fast
// as a pattern over a JavaScript string.
import { daysInMonth, fromCivilDate } from "./civil-time.ts";

export interface SecondsAndNanos {
  readonly seconds: number;
  readonly nanos: number;
}

const ZERO = 0x30;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const COLON = 0x3a;

/** Where the last `readNanos` ended. */
let nanosEnd = 0;

/** RFC 3339 with upper-case T and Z, years 1 to 9999 in UTC; undefined for anything else. */
export function parseTimestamp(bytes: Uint8Array, start: number, end: number): SecondsAndNanos | undefined {
  // The shortest ends in a Z; the clock of all has its separators in the same places.
  if (end - start < 20 || bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS || bytes[start + 10] !== 0x54)
    return undefined;
  if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return undefined;
  const year = digits(bytes, start, 4);
  const month = digits(bytes, start + 5, 2);
  const day = digits(bytes, start + 8, 2);
  const time = clock(digits(bytes, start + 11, 2), digits(bytes, start + 14, 2), digits(bytes, start + 17, 2));
  if (!(year >= 1) || !(month >= 1 && month <= 12) || !(day >= 1 && day <= daysInMonth(year, month))) return undefined;
  const nanos = readNanos(bytes, start + 19, end);
  const offset = readOffset(bytes, nanosEnd, end);
  const seconds = fromCivilDate(year, month, day) * 86_400 + time - offset;
  // What is not a number is not within the years either.
  const isWithin = seconds >= -62_135_596_800 && seconds <= 253_402_300_799;
  return isWithin && nanos >= 0 ? { seconds, nanos } : undefined;
}

/** A number of exactly `count` digits; NaN for anything else. */
function digits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function clock(hours: number, minutes: number, seconds: number): number {
  return hours <= 23 && minutes <= 59 && seconds <= 59 ? hours * 3600 + minutes * 60 + seconds : Number.NaN;
}

/** `Z`, or hours and minutes east or west of it, in seconds; NaN for anything else. */
function readOffset(bytes: Uint8Array, at: number, end: number): number {
  const sign = bytes[at];
  if (sign === 0x5a) return end === at + 1 ? 0 : Number.NaN;
  if ((sign !== PLUS && sign !== MINUS) || end !== at + 6 || bytes[at + 3] !== COLON) return Number.NaN;
  const offset = clock(digits(bytes, at + 1, 2), digits(bytes, at + 4, 2), 0);
  return sign === MINUS ? -offset : offset;
}

/** A fraction of one to nine digits, or none; NaN for a point alone. Sets `nanosEnd`. */
function readNanos(bytes: Uint8Array, start: number, end: number): number {
  nanosEnd = start;
  if (start >= end || bytes[start] !== DOT) return 0;
  let nanos = 0;
  let unit = 1_000_000_000;
  let at = start + 1;
  for (; at < end && unit > 1; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) break;
    unit /= 10;
    nanos += digit * unit;
  }
  nanosEnd = at;
  return at === start + 1 ? Number.NaN : nanos;
}

/** `1.5s`, at most 10,000 years either way; undefined for anything else. */
export function parseDuration(bytes: Uint8Array, start: number, end: number): SecondsAndNanos | undefined {
  const isNegative = start < end && bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  let at = first;
  while (at < end && bytes[at] >= ZERO && bytes[at] <= 0x39) at++;
  if (at === first || at - first > 12) return undefined;
  const seconds = digits(bytes, first, at - first);
  const nanos = readNanos(bytes, at, end);
  const isWhole = nanosEnd === end - 1 && bytes[nanosEnd] === 0x73;
  if (!isWhole || Number.isNaN(nanos) || seconds > 315_576_000_000) return undefined;
  // `|| 0`: never a negative zero.
  return isNegative ? { seconds: -seconds || 0, nanos: -nanos || 0 } : { seconds, nanos };
}
