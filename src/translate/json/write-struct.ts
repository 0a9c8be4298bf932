// google.protobuf.Struct, Value and ListValue, protobuf → JSON: any JSON value, a message around every part of it.
import { malformed, maxWireDepth, WireReader } from "../wire/wire-reader.ts";
import { closeKeySet, openKeySet } from "./key-set.ts";
import type { MessagePlan, WriteRun } from "./message-plan.ts";
import { outOfOrder } from "./out-of-order.ts";
import { unrepresentable } from "./unrepresentable.ts";
import { writeDouble } from "./write-number.ts";
import { writeString } from "./write-text.ts";

const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/** Calls back with the reader bounded to each occurrence of a length-delimited field. */
function eachNested(reader: WireReader, wanted: number, visit: () => void): void {
  const { end } = reader;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag !== wanted) {
      reader.skip(tag);
      continue;
    }
    reader.end = reader.lengthEnd();
    const after = reader.end;
    visit();
    reader.pos = after;
    reader.end = end;
  }
}

type Range = readonly [number, number];

/** A message sent in pieces: their concatenation is the merged message, by the definition of the encoding. */
function joined(bytes: Uint8Array, ranges: readonly Range[]): WireReader {
  if (ranges.length === 1) return new WireReader(bytes, ...ranges[0]);
  const merged = Buffer.allocUnsafe(ranges.reduce((sum, [start, end]) => sum + end - start, 0));
  let length = 0;
  // A loop, not a view of each piece: a view takes some hundred bytes, an empty piece two.
  for (const [start, end] of ranges) for (let i = start; i < end; i++) merged[length++] = bytes[i];
  return new WireReader(merged, 0, length);
}

export function writeStruct(run: WriteRun, plan: MessagePlan, reader: WireReader): void {
  const start = run.out.length;
  if (run.inOrder) writeEntriesInOrder(run, plan, reader);
  else writeEntries(run, plan, reader);
  run.out.enclose(start, OPEN_BRACE);
}

/**
 * The entries as every encoder sends them: key, value, no key twice. Anything else starts the whole message over: to
 * write only this level again would double the work at every level of nesting.
 */
function writeEntriesInOrder(run: WriteRun, plan: MessagePlan, reader: WireReader): void {
  const { out } = run;
  const { end } = reader;
  const seen = openKeySet();
  while (reader.pos < end) {
    if (reader.tag() !== 10) throw outOfOrder;
    reader.end = reader.lengthEnd();
    if (reader.pos >= reader.end || reader.tag() !== 10) throw outOfOrder;
    const keyEnd = reader.lengthEnd();
    out.appendByte(COMMA);
    const keyAt = out.length;
    writeString(out, reader, reader.pos, keyEnd, false);
    if (!seen.add(out.bytes, keyAt, out.length)) throw outOfOrder;
    reader.pos = keyEnd;
    if (reader.pos >= reader.end || reader.tag() !== 18 || reader.lengthEnd() !== reader.end) throw outOfOrder;
    out.appendByte(0x3a);
    writeStructValue(run, plan, reader);
    reader.end = end;
  }
  closeKeySet();
}

/** The entries whatever their order: the last one of a key counts, and the pieces of its value are merged. */
function writeEntries(run: WriteRun, plan: MessagePlan, reader: WireReader): void {
  const { out } = run;
  const entries = new Map<string, { readonly key: Range; readonly values: readonly Range[] }>();
  eachNested(reader, 10, () => {
    let key: Range = [0, 0];
    const values: Range[] = [];
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag !== 10 && tag !== 18) {
        reader.skip(tag);
        continue;
      }
      const end = reader.lengthEnd();
      if (tag === 10) key = [reader.pos, end];
      else values.push([reader.pos, end]);
      reader.pos = end;
    }
    // A key sent twice: the last entry wins.
    entries.set(Buffer.from(reader.bytes.subarray(...key)).toString("latin1"), { key, values });
  });
  for (const { key, values } of entries.values()) {
    out.appendByte(COMMA);
    writeString(out, reader, key[0], key[1], false);
    out.appendByte(0x3a);
    writeStructValue(run, plan, joined(reader.bytes, values));
  }
}

export function writeListValue(run: WriteRun, plan: MessagePlan, reader: WireReader): void {
  const { out } = run;
  const start = out.length;
  const { end } = reader;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag !== 10) {
      reader.skip(tag);
      continue;
    }
    reader.end = reader.lengthEnd();
    out.appendByte(COMMA);
    writeStructValue(run, plan, reader);
    reader.end = end;
  }
  out.enclose(start, OPEN_BRACKET);
}

/** The last set member of the oneof, merged with those of the same kind right before it; `null` where none is. */
export function writeStructValue(run: WriteRun, plan: MessagePlan, reader: WireReader): void {
  let last = 0;
  let at = reader.pos;
  let earlier: number[] | undefined;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (isValueTag(tag)) {
      if (tag !== last) earlier = undefined;
      else if (isContainer(tag)) (earlier ??= []).push(at);
      last = tag;
      at = reader.pos;
    }
    reader.skip(tag);
  }
  const { end } = reader;
  reader.pos = at;
  if (earlier === undefined) writeValueMember(run, plan, reader, last);
  else writeContainer(run, plan, joinedValues(reader, [...earlier, at]), last);
  reader.pos = end;
}

/** struct_value or list_value. */
function isContainer(tag: number): boolean {
  return tag === 42 || tag === 50;
}

function joinedValues(reader: WireReader, places: readonly number[]): WireReader {
  const ranges = places.map((at): Range => {
    reader.pos = at;
    const end = reader.lengthEnd();
    return [reader.pos, end];
  });
  return joined(reader.bytes, ranges);
}

/** One JSON object or list inside Struct, Value and ListValue: as many levels as the reader lets in. */
function writeContainer(run: WriteRun, plan: MessagePlan, reader: WireReader, tag: number): void {
  if (++run.depth > maxWireDepth) throw malformed("nested too deep");
  if (tag === 42) writeStruct(run, plan, reader);
  else writeListValue(run, plan, reader);
  run.depth--;
}

/** null_value, number_value, string_value, bool_value, struct_value, list_value, each with its wire type. */
function isValueTag(tag: number): boolean {
  return tag === 8 || tag === 17 || tag === 26 || tag === 32 || tag === 42 || tag === 50;
}

function writeValueMember(run: WriteRun, plan: MessagePlan, reader: WireReader, tag: number): void {
  const { out } = run;
  if (tag === 17) {
    const number = reader.double();
    if (!Number.isFinite(number)) throw unrepresentable("google.protobuf.Value holds NaN or Infinity");
    writeDouble(out, number);
  } else if (tag === 32) {
    reader.varint64();
    out.appendAscii((reader.lo | reader.hi) === 0 ? "false" : "true");
  } else if (tag === 26) {
    const end = reader.lengthEnd();
    writeString(out, reader, reader.pos, end, false);
  } else if (isContainer(tag)) {
    reader.end = reader.lengthEnd();
    writeContainer(run, plan, reader, tag);
  } else out.appendAscii("null");
}
