// Decimal digits of integers into memory that is reserved: what every number, timestamp and key is written with. Each
// function takes where to write and returns where it stopped; its last store may reach three bytes beyond.

const tenThousand = 10_000;
export const hundredMillion = 100_000_000;

/**
 * "0000" to "9999", each as the 32-bit word of its four characters: one load and one store for four digits. Three to
 * four times as fast as digit by digit (bench codec, numbers), for 40 KB of memory.
 */
const fourDigits = Int32Array.from({ length: tenThousand }, (_, value) =>
  Buffer.from(String(value).padStart(4, "0")).readInt32LE(),
);

/** ".000" to ".999", as words too; and how many of the four characters are left without the zeros at the end. */
const points = Int32Array.from({ length: 1000 }, (_, value) => 0x2e | (fourDigits[value] & 0xffffff00));
const pointLengths = Uint8Array.from({ length: 1000 }, (_, value) =>
  value % 10 > 0 ? 4 : value % 100 > 0 ? 3 : value > 0 ? 2 : 1,
);

/** A number below 10,000 without leading zeros. */
function putUpToFour(view: DataView, at: number, number: number): number {
  const digits = number < 100 ? (number < 10 ? 1 : 2) : number < 1000 ? 3 : 4;
  // The first character is the lowest byte: shifting drops the zeros in front.
  view.setInt32(at, fourDigits[number] >>> (32 - digits * 8), true);
  return at + digits;
}

/** Exactly eight digits. */
export function putEight(view: DataView, at: number, value: number): number {
  const number = value | 0;
  const high = (number / tenThousand) | 0;
  view.setInt32(at, fourDigits[high], true);
  view.setInt32(at + 4, fourDigits[number - high * tenThousand], true);
  return at + 8;
}

/** Exactly nine digits. */
export function putNine(view: DataView, at: number, value: number): number {
  const number = value | 0;
  const high = (number / 100_000) | 0;
  const rest = number - high * 100_000;
  const low = (rest / 10) | 0;
  view.setInt32(at, fourDigits[high], true);
  view.setInt32(at + 4, fourDigits[low], true);
  view.setInt8(at + 8, 0x30 + rest - low * 10);
  return at + 9;
}

/** The minus of a negative number. */
export function putSign(view: DataView, at: number, value: number): number {
  if (value >= 0) return at;
  view.setInt8(at, 0x2d);
  return at + 1;
}

/** An integer from 0 to 2^31 - 1. */
export function putInt31(view: DataView, at: number, value: number): number {
  // An integer to the compiler too: it then multiplies instead of dividing.
  const number = value | 0;
  if (number < tenThousand) return putUpToFour(view, at, number);
  if (number < hundredMillion) {
    const high = (number / tenThousand) | 0;
    const next = putUpToFour(view, at, high);
    view.setInt32(next, fourDigits[number - high * tenThousand], true);
    return next + 4;
  }
  const high = (number / hundredMillion) | 0;
  return putEight(view, putUpToFour(view, at, high), number - high * hundredMillion);
}

/** An unsigned 32-bit integer, kept signed by `|0`. */
export function putUint32(view: DataView, at: number, value: number): number {
  if (value >= 0) return putInt31(view, at, value);
  const number = value >>> 0;
  const high = (number / hundredMillion) | 0;
  return putEight(view, putUpToFour(view, at, high), number - high * hundredMillion);
}

/** A signed 32-bit integer. */
export function putInt32(view: DataView, at: number, value: number): number {
  if (value >= 0) return putInt31(view, at, value);
  view.setInt8(at, 0x2d);
  // The magnitude of the smallest one is its own bits, unsigned.
  return putUint32(view, at + 1, -value | 0);
}

/** An unsigned integer below 2^53. */
export function putUint53(view: DataView, at: number, value: number): number {
  if (value <= 0x7fffffff) return putInt31(view, at, value);
  const high = Math.floor(value / hundredMillion);
  return putEight(view, putUint53Head(view, at, high), value - high * hundredMillion);
}

/** The same below 2^53 / 10^8, so that it ends after two pieces. */
function putUint53Head(view: DataView, at: number, value: number): number {
  if (value < hundredMillion) return putInt31(view, at, value);
  // Half a unit more keeps the product clear of the integers, on the right side of each.
  const high = ((value + 0.5) * 1e-8) | 0;
  return putEight(view, putUpToFour(view, at, high), value - high * hundredMillion);
}

/** An unsigned 64-bit integer from its halves, exact. */
export function putUint64(view: DataView, at: number, lo: number, hi: number): number {
  if (hi === 0) return putUint32(view, at, lo);
  const value = (hi >>> 0) * 4294967296 + (lo >>> 0);
  // The quotient may be off by one, since it is rounded; the remainder, exact modulo 2^32, tells.
  let quotient = Math.floor(value * 1e-8);
  let remainder = (lo - Math.imul(quotient | 0, hundredMillion)) | 0;
  if (remainder < 0) {
    quotient--;
    remainder += hundredMillion;
  } else if (remainder >= hundredMillion) {
    quotient++;
    remainder -= hundredMillion;
  }
  return putEight(view, putUint53Head(view, at, quotient), remainder);
}

/** A signed 64-bit integer from its halves. */
export function putInt64(view: DataView, at: number, lo: number, hi: number): number {
  if (hi >= 0) return putUint64(view, at, lo, hi);
  view.setInt8(at, 0x2d);
  const negatedLo = -lo | 0;
  return putUint64(view, at + 1, negatedLo, negatedLo === 0 ? -hi | 0 : ~hi);
}

/** `value`, below 2^31, with leading zeros to exactly `width` digits, at most nine. */
export function putPadded(view: DataView, at: number, value: number, width: number): number {
  if (width > 4) {
    const high = (value / tenThousand) | 0;
    return putPadded(view, putPadded(view, at, high, width - 4), value - high * tenThousand, 4);
  }
  view.setInt32(at, fourDigits[value] >>> (32 - width * 8), true);
  return at + width;
}

/** A point and a fraction of one to three digits, given in thousandths, without the zeros at its end. */
export function putThousandths(view: DataView, at: number, value: number): number {
  view.setInt32(at, points[value], true);
  return at + pointLengths[value];
}

/** The same of up to nine digits, given in billionths; not for 0. */
export function putBillionths(view: DataView, at: number, value: number): number {
  const number = value | 0;
  const first = (number / 1_000_000) | 0;
  const rest = number - first * 1_000_000;
  view.setInt32(at, points[first], true);
  if (rest === 0) return at + pointLengths[first];
  const second = (rest / 1000) | 0;
  const third = rest - second * 1000;
  view.setInt32(at + 4, points[second] >>> 8, true);
  if (third === 0) return at + 3 + pointLengths[second];
  view.setInt32(at + 7, points[third] >>> 8, true);
  return at + 6 + pointLengths[third];
}
