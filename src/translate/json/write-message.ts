// Protobuf bytes → JSON text of one message, in one pass: fields are written as they are read while they arrive in
// declaration order (as every encoder sends them). The first time they do not, the whole message is written again by
// an index of its fields, so the cost is at most doubled whatever the sender does.
import type { ByteSink } from "../wire/byte-sink.ts";
import type { PartialMask } from "../reply/partial.ts";
import { maxWireDepth, malformed, WireReader } from "../wire/wire-reader.ts";
import { accepts, addPlace, findPlaces, isUnknownEnum, lastPlace, mergePieces, type Places } from "./places.ts";
import { writePacked } from "./write-packed.ts";
import { isZeroOnWire, writeMapKey, writePlainValue } from "./write-value.ts";
import { closeKeySet, openKeySet } from "./key-set.ts";
import { type FieldPlan, Kind, type MessagePlan, type WriteRun } from "./message-plan.ts";
import { outOfOrder } from "./out-of-order.ts";

const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/** Writes the message between `reader.pos` and `reader.end`; leaves the reader at its end. */
export function writeMessage(run: WriteRun, plan: MessagePlan, reader: WireReader, mask?: PartialMask): void {
  if (++run.depth > maxWireDepth) throw malformed("nested too deep");
  if (plan.wellKnown !== undefined) plan.wellKnown.write(run, plan, reader, writeEmbedded);
  else {
    const { out } = run;
    const start = out.length;
    writeFields(run, plan, reader, mask);
    out.enclose(start, OPEN_BRACE);
  }
  run.depth--;
}

/** The members of a message, each with its leading comma. */
export function writeFields(run: WriteRun, plan: MessagePlan, reader: WireReader, mask?: PartialMask): void {
  if (run.inOrder && plan.isOrdered && mask === undefined) writeInOrder(run, plan, reader);
  else writeByIndex(run, plan, reader, mask);
}

/** For well-known types that hold other messages: the members (google.protobuf.Any) or the whole value. */
function writeEmbedded(run: WriteRun, plan: MessagePlan, reader: WireReader): void {
  if (plan.wellKnown !== undefined) writeMessage(run, plan, reader);
  else {
    if (++run.depth > maxWireDepth) throw malformed("nested too deep");
    writeFields(run, plan, reader);
    run.depth--;
  }
}

function writeInOrder(run: WriteRun, plan: MessagePlan, reader: WireReader): void {
  const { out } = run;
  const { fields } = plan;
  let next = 0;
  let seenOneofs = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    const guess = next < fields.length ? fields[next] : undefined;
    const isGuessed = guess !== undefined && guess.wireTag === tag;
    const field = isGuessed ? guess : plan.byNumber(tag >>> 3);
    if (field === undefined || (!isGuessed && !accepts(field, tag & 7))) {
      reader.skip(tag);
      continue;
    }
    const { index, oneofBit } = field;
    if (index < next || (oneofBit & seenOneofs) !== 0) {
      if (++plan.disorders > 100) plan.isOrdered = false;
      throw outOfOrder;
    }
    seenOneofs |= oneofBit;
    for (; next < index; next++) writeAbsent(out, fields[next]);
    next = index + 1;
    if (field.isMap) writeMapInOrder(run, field, reader, tag);
    else if (field.isRepeated) writeRun(run, field, reader, tag);
    else writeSingular(run, field, reader);
  }
  for (; next < fields.length; next++) writeAbsent(out, fields[next]);
}

function writeAbsent(out: ByteSink, field: FieldPlan): void {
  if (field.absent !== undefined) out.appendSnippet(field.absent);
}

function writeSingular(run: WriteRun, field: FieldPlan, reader: WireReader, mask?: PartialMask): void {
  const { out } = run;
  const start = out.length;
  out.appendSnippet(field.key);
  const valueStart = reader.pos;
  const isWritten = writeValue(run, field, reader, mask);
  if (!isWritten) {
    out.length = start;
    writeAbsent(out, field);
  } else if (field.omitsZero && isZeroOnWire(field, reader.bytes, valueStart, reader.pos)) out.length = start;
}

/** A repeated field: all its neighbours with the same tag, or one packed run of it. */
function writeRun(run: WriteRun, field: FieldPlan, reader: WireReader, tag: number): void {
  const { out } = run;
  out.appendSnippet(field.key);
  const start = out.length;
  for (;;) {
    writeElements(run, field, reader, tag & 7);
    const before = reader.pos;
    if (before >= reader.end) break;
    if (reader.tag() !== tag) {
      reader.pos = before;
      break;
    }
  }
  out.enclose(start, OPEN_BRACKET);
}

/** One occurrence of a repeated field: one element, or a packed run of them. */
function writeElements(
  run: WriteRun,
  field: FieldPlan,
  reader: WireReader,
  wireType: number,
  mask?: PartialMask,
): void {
  const { out } = run;
  if (wireType === field.wireType) {
    out.appendByte(COMMA);
    if (!writeValue(run, field, reader, mask)) out.length--;
    return;
  }
  const outerEnd = reader.end;
  reader.end = reader.lengthEnd();
  writePacked(out, field, reader);
  reader.end = outerEnd;
}

/** Writes one value; false for an unknown number of a closed enum, which counts as not set. */
function writeValue(run: WriteRun, field: FieldPlan, reader: WireReader, mask?: PartialMask): boolean {
  if (field.kind < Kind.MESSAGE) return writePlainValue(run.out, field, reader);
  if (field.kind === Kind.GROUP) writeGroup(run, field, reader, mask);
  else {
    const outerEnd = reader.end;
    reader.end = reader.lengthEnd();
    writeMessage(run, field.message, reader, mask);
    reader.end = outerEnd;
  }
  return true;
}

function writeGroup(run: WriteRun, field: FieldPlan, reader: WireReader, mask?: PartialMask): void {
  const start = reader.pos;
  const outerEnd = reader.end;
  const contentEnd = reader.groupEnd(field.field.number);
  const after = reader.pos;
  reader.pos = start;
  reader.end = contentEnd;
  writeMessage(run, field.message, reader, mask);
  reader.pos = after;
  reader.end = outerEnd;
}

function writeMapInOrder(run: WriteRun, field: FieldPlan, reader: WireReader, tag: number): void {
  const { out } = run;
  out.appendSnippet(field.key);
  const start = out.length;
  // Keys as written: when one comes a second time the last must win, so the message starts over by index.
  const seen = openKeySet();
  for (;;) {
    const outerEnd = reader.end;
    reader.end = reader.lengthEnd();
    const entryAt = out.length;
    const keyEnd = writeEntry(run, field, reader);
    if (keyEnd >= 0 && !seen.add(out.bytes, entryAt, keyEnd)) throw outOfOrder;
    reader.end = outerEnd;
    const before = reader.pos;
    if (before >= outerEnd) break;
    if (reader.tag() !== tag) {
      reader.pos = before;
      break;
    }
  }
  closeKeySet();
  out.enclose(start, OPEN_BRACE);
}

/** Writes `,"key":value` of one map entry; returns where its key ends in the output, or -1 where nothing was written. */
function writeEntry(run: WriteRun, field: FieldPlan, reader: WireReader, mask?: PartialMask): number {
  const { out } = run;
  const { key, value } = field.entry;
  const { end } = reader;
  const entryAt = reader.pos;
  const entryStart = out.length;
  // As every encoder sends an entry: the key, the value, nothing else.
  if (mask === undefined && end - entryAt > 1 && reader.bytes[entryAt] === key.tag[0]) {
    reader.pos = entryAt + 1;
    out.appendByte(COMMA);
    writeMapKey(out, key, reader);
    const keyEnd = out.length;
    if (reader.pos < end && reader.bytes[reader.pos] === value.tag[0]) {
      reader.pos++;
      out.appendByte(COLON);
      // A message is written only where it ends the entry: to write it and then again would double at every level of nesting.
      if (value.kind < Kind.MESSAGE || endsAt(reader, end))
        if (writeValue(run, value, reader) && reader.pos === end) return keyEnd;
    }
    reader.pos = entryAt;
    out.length = entryStart;
  }
  return writeUnusualEntry(run, field, reader, mask);
}

/** Whether the length-delimited value at the reader reaches to `end`. */
function endsAt(reader: WireReader, end: number): boolean {
  const { pos } = reader;
  const valueEnd = reader.lengthEnd();
  reader.pos = pos;
  return valueEnd === end;
}

/** Writes `,"key"` of the entry at the reader, whatever the order of its fields; returns where its value is. */
function writeEntryKey(run: WriteRun, field: FieldPlan, reader: WireReader): Places {
  const { out } = run;
  const { key, value } = field.entry;
  const { end } = reader;
  let keyAt = -1;
  let valueAt: Places = -1;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag >>> 3 === 1 && (tag & 7) === key.wireType) keyAt = reader.pos;
    else if (tag >>> 3 === 2 && (tag & 7) === value.wireType) valueAt = addPlace(valueAt, reader.pos);
    reader.skip(tag);
  }
  out.appendByte(COMMA);
  if (keyAt >= 0) reader.pos = keyAt;
  writeMapKey(out, key, keyAt >= 0 ? reader : undefined);
  return valueAt;
}

/** An entry with a field missing, repeated, unknown or out of order. */
function writeUnusualEntry(run: WriteRun, field: FieldPlan, reader: WireReader, mask: PartialMask | undefined): number {
  const { out } = run;
  const { value } = field.entry;
  const { end } = reader;
  const start = out.length;
  const valueAt = writeEntryKey(run, field, reader);
  const keyEnd = out.length;
  out.appendByte(COLON);
  const isWritten = writeAt(run, value, reader, valueAt, mask);
  if (!isWritten) out.length = start;
  reader.pos = end;
  return isWritten ? keyEnd : -1;
}

/** Writes the singular value found at one place, at several (the last wins, messages merge) or nowhere (its zero). */
function writeAt(run: WriteRun, field: FieldPlan, reader: WireReader, at: Places, mask?: PartialMask): boolean {
  if (typeof at === "object") {
    if (field.kind >= Kind.MESSAGE) return writeMerged(run, field, reader, at, mask);
    reader.pos = at[at.length - 1];
  } else if (at < 0) {
    if (field.kind >= Kind.MESSAGE) writeMessage(run, field.message, new WireReader(reader.bytes, 0, 0), mask);
    else run.out.appendSnippet(field.zero);
    return true;
  } else reader.pos = at;
  return writeValue(run, field, reader, mask);
}

/** The general way: first where each field is, then every field in declaration order. */
function writeByIndex(run: WriteRun, plan: MessagePlan, reader: WireReader, mask?: PartialMask): void {
  const { end } = reader;
  const { places, wireTypes } = findPlaces(plan, reader);
  for (const field of plan.fields) {
    const at = places[field.index];
    if (mask !== undefined && !mask.has(field.field)) continue;
    const inner = mask?.get(field.field);
    if (at === -1) writeAbsent(run.out, field);
    else if (field.isMap) writeMapByIndex(run, field, reader, at, inner);
    else if (field.isRepeated) writeListByIndex(run, field, reader, { at, wireTypes: wireTypes[field.index]! }, inner);
    else writeSingularAt(run, field, reader, at, inner);
    reader.end = end;
  }
  reader.pos = end;
}

function writeMerged(run: WriteRun, field: FieldPlan, reader: WireReader, at: number[], mask?: PartialMask): boolean {
  writeMessage(run, field.message, mergePieces(field, reader, at), mask);
  return true;
}

function writeSingularAt(run: WriteRun, field: FieldPlan, reader: WireReader, at: Places, mask?: PartialMask): void {
  if (typeof at === "object" && field.kind >= Kind.MESSAGE) {
    run.out.appendSnippet(field.key);
    writeMerged(run, field, reader, at, mask);
    return;
  }
  reader.pos = lastPlace(at);
  writeSingular(run, field, reader, mask);
}

function writeListByIndex(
  run: WriteRun,
  field: FieldPlan,
  reader: WireReader,
  found: { readonly at: Places; readonly wireTypes: readonly number[] },
  mask?: PartialMask,
): void {
  const { out } = run;
  out.appendSnippet(field.key);
  const start = out.length;
  const all = typeof found.at === "object" ? found.at : [found.at];
  for (let i = 0; i < all.length; i++) {
    reader.pos = all[i];
    writeElements(run, field, reader, found.wireTypes[i], mask);
  }
  out.enclose(start, OPEN_BRACKET);
}

function writeMapByIndex(run: WriteRun, field: FieldPlan, reader: WireReader, at: Places, mask?: PartialMask): void {
  const { out } = run;
  out.appendSnippet(field.key);
  const start = out.length;
  const { end } = reader;
  const lastByKey = new Map<string, number>();
  const all = typeof at === "object" ? at : [at];
  const openEntry = (place: number): void => {
    reader.end = end;
    reader.pos = place;
    reader.end = reader.lengthEnd();
  };
  // First the keys alone, to keep the last entry of each.
  for (const place of all) {
    openEntry(place);
    const before = out.length;
    const valueAt = writeEntryKey(run, field, reader);
    const last = lastPlace(valueAt);
    if (last < 0 || !isUnknownEnum(field.entry.value, reader, last))
      lastByKey.set(out.bytes.toString("latin1", before, out.length), place);
    out.length = before;
  }
  for (const place of lastByKey.values()) {
    openEntry(place);
    writeEntry(run, field, reader, mask);
  }
  out.enclose(start, OPEN_BRACE);
}
