// How the fields that rules look at stand on the wire: which wire type they have, and what reads one value.
import { isUtf8 } from "node:buffer";
import type { Field, ScalarType } from "../schema/descriptor.ts";
import { malformed, type WireReader, WireType } from "../translate/wire/wire-reader.ts";

/** What a field's value is here: 64-bit integers are bigint, enums and the other numbers number, bytes a view of the message. */
export type ScalarValue = number | bigint | boolean | string | Uint8Array;
export type ReadScalar = (reader: WireReader) => ScalarValue;

const empty = new Uint8Array(0);

export function scalarReader(type: ScalarType | "enum", validateUtf8: boolean): ReadScalar {
  if (type === "string") return validateUtf8 ? readText : readLaxText;
  return readers[type];
}

const readers: Readonly<Record<Exclude<ScalarType, "string"> | "enum", ReadScalar>> = {
  double: (reader) => reader.double(),
  float: (reader) => reader.float(),
  int64: (reader) => {
    reader.varint64();
    return signed64(reader.lo, reader.hi);
  },
  uint64: (reader) => {
    reader.varint64();
    return unsigned64(reader.lo, reader.hi);
  },
  int32: (reader) => reader.varint32(),
  enum: (reader) => reader.varint32(),
  fixed64: (reader) => {
    reader.fixed64();
    return unsigned64(reader.lo, reader.hi);
  },
  sfixed64: (reader) => {
    reader.fixed64();
    return signed64(reader.lo, reader.hi);
  },
  fixed32: (reader) => reader.fixed32() >>> 0,
  sfixed32: (reader) => reader.fixed32(),
  bool: (reader) => reader.bool(),
  uint32: (reader) => reader.varint32() >>> 0,
  sint32: (reader) => {
    const value = reader.varint32();
    return (value >>> 1) ^ -(value & 1);
  },
  sint64: (reader) => {
    reader.varint64();
    const value = unsigned64(reader.lo, reader.hi);
    return (value >> 1n) ^ -(value & 1n);
  },
  bytes: (reader) => {
    const end = reader.lengthEnd();
    // A view takes a hundred bytes, an empty value two.
    const value = end === reader.pos ? empty : reader.bytes.subarray(reader.pos, end);
    reader.pos = end;
    return value;
  },
};

function unsigned64(lo: number, hi: number): bigint {
  return hi === 0 ? BigInt(lo >>> 0) : (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

function signed64(lo: number, hi: number): bigint {
  return hi === lo >> 31 ? BigInt(lo) : (BigInt(hi) << 32n) | BigInt(lo >>> 0);
}

/** Up to this many bytes a turn a byte is cheaper than the call into the engine (bench validate). */
const shortText = 12;

// Buffer's own, which take any Uint8Array: no view has to be made of a message's bytes.
const { latin1Slice, utf8Slice } = Buffer.prototype as Buffer &
  Record<"latin1Slice" | "utf8Slice", (this: Uint8Array, start: number, end: number) => string>;

function readText(reader: WireReader): string {
  const end = reader.lengthEnd();
  const { bytes, pos } = reader;
  reader.pos = end;
  const text = asciiText(bytes, pos, end) ?? utf8Slice.call(bytes, pos, end);
  // U+FFFD stands for what is no UTF-8, and for itself.
  if (text.includes("\ufffd") && !isUtf8(bytes.subarray(pos, end))) throw malformed("a string that is not UTF-8");
  return text;
}

/** Bytes that are no UTF-8 become U+FFFD. */
function readLaxText(reader: WireReader): string {
  const end = reader.lengthEnd();
  const { bytes, pos } = reader;
  reader.pos = end;
  return asciiText(bytes, pos, end) ?? utf8Slice.call(bytes, pos, end);
}

/** Undefined where there is more in it than ASCII, or much of it. */
function asciiText(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > 256) return undefined;
  let all = 0;
  for (let at = start; at < end; at++) all |= bytes[at];
  if (all >= 0x80) return undefined;
  if (end - start > shortText) return latin1Slice.call(bytes, start, end);
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]);
  return text;
}

/** Of one value, not packed. */
export function wireTypeOf({ type, delimited }: Field): number {
  if (type.kind === "enum") return WireType.VARINT;
  if (type.kind === "message") return delimited ? WireType.START_GROUP : WireType.LENGTH;
  switch (type.scalar) {
    case "double":
    case "fixed64":
    case "sfixed64":
      return WireType.FIXED64;
    case "float":
    case "fixed32":
    case "sfixed32":
      return WireType.FIXED32;
    case "string":
    case "bytes":
      return WireType.LENGTH;
    default:
      return WireType.VARINT;
  }
}

export function zeroOf(type: ScalarType | "enum"): ScalarValue {
  switch (type) {
    case "string":
      return "";
    case "bytes":
      return empty;
    case "bool":
      return false;
    case "int64":
    case "uint64":
    case "fixed64":
    case "sfixed64":
    case "sint64":
      return 0n;
    default:
      return 0;
  }
}

/** Whether a field without presence would be left out on the wire; -0 is not. */
export function isZero(value: ScalarValue): boolean {
  if (typeof value === "object") return value.length === 0;
  return !value && !Object.is(value, -0);
}
