// A number as the sum of two doubles, about 106 bits: enough to turn doubles into decimals and back exactly, several times
// faster than with BigInt or the runtime's own formatting.

/** The powers of ten that are tabulated: 10^0 to 10^290. */
export const maxPower = 290;

const high = new Float64Array(maxPower + 1);
const low = new Float64Array(maxPower + 1);

/** The double nearest to 10^exponent. */
export function powerHigh(exponent: number): number {
  if (high[exponent] === 0) {
    high[exponent] = Number(`1e${exponent}`);
    low[exponent] = Number(10n ** BigInt(exponent) - BigInt(high[exponent]));
  }
  return high[exponent];
}

/** What the double nearest to 10^exponent lacks; zero up to 10^22. Call `powerHigh` first. */
export function powerLow(exponent: number): number {
  return low[exponent];
}

/** 2^27 + 1: cuts a double into two halves whose products are exact (Veltkamp). */
const splitter = 134_217_729;

/** a · b - product, exactly, where `product` is the rounded a · b (Dekker); for magnitudes from 1e-290 to 1e290. */
export function productError(a: number, b: number, product: number): number {
  const scaledA = splitter * a;
  const highA = scaledA - (scaledA - a);
  const lowA = a - highA;
  const scaledB = splitter * b;
  const highB = scaledB - (scaledB - b);
  const lowB = b - highB;
  return highA * highB - product + highA * lowB + lowA * highB + lowA * lowB;
}
