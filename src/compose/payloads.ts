// The values of one field in the bytes of a message, each without its tag: what goes from message to message as it stands.
import type { Field } from "../schema/descriptor.ts";
import { concatBytes, isGroup, wireTypeOfValue } from "../translate/wire/field-wire.ts";
import { tooLarge } from "./meter.ts";
import { WireReader, WireType } from "../translate/wire/wire-reader.ts";

/** Of one field: each is an object, a hundred times as large as the byte that it may have on the wire. */
const maxValues = 262_144;

/** In order. Of a singular field at most one: the last, or of a message all its pieces, merged. Throws GatewayError for bytes that are no message. */
export function readPayloads(field: Field, message: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  const rivals = rivalsOf(field);
  const reader = new WireReader(message, 0, message.length);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag >>> 3 === field.number) readOne(field, reader, tag, found);
    else {
      // Of a oneof the last member on the wire counts.
      if (rivals?.has(tag >>> 3) === true) found.length = 0;
      reader.skip(tag);
    }
  }
  if (field.cardinality !== "singular" || found.length <= 1) return found;
  return field.type.kind === "message" ? [concatBytes(found)] : [found[found.length - 1]];
}

function rivalsOf({ oneof, number }: Field): ReadonlySet<number> | undefined {
  return oneof && new Set(oneof.fields.map((other) => other.number).filter((other) => other !== number));
}

function readOne(field: Field, reader: WireReader, tag: number, found: Uint8Array[]): void {
  const wireType = tag & 7;
  const expected = isGroup(field) ? WireType.START_GROUP : wireTypeOfValue(field.type);
  const isPacked = field.cardinality === "repeated" && field.type.kind !== "message" && expected !== WireType.LENGTH;
  if (wireType === expected) keep(field, readValue(reader, tag), found);
  else if (isPacked && wireType === WireType.LENGTH) unpack(field, reader, expected, found);
  // In another form it is an unknown field, for a backend as well.
  else reader.skip(tag);
}

function readValue(reader: WireReader, tag: number): Uint8Array {
  const { bytes } = reader;
  if ((tag & 7) === WireType.LENGTH) {
    const end = reader.lengthEnd();
    const start = reader.pos;
    reader.pos = end;
    return bytes.subarray(start, end);
  }
  const start = reader.pos;
  if ((tag & 7) === WireType.START_GROUP) return bytes.subarray(start, reader.groupEnd(tag >>> 3));
  reader.skip(tag);
  return bytes.subarray(start, reader.pos);
}

function unpack(field: Field, reader: WireReader, wireType: number, found: Uint8Array[]): void {
  const end = reader.lengthEnd();
  const inner = new WireReader(reader.bytes, reader.pos, end);
  // A tag of a field that there is not: only its wire type is looked at.
  while (inner.pos < end) keep(field, readValue(inner, wireType), found);
  reader.pos = end;
}

function keep({ name }: Field, value: Uint8Array, found: Uint8Array[]): void {
  if (found.push(value) > maxValues) throw tooLarge(`${name} has more than ${maxValues} values`);
}

/** What an unset field without presence has. */
export function zeroPayload({ type }: Field): Uint8Array {
  return zeros[wireTypeOfValue(type)];
}

const zeros: Readonly<Record<number, Uint8Array>> = {
  [WireType.VARINT]: new Uint8Array(1),
  [WireType.FIXED32]: new Uint8Array(4),
  [WireType.FIXED64]: new Uint8Array(8),
  [WireType.LENGTH]: new Uint8Array(0),
};

/** Equal texts for equal values, however they are encoded: what items of a batch are found by. */
export function toKey({ type }: Field, payload: Uint8Array): string {
  if (wireTypeOfValue(type) !== WireType.VARINT) return Buffer.from(payload).toString("latin1");
  const reader = new WireReader(payload, 0, payload.length);
  reader.varint64();
  const isLong = type.kind === "scalar" && type.scalar.endsWith("int64");
  return isLong ? `${reader.hi}:${reader.lo}` : String(reader.lo);
}
