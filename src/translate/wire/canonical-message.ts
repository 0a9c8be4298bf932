// One form for request messages that mean the same: fields in the order of their numbers, in all messages they have inside.
import type { Field, MessageType } from "../../schema/descriptor.ts";
import { WireReader, WireType } from "./wire-reader.ts";

/** Larger messages stay as they are. */
const maxBytes = 16_384;
const maxDepth = 32;

/**
 * The message itself where its order could mean something to a backend that knows more than this gateway: with fields that are in no proto,
 * with two members of a oneof, with groups; and where it is no message. What the key is made of is what the backend gets, so no two
 * meanings share a key, whatever is done here.
 */
export function toCanonical(message: Uint8Array, type: MessageType): Uint8Array {
  if (message.length === 0 || message.length > maxBytes) return message;
  try {
    return arrange(message, type, 0) ?? message;
  } catch {
    return message;
  }
}

interface Part {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** Undefined for what has to stay as it is. */
function arrange(message: Uint8Array, type: MessageType, depth: number): Uint8Array | undefined {
  if (depth > maxDepth) return undefined;
  const fields = fieldsOf(type);
  const reader = new WireReader(message, 0, message.length);
  const parts: Part[] = [];
  const oneofs = new Map<unknown, number>();
  let isChanged = false;
  while (reader.pos < reader.end) {
    const start = reader.pos;
    const tag = reader.tag();
    const number = tag >>> 3;
    const wireType = tag & 7;
    const field = fields.get(number);
    if (field === undefined || wireType === WireType.START_GROUP || wireType === WireType.END_GROUP) return undefined;
    if (field.oneof !== undefined && (oneofs.get(field.oneof) ?? number) !== number) return undefined;
    if (field.oneof !== undefined) oneofs.set(field.oneof, number);
    const tagEnd = reader.pos;
    const content = wireType === WireType.LENGTH ? takeContent(reader) : undefined;
    if (content === undefined) reader.skip(tag);
    const inner = content === undefined ? undefined : arrangeInside(content, field, depth);
    if (inner === "opaque") return undefined;
    const isSame = inner === undefined || inner === content;
    parts.push({
      number,
      bytes: isSame
        ? message.subarray(start, reader.pos)
        : Buffer.concat([message.subarray(start, tagEnd), lengthOf(inner), inner]),
    });
    isChanged ||= !isSame || (parts.length > 1 && parts[parts.length - 2].number > number);
  }
  if (!isChanged) return message;
  // Stable: values of one field stay in their order.
  return Buffer.concat(parts.sort((one, other) => one.number - other.number).map(({ bytes }) => bytes));
}

function takeContent(reader: WireReader): Uint8Array {
  const end = reader.lengthEnd();
  const content = reader.bytes.subarray(reader.pos, end);
  reader.pos = end;
  return content;
}

/** Of a field of messages; undefined for any other. */
function arrangeInside(content: Uint8Array, { type }: Field, depth: number): Uint8Array | "opaque" | undefined {
  return type.kind === "message" ? (arrange(content, type.message, depth + 1) ?? "opaque") : undefined;
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const digits: number[] = [];
  let rest = bytes.length;
  for (; rest > 0x7f; rest >>>= 7) digits.push((rest & 0x7f) | 0x80);
  return Uint8Array.from([...digits, rest]);
}

const known = new WeakMap<MessageType, ReadonlyMap<number, Field>>();

function fieldsOf(type: MessageType): ReadonlyMap<number, Field> {
  let fields = known.get(type);
  if (fields === undefined) {
    fields = new Map(type.fields.map((field) => [field.number, field]));
    known.set(type, fields);
  }
  return fields;
}
