// One value as people write it in a path, a query or a form → its protobuf payload. Compiled once per field.
import { didYouMean } from "../../diagnostic.ts";
import type { EnumType, FieldType, ScalarType, Schema } from "../../schema/descriptor.ts";
import { wrappers } from "../../schema/wrappers.ts";
import { GatewayError } from "../../status.ts";
import { enumPrefix } from "../json/enum-names.ts";
import { parseGoFloat, parseGoInteger } from "./go-number.ts";
import type { JsonOptions } from "../options.ts";
import { compileJsonReader } from "../json/json-reader.ts";
import { bigVarint, lengthField, uintVarint } from "../wire/field-wire.ts";
import { jsonTexts } from "./text-messages.ts";
import {
  maskPayload,
  quoted,
  readDuration,
  readFieldMask,
  readGoDuration,
  readGoTimestamp,
  readTimestamp,
  refuseText,
} from "./text-well-known.ts";

export interface TextOptions {
  readonly json: JsonOptions;
  /** Accept what Go's strconv accepts as well (`1`, `t`, `+5`, `inf`) and take field masks as they are. */
  readonly goSyntax: boolean;
  /** With `goSyntax`: integers in any base (`0x1F`, `017`, `1_000`), as grpc-gateway reads them from a path. */
  readonly anyBase?: boolean;
}

/**
 * Text → payload: what follows the tag on the wire, without the length of a length-delimited value. Throws GatewayError
 * (400) that names no field: the caller knows it.
 */
export type TextReader = (text: string) => Uint8Array;

/** Undefined for messages that have no form as one piece of text: ordinary ones and google.protobuf.Any. */
export function compileTextReader(type: FieldType, schema: Schema, options: TextOptions): TextReader | undefined {
  if (type.kind === "scalar") return scalarReader(type.scalar, options);
  if (type.kind === "enum") return enumReader(type.enum, options);
  const { name } = type.message;
  if (name === "google.protobuf.Timestamp") return options.goSyntax ? readGoTimestamp : readTimestamp;
  if (name === "google.protobuf.Duration") return options.goSyntax ? readGoDuration : readDuration;
  if (name === "google.protobuf.FieldMask") return options.goSyntax ? readVerbatimMask : readFieldMask;
  if (jsonTexts.has(name)) {
    const read = compileJsonReader(type.message, schema, options.json);
    return (text) => read(Buffer.from(text));
  }
  const wrapped = wrappers.get(name);
  return wrapped === undefined ? undefined : wrapperReader(wrapped, options);
}

function wrapperReader(scalar: ScalarType, options: TextOptions): TextReader {
  const read = scalarReader(scalar, options);
  const wireType = scalar === "double" ? 1 : scalar === "float" ? 5 : 0;
  const tag = uintVarint(8 + wireType);
  const isLength = scalar === "string" || scalar === "bytes";
  return (text) => {
    const payload = read(text);
    if (isLength) return lengthField(1, payload);
    return payload.every((byte) => byte === 0) ? new Uint8Array(0) : Buffer.concat([tag, payload]);
  };
}

const yes: TextReader = () => uintVarint(1);
const goTrue: ReadonlySet<string> = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const goFalse: ReadonlySet<string> = new Set(["0", "f", "F", "FALSE", "false", "False"]);

function scalarReader(scalar: ScalarType, options: TextOptions): TextReader {
  switch (scalar) {
    case "string":
      return (text) => Buffer.from(text);
    case "bytes":
      return options.goSyntax ? readGoBase64 : (text) => readBase64(refuseEmpty(text, "base64"));
    case "bool":
      return boolReader(options);
    case "double":
    case "float":
      return floatReader(scalar, options);
    default:
      return integerReader(scalar, options);
  }
}

function refuseEmpty(text: string, expected: string): string {
  if (text === "") throw refuseText(`the value is empty; expected ${expected}`);
  return text;
}

function boolReader(options: TextOptions): TextReader {
  return (text) => {
    if (text === "true" || (options.goSyntax && goTrue.has(text))) return yes(text);
    if (text === "false" || (options.goSyntax && goFalse.has(text))) return uintVarint(0);
    throw refuseText(`expected true or false, got ${quoted(text)}`);
  };
}

interface IntegerShape {
  readonly min: bigint;
  readonly max: bigint;
  readonly encode: (value: bigint) => Uint8Array;
}

function fixedBytes(size: 4 | 8): (value: bigint) => Uint8Array {
  return (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    return bytes.subarray(0, size);
  };
}

function zigzag(value: bigint): Uint8Array {
  return bigVarint(value >= 0n ? value << 1n : (-value << 1n) - 1n);
}

const signed32 = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
const unsigned32 = { min: 0n, max: 2n ** 32n - 1n };
const signed64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const unsigned64 = { min: 0n, max: 2n ** 64n - 1n };

const integers: ReadonlyMap<ScalarType, IntegerShape> = new Map<ScalarType, IntegerShape>([
  ["int32", { ...signed32, encode: bigVarint }],
  ["sint32", { ...signed32, encode: zigzag }],
  ["sfixed32", { ...signed32, encode: fixedBytes(4) }],
  ["uint32", { ...unsigned32, encode: bigVarint }],
  ["fixed32", { ...unsigned32, encode: fixedBytes(4) }],
  ["int64", { ...signed64, encode: bigVarint }],
  ["sint64", { ...signed64, encode: zigzag }],
  ["sfixed64", { ...signed64, encode: fixedBytes(8) }],
  ["uint64", { ...unsigned64, encode: bigVarint }],
  ["fixed64", { ...unsigned64, encode: fixedBytes(8) }],
]);

/** No 64-bit integer is longer; more digits would only cost time. */
const maxIntegerLength = 64;

function integerReader(scalar: ScalarType, options: TextOptions): TextReader {
  const { min, max, encode } = integers.get(scalar)!;
  const isPlain = encode === bigVarint;
  const pattern = min === 0n ? /^\d+$/ : /^-?\d+$/;
  const expected = `expected a whole number from ${min} to ${max}`;
  if (options.goSyntax) {
    return (text) => {
      const value = parseGoInteger(text, options.anyBase === true);
      // An unsigned number has no sign there, not even a plus.
      if (value === undefined || (min === 0n && /^[+-]/.test(text)))
        throw refuseText(`${expected}, got ${quoted(text)}`);
      if (value < min || value > max) throw refuseText(`${expected}, got ${quoted(text)}`, "VALUE_OUT_OF_RANGE");
      return encode(value);
    };
  }
  return (text) => {
    if (text.length > maxIntegerLength || !pattern.test(text)) throw refuseText(`${expected}, got ${quoted(text)}`);
    // Small ones, nearly all, need no BigInt.
    const small = text.length < 10 ? Number(text) : -1;
    if (isPlain && small >= 0) return uintVarint(small);
    const value = BigInt(text);
    if (value < min || value > max) throw refuseText(`${expected}, got ${quoted(text)}`, "VALUE_OUT_OF_RANGE");
    return encode(value);
  };
}

const specialFloats: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);
const decimal = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,10})?$/;
const maxDecimalLength = 1100;

function floatReader(scalar: "double" | "float", options: TextOptions): TextReader {
  const isFloat = scalar === "float";
  return (text) => {
    let value = options.goSyntax ? goSpecialFloat(text) : specialFloats.get(text);
    if (value === undefined) {
      value = options.goSyntax ? parseGoFloat(text) : parseDecimal(text);
      if (value === undefined) throw refuseText(`expected a number, NaN, Infinity or -Infinity, got ${quoted(text)}`);
      if (!Number.isFinite(isFloat ? Math.fround(value) : value))
        throw refuseText(`${quoted(text)} is beyond the range of a ${scalar}`, "VALUE_OUT_OF_RANGE");
    }
    const bytes = Buffer.allocUnsafe(isFloat ? 4 : 8);
    if (isFloat) bytes.writeFloatLE(value);
    else bytes.writeDoubleLE(value);
    return bytes;
  };
}

function parseDecimal(text: string): number | undefined {
  return text.length <= maxDecimalLength && decimal.test(text) ? Number(text) : undefined;
}

function goSpecialFloat(text: string): number | undefined {
  const match = /^([+-]?)(nan|inf|infinity)$/i.exec(text);
  if (match === null) return undefined;
  if (match[2].toLowerCase() === "nan") return match[1] === "" ? Number.NaN : undefined;
  return match[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Both alphabets, padding optional; `=` only where it belongs, and no stray bits of a cut-off digit. */
function readBase64(text: string): Uint8Array {
  const digits = text.replace(/={1,2}$/, "");
  const padding = text.length - digits.length;
  const isPlain = /^[A-Za-z0-9+/]*$/.test(digits) || /^[A-Za-z0-9_-]*$/.test(digits);
  if (!isPlain || digits.length % 4 === 1 || (padding > 0 && text.length % 4 !== 0)) {
    const hint = digits.includes(" ") ? "; in a query a + is written %2B" : "";
    throw refuseText(`expected base64 or base64url, got ${quoted(text)}${hint}`);
  }
  return Buffer.from(digits, "base64");
}

/** Go's two decoders want the padding, take either alphabet but not both, and step over line breaks. */
function readGoBase64(text: string): Uint8Array {
  const digits = text.replaceAll(/[\r\n]/g, "");
  const isPadded = /^(?:[^=]{4})*(?:[^=]{2}==|[^=]{3}=)?$/.test(digits);
  if (isPadded && (/^[A-Za-z0-9+/]*=*$/.test(digits) || /^[A-Za-z0-9_-]*=*$/.test(digits)))
    return Buffer.from(digits, "base64");
  throw refuseText(`expected base64 or base64url with its padding, got ${quoted(text)}`);
}

function enumReader(type: EnumType, options: TextOptions): TextReader {
  const { stripEnumPrefix, caseInsensitiveEnums } = options.json;
  const fold = (name: string): string => (caseInsensitiveEnums ? name.toUpperCase() : name);
  const prefix = stripEnumPrefix ? enumPrefix(type) : "";
  const numbers = new Map<string, number>();
  // Stripped names first: a declared name wins over another one's stripped form.
  for (const { name, number } of type.values) if (prefix !== "") numbers.set(fold(name.slice(prefix.length)), number);
  for (const { name, number } of type.values) numbers.set(fold(name), number);
  const declared = new Set(type.values.map((value) => value.number));
  const names = type.values.map((value) => value.name.slice(prefix.length));
  const numberOf = options.goSyntax
    ? (text: string) => Number(parseGoInteger(text, options.anyBase === true) ?? Number.NaN)
    : (text: string) => (/^-?\d{1,11}$/.test(text) ? Number(text) : undefined);
  return (text) => {
    const number = numbers.get(fold(text)) ?? numberOf(text);
    if (number !== undefined && declared.has(number)) return bigVarint(BigInt(number));
    throw unknownEnumValue(text, names);
  };
}

function unknownEnumValue(text: string, names: readonly string[]): GatewayError {
  const shown = names.length <= 8 ? names.join(", ") : `${names.slice(0, 8).join(", ")}, … (${names.length} in all)`;
  const hint = didYouMean(text, names);
  return refuseText(
    `expected one of ${shown}, got ${quoted(text)}${hint === undefined ? "" : `; ${hint}`}`,
    "ENUM_UNKNOWN",
  );
}

/** grpc-gateway splits at commas and changes nothing. */
function readVerbatimMask(text: string): Uint8Array {
  return maskPayload(text === "" ? [] : text.split(","));
}
