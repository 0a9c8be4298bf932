// A field's default as descriptors hold it: numbers in decimal, bytes C-escaped.
import type { FieldNode } from "../link/node.ts";
import { toScalar } from "../link/option-value.ts";

export function defaultText(field: FieldNode): string | undefined {
  const value = field.raw.defaultValue;
  if (value === undefined) return undefined;
  if (field.type.kind === "enum") return value.kind === "identifier" ? value.text : undefined;
  if (field.type.kind !== "scalar") return undefined;
  const converted = toScalar(value, field.type.scalar, false);
  if (converted instanceof Uint8Array) return escapeBytes(converted);
  if (typeof converted === "number") return formatNumber(converted, field.type.scalar === "float");
  return typeof converted === "object" || converted === undefined ? undefined : String(converted);
}

/** As the compiler writes them: C's %g with few digits if that reads back as the same number, else with all. */
function formatNumber(value: number, isFloat: boolean): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0";
  const [few, all] = isFloat ? [6, 9] : [15, 17];
  const short = formatGeneral(value, few);
  const isSame = isFloat ? Math.fround(Number(short)) === value : Number(short) === value;
  return isSame ? short : formatGeneral(value, all);
}

/** C's `%.{precision}g`. */
function formatGeneral(value: number, precision: number): string {
  const [mantissa, exponentText] = value.toExponential(precision - 1).split("e");
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < precision) return trimZeros(value.toFixed(precision - 1 - exponent));
  const digits = String(Math.abs(exponent)).padStart(2, "0");
  return `${trimZeros(mantissa)}e${exponent < 0 ? "-" : "+"}${digits}`;
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

const escapes = new Map([
  [10, "\\n"],
  [13, "\\r"],
  [9, "\\t"],
  [34, '\\"'],
  [39, "\\'"],
  [92, "\\\\"],
]);

function escapeBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const isPrintable = byte >= 0x20 && byte < 0x7f;
    text += escapes.get(byte) ?? (isPrintable ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`);
  }
  return text;
}
