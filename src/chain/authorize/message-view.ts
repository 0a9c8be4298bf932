// A request message as conditions see it: its bytes, of which a field is read when it is asked for.
import { celList, celMap, celUint } from "@bufbuild/cel";
import type { CelInput, CelMap } from "@bufbuild/cel";
import { create } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { Field, FieldType, MessageType, ScalarType } from "../../schema/descriptor.ts";
import { eachField, unpack } from "./wire-fields.ts";
import type { WireField } from "./wire-fields.ts";

/** More entries of one list or map than this are not looked through: the condition is then taken not to hold. */
const maxEntries = 10_000;

/** Throws, here or when it is looked into, for bytes that are no such message. */
export function viewMessage(type: MessageType, bytes: Uint8Array): CelInput {
  // Of a map, only what CEL asks of it.
  return new MessageView(type, bytes) as unknown as CelMap;
}

class MessageView {
  readonly #type: MessageType;
  readonly #bytes: Uint8Array;
  readonly #read = new Map<Field, CelInput>();
  readonly #has = new Map<Field, boolean>();

  constructor(type: MessageType, bytes: Uint8Array) {
    this.#type = type;
    this.#bytes = bytes;
  }

  get(name: unknown): CelInput | undefined {
    const field = this.#field(name);
    if (field === undefined) return undefined;
    // Loops ask for the same field in every round.
    const known = this.#read.get(field);
    if (known !== undefined) return known;
    const value = this.#get(field);
    this.#read.set(field, value);
    return value;
  }

  #get(field: Field): CelInput {
    if (field.cardinality === "repeated") return celList(this.#list(field));
    if (field.cardinality === "map") return celMap(this.#map(field));
    const values = this.#values(field);
    return values.length === 0 ? defaultOf(field.type) : toSingular(field, values);
  }

  /** As `has` of proto: whether it differs from what it is when nobody sets it. */
  has(name: unknown): boolean {
    const field = this.#field(name);
    if (field === undefined) return false;
    const known = this.#has.get(field) ?? this.#isThere(field);
    this.#has.set(field, known);
    return known;
  }

  #isThere(field: Field): boolean {
    const values = this.#values(field);
    if (field.cardinality !== "singular") return values.length > 0;
    if (values.length === 0 || field.hasPresence) return values.length > 0;
    return !isZero(toSingular(field, values));
  }

  #field(name: unknown): Field | undefined {
    return this.#type.fields.find(({ protoName }) => protoName === name);
  }

  /** As they stand on the wire; of a oneof, only if the field is the last of it that is set. */
  #values(field: Field): WireField[] {
    let values: WireField[] = [];
    const rivals = new Set(field.oneof?.fields.filter((other) => other !== field).map(({ number }) => number));
    eachField(this.#bytes, (found) => {
      if (found.number === field.number && suits(field, found)) values.push(found);
      else if (rivals.has(found.number) && suits(fieldOf(field, found.number), found)) values = [];
      if (values.length > maxEntries) throw tooMany(field);
    });
    return values;
  }

  #list(field: Field): CelInput[] {
    const list: CelInput[] = [];
    const add = (value: CelInput): void => {
      if (list.push(value) > maxEntries) throw tooMany(field);
    };
    for (const found of this.#values(field)) {
      const packed = found.wireType === 2 ? packedWireType(field.type) : undefined;
      if (packed === undefined) add(toValue(field.type, found));
      else unpack(found.bytes, packed, (value) => add(toNumber(field.type, value)));
    }
    return list;
  }

  #map(field: Field): Map<string | bigint | boolean, CelInput> {
    const entries = new Map<string | bigint | boolean, CelInput>();
    if (field.type.kind !== "message") return entries;
    for (const { bytes } of this.#values(field)) {
      const entry = new MessageView(field.type.message, bytes);
      // Unsigned keys stand as such in a map that is asked by them; equal numbers are equal keys in CEL.
      const key = entry.get("key");
      const plain = typeof key === "object" && key !== null && "value" in key ? key.value : key;
      entries.set(plain as string | bigint | boolean, entry.get("value") as CelInput);
    }
    return entries;
  }
}

// What makes an object a map for CEL is a mark that only its own maps carry.
Object.setPrototypeOf(MessageView.prototype, celMap(new Map()));

function fieldOf({ oneof }: Field, number: number): Field {
  return oneof?.fields.find((field) => field.number === number) as Field;
}

/** What comes in another form than its field has is an unknown field, for a backend as well. */
function suits(field: Field, { wireType }: WireField): boolean {
  if (wireType === wireTypeOf(field)) return true;
  return field.cardinality === "repeated" && wireType === 2 && packedWireType(field.type) !== undefined;
}

function wireTypeOf({ type, delimited }: Field): WireField["wireType"] {
  if (type.kind === "message") return delimited ? 3 : 2;
  return packedWireType(type) ?? 2;
}

/** Undefined for what is never packed. */
function packedWireType(type: FieldType): 0 | 1 | 5 | undefined {
  if (type.kind === "message") return undefined;
  return type.kind === "enum" ? 0 : scalarWireTypes[type.scalar];
}

const scalarWireTypes: Readonly<Record<ScalarType, 0 | 1 | 5 | undefined>> = {
  double: 1,
  float: 5,
  int64: 0,
  uint64: 0,
  int32: 0,
  fixed64: 1,
  fixed32: 5,
  bool: 0,
  string: undefined,
  bytes: undefined,
  uint32: 0,
  sfixed32: 5,
  sfixed64: 1,
  sint32: 0,
  sint64: 0,
};

/** The last one; of messages all of them, one after the other, which is what merging them means. */
function toSingular({ type }: Field, values: readonly WireField[]): CelInput {
  if (type.kind !== "message" || values.length === 1) return toValue(type, values[values.length - 1]);
  return toMessage(type.message, Buffer.concat(values.map(({ bytes }) => bytes)));
}

/** One value without its tag, and without its length where it has one. Throws as `viewMessage` does. */
export function viewPayload(type: FieldType, payload: Uint8Array): CelInput {
  const wireType = packedWireType(type);
  if (wireType === undefined) return toValue(type, { number: 1, wireType: 2, value: 0n, bytes: payload });
  let value: CelInput = toNumber(type, 0n);
  unpack(payload, wireType, (bits) => (value = toNumber(type, bits)));
  return value;
}

function toValue(type: FieldType, { value, bytes }: WireField): CelInput {
  if (type.kind === "message") return toMessage(type.message, bytes);
  if (type.kind === "scalar" && type.scalar === "string") return utf8.decode(bytes);
  if (type.kind === "scalar" && type.scalar === "bytes") return bytes;
  return toNumber(type, value);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function toMessage(type: MessageType, bytes: Uint8Array): CelInput {
  const isTimestamp = type.name === "google.protobuf.Timestamp";
  if (!isTimestamp && type.name !== "google.protobuf.Duration") return viewMessage(type, bytes);
  const view = new MessageView(type, bytes);
  const init = { seconds: view.get("seconds") as bigint, nanos: Number(view.get("nanos")) };
  return isTimestamp
    ? reflect(TimestampSchema, create(TimestampSchema, init))
    : reflect(DurationSchema, create(DurationSchema, init));
}

/** From the unsigned bits on the wire. */
function toNumber(type: FieldType, bits: bigint): CelInput {
  if (type.kind !== "scalar") return BigInt.asIntN(32, bits);
  switch (type.scalar) {
    case "bool":
      return bits !== 0n;
    case "int32":
    case "sfixed32":
      return BigInt.asIntN(32, bits);
    case "int64":
    case "sfixed64":
      return BigInt.asIntN(64, bits);
    case "sint32":
      return unzigzag(BigInt.asUintN(32, bits));
    case "sint64":
      return unzigzag(bits);
    case "uint32":
    case "fixed32":
      return celUint(BigInt.asUintN(32, bits));
    case "double":
      return toFloat(bits, 8);
    case "float":
      return toFloat(bits, 4);
    default:
      return celUint(bits);
  }
}

function unzigzag(bits: bigint): bigint {
  return (bits >> 1n) ^ -(bits & 1n);
}

const scratch = new DataView(new ArrayBuffer(8));

function toFloat(bits: bigint, size: 4 | 8): number {
  scratch.setBigUint64(0, bits, true);
  return size === 4 ? scratch.getFloat32(0, true) : scratch.getFloat64(0, true);
}

function defaultOf(type: FieldType): CelInput {
  if (type.kind === "message") return toMessage(type.message, new Uint8Array(0));
  if (type.kind === "enum") return BigInt(type.enum.values[0]?.number ?? 0);
  if (type.scalar === "string") return "";
  return type.scalar === "bytes" ? new Uint8Array(0) : toNumber(type, 0n);
}

function isZero(value: CelInput): boolean {
  if (typeof value === "object" && value !== null && "value" in value) return value.value === 0n;
  if (value instanceof Uint8Array) return value.length === 0;
  return value === "" || value === 0n || value === false || Object.is(value, 0);
}

function tooMany({ name }: Field): Error {
  return new Error(`${name} has more than ${maxEntries} entries, which is more than conditions look through`);
}
