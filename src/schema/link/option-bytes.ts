// Option bytes out of a descriptor -> typed values, by the schema itself; what no extension declares is passed over.
import type { Field, OptionMessage, OptionValue, ScalarType } from "../descriptor.ts";
import {
  WireCursor,
  WireError,
  maxDepth,
  wireEnd,
  wireFixed32,
  wireFixed64,
  wireLength,
  wireStart,
  wireVarint,
} from "../descriptor/wire.ts";
import type { FieldNode, MessageNode } from "./node.ts";
import { optionName } from "./option-value.ts";

type Draft = Map<string, OptionValue>;

/** Throws WireError when the bytes are no message. */
export function decodeOptions(bytes: Uint8Array, type: MessageNode): OptionMessage {
  return decodeMessage(new WireCursor(bytes), type, 0, new Map());
}

function decodeMessage(cursor: WireCursor, type: MessageNode, depth: number, draft: Draft): Draft {
  if (depth > maxDepth) throw new WireError(`values nested deeper than ${maxDepth}`);
  const byNumber = fieldsByNumber(type);
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if ((tag & 7) === wireEnd) throw new WireError("a group ends that was not begun");
    const field = byNumber.get(tag >>> 3) ?? type.extensionByNumber(tag >>> 3);
    if (field === undefined || !decodeField(cursor, tag, field, { draft, depth })) cursor.skip(tag);
  }
  return draft;
}

const numberMaps = new WeakMap<MessageNode, ReadonlyMap<number, FieldNode>>();

function fieldsByNumber(type: MessageNode): ReadonlyMap<number, FieldNode> {
  let map = numberMaps.get(type);
  if (map === undefined) {
    map = new Map(type.fields.map((field) => [field.number, field]));
    numberMaps.set(type, map);
  }
  return map;
}

/** False when the wire type is not the field's: the value is then unknown, as protobuf treats it. */
function decodeField(
  cursor: WireCursor,
  tag: number,
  field: FieldNode,
  into: { draft: Draft; depth: number },
): boolean {
  const { draft, depth } = into;
  const name = optionName(field);
  const wireType = tag & 7;
  if (field.type.kind === "message") {
    if (wireType !== wireLength && wireType !== wireStart) return false;
    const inner = wireType === wireLength ? cursor.message() : cursor.group(tag);
    const message = field.type.message as MessageNode;
    const merged = field.cardinality === "singular" ? ((draft.get(name) as Draft | undefined) ?? new Map()) : new Map();
    put(draft, field, decodeMessage(inner, message, depth + 1, merged));
    return true;
  }
  const expected = scalarWireType(field);
  if (wireType === expected) {
    put(draft, field, decodeScalar(cursor, field));
    return true;
  }
  if (wireType !== wireLength || field.cardinality !== "repeated") return false;
  const packed = cursor.message();
  while (!packed.isAtEnd) put(draft, field, decodeScalar(packed, field));
  return true;
}

function put(draft: Draft, field: Field, value: OptionValue): void {
  const name = optionName(field);
  if (field.cardinality === "singular") {
    for (const member of field.oneof?.fields ?? []) if (member !== field) draft.delete(member.protoName);
    draft.set(name, value);
    return;
  }
  const list = draft.get(name) as OptionValue[] | undefined;
  if (list === undefined) draft.set(name, [value]);
  else list.push(value);
}

function decodeScalar(cursor: WireCursor, { type }: Field): OptionValue {
  if (type.kind === "enum") {
    const number = cursor.int32();
    return type.enum.values.find((value) => value.number === number)?.name ?? number;
  }
  if (type.kind === "message") throw new WireError("a message where a scalar was expected");
  return scalarReaders[type.scalar](cursor);
}

const scalarReaders: Readonly<Record<ScalarType, (cursor: WireCursor) => OptionValue>> = {
  double: (cursor) => cursor.double(),
  float: (cursor) => cursor.float(),
  int64: (cursor) => BigInt.asIntN(64, cursor.uint64()),
  uint64: (cursor) => cursor.uint64(),
  int32: (cursor) => cursor.int32(),
  fixed64: (cursor) => cursor.fixed64(),
  fixed32: (cursor) => cursor.fixed32(),
  bool: (cursor) => cursor.bool(),
  // Text that is not UTF-8 in somebody's option is no reason to refuse the whole file.
  string: (cursor) => Buffer.from(cursor.view()).toString("utf8"),
  bytes: (cursor) => cursor.view().slice(),
  uint32: (cursor) => cursor.uint32(),
  sfixed32: (cursor) => cursor.fixed32() | 0,
  sfixed64: (cursor) => BigInt.asIntN(64, cursor.fixed64()),
  sint32: (cursor) => {
    const value = cursor.uint32();
    return (value >>> 1) ^ -(value & 1);
  },
  sint64: (cursor) => {
    const value = cursor.uint64();
    return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
  },
};

/** The wire type of one element, packed or not aside. */
export function scalarWireType({ type }: Field): number {
  if (type.kind === "enum") return wireVarint;
  if (type.kind === "message") return wireLength;
  switch (type.scalar) {
    case "double":
    case "fixed64":
    case "sfixed64":
      return wireFixed64;
    case "float":
    case "fixed32":
    case "sfixed32":
      return wireFixed32;
    case "string":
    case "bytes":
      return wireLength;
    default:
      return wireVarint;
  }
}
