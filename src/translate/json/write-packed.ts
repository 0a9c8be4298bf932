// Packed runs of numbers as the elements of a JSON list: the switch on the type once, not for every element, and every
// element written with the position in a register (bench codec, numbers).
import type { ByteSink } from "../wire/byte-sink.ts";
import type { WireReader } from "../wire/wire-reader.ts";
import { type EnumPlan, type FieldPlan, Kind } from "./message-plan.ts";
import { putInt32, putInt64, putUint32, putUint64 } from "./put-digits.ts";
import { writeDouble, writeFloat } from "./write-number.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;

/** A comma, two quotes, a sign, twenty digits and what the last store reaches beyond them. */
export const longRoom = 28;

/** Writes `,element` for every number up to the reader's end. */
export function writePacked(out: ByteSink, field: FieldPlan, reader: WireReader): void {
  switch (field.kind) {
    case Kind.INT32:
      writeInt32s(out, reader);
      break;
    case Kind.UINT32:
      writeUint32s(out, reader);
      break;
    case Kind.SINT32:
      writeSint32s(out, reader);
      break;
    case Kind.FIXED32:
      writeFixed32s(out, reader, false);
      break;
    case Kind.SFIXED32:
      writeFixed32s(out, reader, true);
      break;
    case Kind.BOOL:
      writeBools(out, reader);
      break;
    case Kind.ENUM:
      writeEnums(out, field.enum!, reader);
      break;
    case Kind.DOUBLE:
      while (reader.pos < reader.end) {
        out.appendByte(COMMA);
        writeDouble(out, reader.double());
      }
      break;
    case Kind.FLOAT:
      while (reader.pos < reader.end) {
        out.appendByte(COMMA);
        writeFloat(out, reader.float());
      }
      break;
    default:
      writeLongs(out, field, reader);
  }
}

function writeInt32s(out: ByteSink, reader: WireReader): void {
  while (reader.pos < reader.end) {
    const value = reader.varint32();
    out.reserve(longRoom);
    const { view, length } = out;
    view.setInt8(length, COMMA);
    out.length = putInt32(view, length + 1, value);
  }
}

function writeUint32s(out: ByteSink, reader: WireReader): void {
  while (reader.pos < reader.end) {
    const value = reader.varint32();
    out.reserve(longRoom);
    const { view, length } = out;
    view.setInt8(length, COMMA);
    out.length = putUint32(view, length + 1, value);
  }
}

function writeSint32s(out: ByteSink, reader: WireReader): void {
  while (reader.pos < reader.end) {
    const value = reader.varint32();
    out.reserve(longRoom);
    const { view, length } = out;
    view.setInt8(length, COMMA);
    out.length = putInt32(view, length + 1, (value >>> 1) ^ -(value & 1));
  }
}

function writeFixed32s(out: ByteSink, reader: WireReader, isSigned: boolean): void {
  while (reader.pos < reader.end) {
    const value = reader.fixed32();
    out.reserve(longRoom);
    const { view, length } = out;
    view.setInt8(length, COMMA);
    out.length = isSigned ? putInt32(view, length + 1, value) : putUint32(view, length + 1, value);
  }
}

/** ",tru" and ",fal" as 32-bit words. */
const trueStart = 0x7572742c;
const falseStart = 0x6c61662c;

function writeBools(out: ByteSink, reader: WireReader): void {
  while (reader.pos < reader.end) {
    reader.varint64();
    out.reserve(8);
    const { view, length } = out;
    if ((reader.lo | reader.hi) === 0) {
      view.setInt32(length, falseStart, true);
      view.setInt16(length + 4, 0x6573, true);
      out.length = length + 6;
    } else {
      view.setInt32(length, trueStart, true);
      view.setInt8(length + 4, 0x65);
      out.length = length + 5;
    }
  }
}

function writeEnums(out: ByteSink, plan: EnumPlan, reader: WireReader): void {
  while (reader.pos < reader.end) {
    const value = reader.varint32();
    const name = plan.names.get(value);
    if (name === undefined && plan.closed) continue;
    out.appendByte(COMMA);
    if (name !== undefined) out.appendSnippet(name);
    else {
      out.reserve(longRoom);
      out.length = putInt32(out.view, out.length, value);
    }
  }
}

function writeLongs(out: ByteSink, field: FieldPlan, reader: WireReader): void {
  const { kind } = field;
  // A run of them is worth the view by which the reader takes long varints in words.
  reader.openView();
  while (reader.pos < reader.end) {
    readLong(kind, reader);
    out.reserve(longRoom);
    const { view, length } = out;
    view.setInt8(length, COMMA);
    out.length = putLong(field, view, length + 1, reader);
  }
}

/** Reads a 64-bit integer of the kind into the reader's halves. */
export function readLong(kind: number, reader: WireReader): void {
  if (kind === Kind.FIXED64 || kind === Kind.SFIXED64) reader.fixed64();
  else {
    reader.varint64();
    if (kind !== Kind.SINT64) return;
    const { lo, hi } = reader;
    const sign = -(lo & 1);
    reader.lo = ((lo >>> 1) | (hi << 31)) ^ sign;
    reader.hi = (hi >>> 1) ^ sign;
  }
}

/** Writes the integer in the reader's halves, in quotes unless the options say otherwise; returns where it stopped. */
export function putLong(field: FieldPlan, view: DataView, at: number, reader: WireReader): number {
  const { kind, int64AsNumber } = field;
  const { lo, hi } = reader;
  let end = at;
  if (!int64AsNumber) view.setInt8(end++, QUOTE);
  end = kind === Kind.UINT64 || kind === Kind.FIXED64 ? putUint64(view, end, lo, hi) : putInt64(view, end, lo, hi);
  if (!int64AsNumber) view.setInt8(end++, QUOTE);
  return end;
}
