// Reads one string or integer field out of protobuf bytes by its path, e.g. the name of what was created.
import type { MessageType, ScalarType } from "../../schema/descriptor.ts";
import { followTextPath, textScalar } from "../../schema/text-path.ts";
import { WireReader, WireType } from "../wire/wire-reader.ts";

/** Undefined where the field is unset or empty. Throws GatewayError for malformed bytes. */
export type FieldText = (message: Uint8Array) => string | undefined;

/** The path is known to be sound for `followTextPath`. */
export function compileFieldText(type: MessageType, path: string): FieldText {
  const fields = followTextPath(type, path);
  if (typeof fields === "string") throw new Error(`${path} of ${type.name}: ${fields}`);
  const scalar = textScalar(fields) ?? "string";
  const numbers = fields.map((field) => field.number);
  return (bytes) => readField(bytes, { numbers, scalar }, 0);
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
