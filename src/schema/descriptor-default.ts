// A field's default as descriptors hold it: numbers in decimal, bytes C-escaped.
import type { FieldNode } from "./link-node.ts";
import { toScalar } from "./option-value.ts";

export function defaultText(field: FieldNode): string | undefined {
  const value = field.raw.defaultValue;
  if (value === undefined) return undefined;
  if (field.type.kind === "enum") return value.kind === "identifier" ? value.text : undefined;
  if (field.type.kind !== "scalar") return undefined;
  const converted = toScalar(value, field.type.scalar, false);
  if (converted instanceof Uint8Array) return escapeBytes(converted);
  if (typeof converted === "number") return formatNumber(converted, field.type.scalar === "float");
  return converted === undefined ? undefined : String(converted);
}

/** The shortest decimal that reads back as the same float or double. */
function formatNumber(value: number, isFloat: boolean): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0";
  if (!isFloat) return String(value);
  for (let digits = 1; digits < 10; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
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
