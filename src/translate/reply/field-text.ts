// Reads one string or integer field out of protobuf bytes by its path, e.g. the name of what was created.
import type { Field, MessageType, ScalarType } from "../../schema/descriptor.ts";
import { WireReader, WireType } from "../wire/wire-reader.ts";

/** Undefined where the field is unset or empty. Throws GatewayError for malformed bytes. */
export type FieldText = (message: Uint8Array) => string | undefined;

const integers: ReadonlySet<ScalarType> = new Set(["int32", "int64", "uint32", "uint64", "sint32", "sint64"]);

/** The reader, or what is wrong with the path: singular messages down to a singular string or integer are expected. */
export function compileFieldText(type: MessageType, path: string): FieldText | string {
  const fields: Field[] = [];
  let message: MessageType | undefined = type;
  for (const name of path.split(".")) {
    if (message === undefined) return `${fields.at(-1)?.protoName ?? ""} is not a message`;
    const field: Field | undefined = message.field(name);
    if (field === undefined) return `${message.name} has no field "${name}"`;
    if (field.cardinality !== "singular") return `the field ${name} is repeated`;
    if (field.delimited) return `the field ${name} is a group`;
    fields.push(field);
    message = field.type.kind === "message" ? field.type.message : undefined;
  }
  const leaf = fields[fields.length - 1].type;
  if (leaf.kind !== "scalar" || (leaf.scalar !== "string" && !integers.has(leaf.scalar)))
    return "the field is neither a string nor an integer";
  const { scalar } = leaf;
  const numbers = fields.map((field) => field.number);
  return (bytes) => readField(bytes, { numbers, scalar }, 0);
}

/** The field that a path sound for `compileFieldText` ends in. */
export function findField(type: MessageType, path: string): Field | undefined {
  let message: MessageType | undefined = type;
  let field: Field | undefined;
  for (const name of path.split(".")) {
    field = message?.field(name);
    message = field?.type.kind === "message" ? field.type.message : undefined;
  }
  return field;
}

interface Leaf {
  readonly numbers: readonly number[];
  readonly scalar: ScalarType;
}

/** The last occurrence wins, at each level. */
function readField(bytes: Uint8Array, leaf: Leaf, depth: number): string | undefined {
  const reader = new WireReader(bytes, 0, bytes.length);
  const isLeaf = depth === leaf.numbers.length - 1;
  const isText = !isLeaf || leaf.scalar === "string";
  const expected = (leaf.numbers[depth] << 3) | (isText ? WireType.LENGTH : WireType.VARINT);
  let found: string | undefined;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag !== expected >>> 0) reader.skip(tag);
    else if (!isText) found = readInteger(reader, leaf.scalar);
    else {
      const end = reader.lengthEnd();
      const value = bytes.subarray(reader.pos, end);
      reader.pos = end;
      found = isLeaf
        ? Buffer.from(value.buffer, value.byteOffset, value.length).toString()
        : (readField(value, leaf, depth + 1) ?? found);
    }
  }
  return found === "" ? undefined : found;
}

function readInteger(reader: WireReader, scalar: ScalarType): string {
  reader.varint64();
  const bits = (BigInt(reader.hi >>> 0) << 32n) | BigInt(reader.lo >>> 0);
  if (scalar === "sint32" || scalar === "sint64") return String((bits >> 1n) ^ -(bits & 1n));
  if (scalar === "uint64") return String(bits);
  if (scalar === "uint32") return String(reader.lo >>> 0);
  return String(scalar === "int32" ? reader.lo | 0 : BigInt.asIntN(64, bits));
}
