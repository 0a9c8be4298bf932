// Packed runs of numbers as the elements of a JSON list: a loop of its own for every sort of number, with the position in a
// register and memory reserved for many elements at once (bench codec, numbers). The loops are called from a table: called
// by name they would all be compiled into one function, too large for what they call to be compiled into them.
import type { ByteSink } from "../wire/byte-sink.ts";
import type { WireReader } from "../wire/wire-reader.ts";
import { type FieldPlan, Kind } from "./message-plan.ts";
import { putInt32, putInt64, putUint32, putUint64 } from "./put-digits.ts";
import { putFewDecimals, putFewFloatDecimals } from "./put-few-decimals.ts";
import { writeManyDecimals, writeManyFloatDecimals } from "./write-number.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;

/** A comma, two quotes, a sign, twenty digits and what the last store reaches beyond them. */
export const longRoom = 28;

type PackedWriter = (out: ByteSink, field: FieldPlan, reader: WireReader) => void;

const writers = new Map<number, PackedWriter>([
  [Kind.BOOL, writeBools],
  [Kind.ENUM, writeEnums],
  [Kind.DOUBLE, writeDoubles],
  [Kind.FLOAT, writeFloats],
]);
const byKind = Array.from(
  { length: Kind.STRING },
  (_, kind) => writers.get(kind) ?? (kind < Kind.INT64 ? writeInts : writeLongs),
);

/** Shorter runs are not worth the view by which the reader takes long varints in words. */
const viewWorth = 64;

/** Writes `,element` for every number up to the reader's end. */
export function writePacked(out: ByteSink, field: FieldPlan, reader: WireReader): void {
  if (reader.end - reader.pos >= viewWorth) reader.openView();
  byKind[field.kind](out, field, reader);
}

/** How much of a run is written between two reservations. */
const strideBytes = 1024;

/** How many characters, and overreach, a byte of the run stands for at most: `,"-64"` is of one byte. */
const perByte = 7;

/** Reserves memory for the next part of the run; returns where that ends. The last element may reach beyond it. */
function openStride(out: ByteSink, reader: WireReader): number {
  const stop = Math.min(reader.end, reader.pos + strideBytes);
  out.reserve((stop - reader.pos) * perByte + longRoom);
  return stop;
}

function writeInts(out: ByteSink, { kind }: FieldPlan, reader: WireReader): void {
  const isFixed = kind === Kind.FIXED32 || kind === Kind.SFIXED32;
  const isSigned = kind !== Kind.UINT32 && kind !== Kind.FIXED32;
  const isZigzag = kind === Kind.SINT32;
  while (reader.pos < reader.end) {
    const stop = openStride(out, reader);
    const { view } = out;
    let at = out.length;
    while (reader.pos < stop) {
      let value = isFixed ? reader.fixed32() : reader.varint32();
      if (isZigzag) value = (value >>> 1) ^ -(value & 1);
      view.setInt8(at++, COMMA);
      if (isSigned && value < 0) {
        view.setInt8(at++, MINUS);
        // The magnitude of the smallest one is its own bits, unsigned.
        value = -value | 0;
      }
      at = putUint32(view, at, value);
    }
    out.length = at;
  }
}

function writeLongs(out: ByteSink, field: FieldPlan, reader: WireReader): void {
  const { kind, int64AsNumber } = field;
  const isFixed = kind === Kind.FIXED64 || kind === Kind.SFIXED64;
  const isSigned = kind !== Kind.UINT64 && kind !== Kind.FIXED64;
  const isZigzag = kind === Kind.SINT64;
  while (reader.pos < reader.end) {
    const stop = openStride(out, reader);
    const { view } = out;
    let at = out.length;
    while (reader.pos < stop) {
      if (isFixed) reader.fixed64();
      else reader.varint64();
      let { lo, hi } = reader;
      if (isZigzag) {
        const sign = -(lo & 1);
        lo = ((lo >>> 1) | (hi << 31)) ^ sign;
        hi = (hi >>> 1) ^ sign;
      }
      view.setInt8(at++, COMMA);
      if (!int64AsNumber) view.setInt8(at++, QUOTE);
      if (isSigned && hi < 0) {
        view.setInt8(at++, MINUS);
        lo = -lo | 0;
        hi = lo === 0 ? -hi | 0 : ~hi;
      }
      at = putUint64(view, at, lo, hi);
      if (!int64AsNumber) view.setInt8(at++, QUOTE);
    }
    out.length = at;
  }
}

function writeDoubles(out: ByteSink, _field: FieldPlan, reader: WireReader): void {
  while (reader.pos < reader.end) {
    const stop = openStride(out, reader);
    let { view } = out;
    let at = out.length;
    while (reader.pos < stop) {
      const value = reader.double();
      view.setInt8(at++, COMMA);
      const end = putFewDecimals(view, at, value);
      if (end > 0) at = end;
      else {
        out.length = at;
        writeManyDecimals(out, value);
        at = out.length;
        view = out.view;
      }
    }
    out.length = at;
  }
}

function writeFloats(out: ByteSink, _field: FieldPlan, reader: WireReader): void {
  while (reader.pos < reader.end) {
    const stop = openStride(out, reader);
    let { view } = out;
    let at = out.length;
    while (reader.pos < stop) {
      const value = reader.float();
      view.setInt8(at++, COMMA);
      const end = putFewFloatDecimals(view, at, value);
      if (end > 0) at = end;
      else {
        out.length = at;
        writeManyFloatDecimals(out, value);
        at = out.length;
        view = out.view;
      }
    }
    out.length = at;
  }
}

/** ",tru" and ",fal" as 32-bit words. */
const trueStart = 0x7572742c;
const falseStart = 0x6c61662c;

function writeBools(out: ByteSink, _field: FieldPlan, reader: WireReader): void {
  while (reader.pos < reader.end) {
    const value = reader.bool();
    out.reserve(8);
    const { view, length } = out;
    view.setInt32(length, value ? trueStart : falseStart, true);
    view.setInt16(length + 4, value ? 0x65 : 0x6573, true);
    out.length = value ? length + 5 : length + 6;
  }
}

function writeEnums(out: ByteSink, field: FieldPlan, reader: WireReader): void {
  const plan = field.enum!;
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
