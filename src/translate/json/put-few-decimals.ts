// Numbers of few decimals, as most that people store, into memory that is reserved: three to four times as fast as the
// general way (bench codec, numbers). An integer divided by a power of ten is correctly rounded, so where it gives the
// value it reads back as the value; and decimals of at most 15 digits (six of a float) are all different doubles, so the
// one that is found is the shortest. Each function returns where it stopped, 0 where the number is not one of these.
import { putBillionths, putInt31, putSign, putThousandths } from "./put-digits.ts";

/** What rounding can move a product of less than 2^31 by; more than that, and no division need be tried. */
const closeEnough = 2e-6;

/** A double of at most three decimals below 2,000,000, or at most six below 2,000. Not -0. */
export function putFewDecimals(view: DataView, at: number, value: number): number {
  const magnitude = Math.abs(value);
  // Written so that NaN is refused as well.
  if (!(magnitude < 2_000_000)) return 0;
  const scaled = magnitude * 1000;
  const digits = (scaled + 0.5) | 0;
  if (Math.abs(scaled - digits) > closeEnough || digits / 1000 !== magnitude)
    return magnitude < 2000 ? putSixDecimals(view, at, value) : 0;
  const whole = (digits / 1000) | 0;
  const thousandths = digits - whole * 1000;
  if (digits === 0 && Object.is(value, -0)) return 0;
  const end = putInt31(view, putSign(view, at, value), whole);
  return thousandths === 0 ? end : putThousandths(view, end, thousandths);
}

function putSixDecimals(view: DataView, at: number, value: number): number {
  const magnitude = Math.abs(value);
  const scaled = magnitude * 1_000_000;
  const digits = (scaled + 0.5) | 0;
  if (Math.abs(scaled - digits) > closeEnough || digits / 1_000_000 !== magnitude) return 0;
  const whole = (digits / 1_000_000) | 0;
  const end = putInt31(view, putSign(view, at, value), whole);
  return putBillionths(view, end, (digits - whole * 1_000_000) * 1000);
}

/** A float of at most six digits, at most three of them decimals. Not -0. */
export function putFewFloatDecimals(view: DataView, at: number, value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude < 1000)) return 0;
  const digits = (magnitude * 1000 + 0.5) | 0;
  // No such product is near enough to the middle between two floats to be rounded twice.
  if (Math.fround(digits * 0.001) !== magnitude || digits === 0 || digits >= 1_000_000) return 0;
  const whole = (digits / 1000) | 0;
  const thousandths = digits - whole * 1000;
  const end = putInt31(view, putSign(view, at, value), whole);
  return thousandths === 0 ? end : putThousandths(view, end, thousandths);
}
