// One value of any type but a message, from its wire form to JSON text.
import { type ByteSink, toSnippet } from "../wire/byte-sink.ts";
import { type WireReader, WireType } from "../wire/wire-reader.ts";
import { putInt31 } from "./put-digits.ts";
import { longRoom, putLong, readLong } from "./write-packed.ts";
import { writeDouble, writeFloat, writeInt32, writeUint } from "./write-number.ts";
import { writeBase64, writeString } from "./write-text.ts";
import { type FieldPlan, Kind } from "./message-plan.ts";

const QUOTE = 0x22;
const trueText = toSnippet("true");
const falseText = toSnippet("false");

/** Writes one value; false for an unknown number of a closed enum, which counts as not set. */
export function writePlainValue(out: ByteSink, field: FieldPlan, reader: WireReader): boolean {
  switch (field.kind) {
    case Kind.INT32:
      writeInt32(out, reader.varint32());
      break;
    case Kind.UINT32:
      writeUint(out, reader.varint32() >>> 0);
      break;
    case Kind.SINT32: {
      const value = reader.varint32();
      writeInt32(out, (value >>> 1) ^ -(value & 1));
      break;
    }
    case Kind.FIXED32:
      writeUint(out, reader.fixed32() >>> 0);
      break;
    case Kind.SFIXED32:
      writeInt32(out, reader.fixed32());
      break;
    case Kind.BOOL:
      out.appendSnippet(reader.bool() ? trueText : falseText);
      break;
    case Kind.ENUM:
      return writeEnum(out, field, reader.varint32());
    case Kind.DOUBLE:
      writeDouble(out, reader.double());
      break;
    case Kind.FLOAT:
      writeFloat(out, reader.float());
      break;
    case Kind.STRING: {
      const end = reader.lengthEnd();
      writeString(out, reader, reader.pos, end, field.replacesInvalidUtf8);
      reader.pos = end;
      break;
    }
    case Kind.BYTES: {
      const end = reader.lengthEnd();
      writeBase64(out, reader.bytes, reader.pos, end);
      reader.pos = end;
      break;
    }
    default:
      writeLong(out, field, reader);
  }
  return true;
}

function writeLong(out: ByteSink, field: FieldPlan, reader: WireReader): void {
  out.reserve(longRoom);
  if (field.kind === Kind.INT64 || field.kind === Kind.UINT64) {
    const short = reader.varint28();
    if (short >= 0) {
      writeShortLong(out, field, short);
      return;
    }
  }
  readLong(field.kind, reader);
  out.length = putLong(field, out.view, out.length, reader);
}

/** A 64-bit integer below 2^28, in quotes like every other. */
function writeShortLong(out: ByteSink, { int64AsNumber }: FieldPlan, value: number): void {
  const { view } = out;
  let at = out.length;
  if (!int64AsNumber) view.setInt8(at++, QUOTE);
  at = putInt31(view, at, value);
  if (!int64AsNumber) view.setInt8(at++, QUOTE);
  out.length = at;
}

function writeEnum(out: ByteSink, field: FieldPlan, value: number): boolean {
  const plan = field.enum!;
  const name = plan.names.get(value);
  if (name !== undefined) out.appendSnippet(name);
  else if (plan.closed) return false;
  else writeInt32(out, value);
  return true;
}

/** A map's key as a JSON string; its zero where the entry has none. */
export function writeMapKey(out: ByteSink, key: FieldPlan, reader: WireReader | undefined): void {
  if (reader === undefined) {
    const isQuoted = (key.zero.words[0] & 0xff) === QUOTE;
    if (!isQuoted) out.appendByte(QUOTE);
    out.appendSnippet(key.zero);
    if (!isQuoted) out.appendByte(QUOTE);
    return;
  }
  const needsQuotes =
    key.kind !== Kind.STRING && !(key.kind >= Kind.INT64 && key.kind <= Kind.SFIXED64 && !key.int64AsNumber);
  if (needsQuotes) out.appendByte(QUOTE);
  writePlainValue(out, key, reader);
  if (needsQuotes) out.appendByte(QUOTE);
}

/** Whether the value between the positions is the type's zero: all its bytes are, a length byte included. */
export function isZeroOnWire(field: FieldPlan, bytes: Uint8Array, start: number, end: number): boolean {
  // A varint may carry continuation bits; -0.0 has a bit set and is no zero.
  const significant = field.wireType === WireType.VARINT ? 0x7f : 0xff;
  for (let i = start; i < end; i++) if ((bytes[i] & significant) !== 0) return false;
  return true;
}
