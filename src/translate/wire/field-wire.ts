// Small pieces of protobuf encoding for requests put together from text: a value's payload, a field around it.
import type { Field, FieldType, ScalarType } from "../../schema/descriptor.ts";
import { WireType } from "./wire-reader.ts";

export const emptyBytes: Uint8Array = new Uint8Array(0);

/** One array is returned as it is, not copied. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 0) return emptyBytes;
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

/** A varint of a non-negative integer below 2^53. */
export function uintVarint(value: number): Uint8Array {
  if (value < 0x80) return Uint8Array.of(value);
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** A varint of any 64-bit integer, negative ones as their ten-byte two's complement. */
export function bigVarint(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, value);
  if (rest <= BigInt(Number.MAX_SAFE_INTEGER)) return uintVarint(Number(rest));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const fixed64Scalars: ReadonlySet<ScalarType> = new Set(["double", "fixed64", "sfixed64"]);
const fixed32Scalars: ReadonlySet<ScalarType> = new Set(["float", "fixed32", "sfixed32"]);

/** The wire type of one value, outside of a packed list; messages as length-delimited. */
export function wireTypeOfValue(type: FieldType): number {
  if (type.kind === "message") return WireType.LENGTH;
  if (type.kind === "enum") return WireType.VARINT;
  if (type.scalar === "string" || type.scalar === "bytes") return WireType.LENGTH;
  if (fixed64Scalars.has(type.scalar)) return WireType.FIXED64;
  return fixed32Scalars.has(type.scalar) ? WireType.FIXED32 : WireType.VARINT;
}

export function isGroup(field: Field): boolean {
  return field.delimited && field.type.kind === "message";
}

/** Whether the payload is what an unset field without presence has. Minus zero of a float is not zero. */
export function isZeroPayload(type: FieldType, payload: Uint8Array): boolean {
  return wireTypeOfValue(type) === WireType.LENGTH ? payload.length === 0 : payload.every((byte) => byte === 0);
}

/** Tag, length where there is one, payload (and end tag of a group). `tag` carries the wire type. */
export function taggedRange(tag: number, payload: Uint8Array): Uint8Array {
  const wireType = tag & 7;
  if (wireType === WireType.LENGTH && tag < 0x80 && payload.length < 0x80) {
    const bytes = Buffer.allocUnsafe(payload.length + 2);
    bytes[0] = tag;
    bytes[1] = payload.length;
    bytes.set(payload, 2);
    return bytes;
  }
  const head = uintVarint(tag);
  if (wireType === WireType.LENGTH) return Buffer.concat([head, uintVarint(payload.length), payload]);
  if (wireType === WireType.START_GROUP) return Buffer.concat([head, payload, uintVarint(tag + 1)]);
  return Buffer.concat([head, payload]);
}

/** One value of a field with its tag. The payload of a length-delimited value comes without its length. */
export function taggedValue(field: Field, payload: Uint8Array): Uint8Array {
  const wireType = isGroup(field) ? WireType.START_GROUP : wireTypeOfValue(field.type);
  return taggedRange(field.number * 8 + wireType, payload);
}

/** A value of a message whose type is not at hand: `number` length-delimited, nothing for an empty payload. */
export function lengthField(number: number, payload: Uint8Array): Uint8Array {
  return payload.length === 0 ? emptyBytes : taggedRange(number * 8 + WireType.LENGTH, payload);
}

/** The complete encoding of a field's values: packed where the field is, nothing for a lone zero without presence. */
export function fieldWire(field: Field, payloads: readonly Uint8Array[]): Uint8Array {
  if (field.cardinality === "singular") {
    const payload = payloads[payloads.length - 1];
    return !field.hasPresence && isZeroPayload(field.type, payload) ? emptyBytes : taggedValue(field, payload);
  }
  const isPacked = field.packed && wireTypeOfValue(field.type) !== WireType.LENGTH;
  if (isPacked) return taggedRange(field.number * 8 + WireType.LENGTH, concatBytes(payloads));
  return concatBytes(payloads.map((payload) => taggedValue(field, payload)));
}
