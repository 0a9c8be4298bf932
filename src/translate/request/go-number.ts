// Numbers as Go's strconv reads them, for profile grpc-gateway: `0x1F`, `1_000`, `0x1p-2`.

/** No number of a protobuf type needs more; longer ones would only cost time. */
const maxLength = 1100;

const prefixed = /^0(?:[xX](?:_?[0-9a-fA-F])+|[bB](?:_?[01])+|[oO]?(?:_?[0-7])+)$/;
const decimalDigits = /^(?:0|[1-9](?:_?\d)*)$/;
const hexadecimalFloat = /^([+-]?)0[xX]_?([0-9a-fA-F_]*)\.?([0-9a-fA-F_]*)[pP]([+-]?\d{1,6})$/;
const decimalFloat = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,10})?$/;

/** Base 10 with an optional sign; `anyBase` as strconv.ParseInt with base 0. Undefined for what is no integer. */
export function parseGoInteger(text: string, anyBase: boolean): bigint | undefined {
  if (text.length > maxLength) return undefined;
  const digits = /^[+-]/.test(text) ? text.slice(1) : text;
  const sign = text.startsWith("-") ? -1n : 1n;
  if (!anyBase) return /^\d+$/.test(digits) ? sign * BigInt(digits) : undefined;
  if (decimalDigits.test(digits)) return sign * BigInt(digits.replaceAll("_", ""));
  if (!prefixed.test(digits)) return undefined;
  const plain = digits.replaceAll("_", "").toLowerCase();
  return sign * BigInt(/^0[xbo]/.test(plain) ? plain : `0o${plain.slice(1)}`);
}

/** As strconv.ParseFloat, without the names of infinity and NaN. Undefined for what is no number; may be infinite. */
export function parseGoFloat(text: string): number | undefined {
  if (text.length > maxLength) return undefined;
  if (text.includes("_") && !/^[+-]?(?:0[xX]_?)?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*(?:[.pPeE].*)?$/.test(text))
    return undefined;
  const hexadecimal = hexadecimalFloat.exec(text);
  if (hexadecimal === null) {
    const plain = text.replaceAll(/(?<=\d)_(?=\d)/g, "");
    return decimalFloat.test(plain) ? Number(plain) : undefined;
  }
  const [, sign, whole, fraction, exponent] = hexadecimal;
  const digits = (whole + fraction).replaceAll("_", "");
  if (digits === "") return undefined;
  const scale = Number(exponent) - 4 * fraction.replaceAll("_", "").length;
  const magnitude = scaleBy(Number(BigInt(`0x${digits}`)), scale);
  return sign === "-" ? -magnitude : magnitude;
}

/** Two steps, because a power of two of its own may be beyond the range where the product is not. */
function scaleBy(value: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return value * 2 ** half * 2 ** (exponent - half);
}
