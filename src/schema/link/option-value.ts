// One option value as written -> a value of its field's type: ranges, enum names and text-format spellings.
import type { EnumType, Field, OptionValue, ScalarType } from "../descriptor.ts";
import { mentions } from "./doubt.ts";
import type { EnumNode } from "./node.ts";
import type { Problems } from "./problems.ts";
import type { RawValue } from "../proto-file.ts";

/** Where a value stands: after `option x =`, inside an aggregate, where the text format is laxer, or as a field's default. */
export type ValuePlace = "option" | "aggregate" | "default";

/** A value that is not a message; undefined after a report. */
export function toScalarValue(
  value: RawValue,
  field: Field,
  place: ValuePlace,
  problems: Problems,
): OptionValue | undefined {
  const { type } = field;
  const isText = place === "aggregate";
  const result =
    type.kind === "enum"
      ? toEnumValue(value, type.enum, isText)
      : type.kind === "scalar"
        ? toScalar(value, type.scalar, isText)
        : undefined;
  if (result !== undefined) return result;
  if (type.kind === "enum" && value.kind === "identifier" && mentions(type.enum as EnumNode, value.text))
    return undefined;
  const expected = expectation(field);
  const hint =
    type.kind === "enum" && value.kind === "identifier"
      ? enumHint(value.text, type.enum, problems)
      : scalarHint(value, field);
  problems.error({
    position: value.position,
    rule: place === "default" ? "default" : "option-type",
    message: `${describeValue(value)} is not ${expected}, the type of ${place === "default" ? "field" : "option"} "${optionName(field)}"`,
    hint,
  });
  return undefined;
}

export function optionName(field: Field): string {
  return field.protoName.startsWith("[") ? `(${field.name})` : field.protoName;
}

function enumHint(text: string, type: EnumType, problems: Problems): string {
  const names = type.values.map((value) => value.name);
  return problems.suggest(text, names) ?? `write one of ${list(names)}`;
}

function list(names: readonly string[]): string {
  return names.length <= 8 ? names.join(", ") : `${names.slice(0, 8).join(", ")}, …`;
}

function scalarHint(value: RawValue, { type }: Field): string | undefined {
  if (type.kind === "enum") return `write one of ${list(type.enum.values.map(({ name }) => name))}`;
  if (type.kind !== "scalar") return undefined;
  if (type.scalar === "string" || type.scalar === "bytes")
    return value.kind === "identifier" || value.kind === "number" ? `write "${value.text}" in quotes` : undefined;
  if (type.scalar === "bool") return "write true or false, without quotes";
  return value.kind === "string" ? "write the number without quotes" : undefined;
}

function expectation({ type }: Field): string {
  if (type.kind === "message") return `a ${type.message.name}`;
  if (type.kind === "enum") return `a value of the enum ${type.enum.name}`;
  return type.scalar.startsWith("i") ? `an ${type.scalar}` : `a ${type.scalar}`;
}

export function describeValue(value: RawValue): string {
  switch (value.kind) {
    case "string":
      return JSON.stringify(shorten(Buffer.from(value.bytes).toString("utf8")));
    case "number":
    case "identifier":
      return shorten(value.text);
    case "list":
      return "a list";
    default:
      return "a message in braces";
  }
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

function toEnumValue(value: RawValue, type: EnumType, isText: boolean): string | number | undefined {
  if (value.kind === "identifier") return type.values.find((candidate) => candidate.name === value.text)?.name;
  if (value.kind !== "number" || !isText) return undefined;
  const number = toInteger(value.text, -(2n ** 31n), 2n ** 31n - 1n);
  if (number === undefined) return undefined;
  const known = type.values.find((candidate) => BigInt(candidate.number) === number);
  return known?.name ?? (type.closed ? undefined : Number(number));
}

const ranges = new Map<ScalarType, readonly [bigint, bigint]>([
  ...(["int32", "sint32", "sfixed32"] as const).map((type) => [type, [-(2n ** 31n), 2n ** 31n - 1n]] as const),
  ...(["uint32", "fixed32"] as const).map((type) => [type, [0n, 2n ** 32n - 1n]] as const),
  ...(["int64", "sint64", "sfixed64"] as const).map((type) => [type, [-(2n ** 63n), 2n ** 63n - 1n]] as const),
  ...(["uint64", "fixed64"] as const).map((type) => [type, [0n, 2n ** 64n - 1n]] as const),
]);

/** Undefined when the text is no value of the type. */
export function toScalar(value: RawValue, scalar: ScalarType, isText: boolean): OptionValue | undefined {
  if (scalar === "string") return value.kind === "string" ? Buffer.from(value.bytes).toString("utf8") : undefined;
  if (scalar === "bytes") return value.kind === "string" ? value.bytes : undefined;
  if (scalar === "bool") return toBool(value, isText);
  if (scalar === "float" || scalar === "double") {
    const number = toFloat(value);
    return number === undefined ? undefined : scalar === "float" ? Math.fround(number) : number;
  }
  const range = ranges.get(scalar);
  if (value.kind !== "number" || range === undefined) return undefined;
  const integer = toInteger(value.text, ...range);
  if (integer === undefined) return undefined;
  return scalar.endsWith("64") ? integer : Number(integer);
}

function toBool(value: RawValue, isText: boolean): boolean | undefined {
  if (value.kind === "identifier") {
    if (value.text === "true" || (isText && (value.text === "True" || value.text === "t"))) return true;
    if (value.text === "false" || (isText && (value.text === "False" || value.text === "f"))) return false;
  }
  if (value.kind === "number" && isText && /^0*[01]$/.test(value.text)) return value.text.endsWith("1");
  return undefined;
}

function toFloat(value: RawValue): number | undefined {
  if (value.kind === "identifier") {
    const word = /^(-?)(inf|infinity|nan)$/i.exec(value.text);
    if (word === null) return undefined;
    if (word[2].toLowerCase() === "nan") return Number.NaN;
    return word[1] === "-" ? -Infinity : Infinity;
  }
  if (value.kind !== "number") return undefined;
  const isNegative = value.text.startsWith("-");
  const text = isNegative ? value.text.slice(1) : value.text;
  const magnitude = /^0[xX]|^0[0-7]+$/.test(text)
    ? Number(toInteger(text, 0n, 2n ** 64n) ?? Number.NaN)
    : Number(text.replace(/[fF]$/, ""));
  return Number.isNaN(magnitude) ? undefined : isNegative ? -magnitude : magnitude;
}

/** Decimal, 0x hexadecimal or 0 octal. Longer texts than any 64-bit number are refused before they are converted. */
function toInteger(text: string, min: bigint, max: bigint): bigint | undefined {
  const match = /^(-?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.exec(text);
  if (match === null || text.length > 40) return undefined;
  const digits = match[2];
  const magnitude = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  const number = match[1] === "-" ? -magnitude : magnitude;
  return number >= min && number <= max ? number : undefined;
}
