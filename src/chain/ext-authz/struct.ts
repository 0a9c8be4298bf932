// google.protobuf.Struct from bytes, as plain values: null-prototype objects, bounded in depth.
import { WireCursor, WireError, wireFixed64, wireLength, wireVarint } from "../../schema/descriptor/wire.ts";

const maxDepth = 32;

/** Throws WireError. */
export function readStruct(cursor: WireCursor, depth = 0): Readonly<Record<string, unknown>> {
  const fields = Object.create(null) as Record<string, unknown>;
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === ((1 << 3) | wireLength)) readField(cursor.message(), fields, depth);
    else cursor.skip(tag);
  }
  return fields;
}

/** One entry of `map<string, Value>`. */
function readField(cursor: WireCursor, fields: Record<string, unknown>, depth: number): void {
  let key = "";
  let value: unknown = null;
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === ((1 << 3) | wireLength)) key = cursor.string();
    else if (tag === ((2 << 3) | wireLength)) value = readValue(cursor.message(), depth + 1);
    else cursor.skip(tag);
  }
  fields[key] = value;
}

function readValue(cursor: WireCursor, depth: number): unknown {
  if (depth > maxDepth) throw new WireError(`values nested deeper than ${maxDepth}`);
  let value: unknown = null;
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === ((2 << 3) | wireFixed64)) value = cursor.double();
    else if (tag === ((3 << 3) | wireLength)) value = cursor.string();
    else if (tag === ((4 << 3) | wireVarint)) value = cursor.bool();
    else if (tag === ((5 << 3) | wireLength)) value = readStruct(cursor.message(), depth);
    else if (tag === ((6 << 3) | wireLength)) value = readList(cursor.message(), depth);
    else cursor.skip(tag);
  }
  return value;
}

function readList(cursor: WireCursor, depth: number): readonly unknown[] {
  const values: unknown[] = [];
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === ((1 << 3) | wireLength)) values.push(readValue(cursor.message(), depth + 1));
    else cursor.skip(tag);
  }
  return values;
}
