// One JSON value of any type but a message → its wire form, without the tag.
import { didYouMean } from "../../diagnostic.ts";
import { type FieldPlan, Kind, type ReadRun } from "./message-plan.ts";
import { int32Range, int64, int64Range, readDouble, readInteger, uint32Range, uint64Range } from "./read-number.ts";
import { readBase64, readString, readText } from "./read-string.ts";
import { isSnippetAt } from "../wire/byte-sink.ts";
import { writeDoubleBits, writeFixed32, writeFloatBits, writeVarint32, writeVarint64 } from "../wire/write-wire.ts";

const QUOTE = 0x22;

/** Reads one value; false for an enum name that is unknown where unknown ones are ignored. */
export function readPlainValue(run: ReadRun, field: FieldPlan): boolean {
  const { json, out } = run;
  switch (field.kind) {
    case Kind.STRING:
      readString(json, out, "a string");
      break;
    case Kind.INT32:
      readInteger(json, int32Range);
      // A negative int32 takes ten bytes: it is sign-extended to 64 bits.
      writeVarint64(out, int64.lo, int64.hi);
      break;
    case Kind.UINT32:
      readInteger(json, uint32Range);
      writeVarint32(out, int64.lo);
      break;
    case Kind.SINT32:
      readInteger(json, int32Range);
      writeVarint32(out, (int64.lo << 1) ^ (int64.lo >> 31));
      break;
    case Kind.FIXED32:
      readInteger(json, uint32Range);
      writeFixed32(out, int64.lo);
      break;
    case Kind.SFIXED32:
      readInteger(json, int32Range);
      writeFixed32(out, int64.lo);
      break;
    case Kind.BOOL:
      readBool(run);
      break;
    case Kind.ENUM:
      return readEnum(run, field);
    case Kind.DOUBLE:
      writeDoubleBits(out, readDouble(json, false));
      break;
    case Kind.FLOAT:
      writeFloatBits(out, readDouble(json, true));
      break;
    case Kind.BYTES:
      readBase64(json, out);
      break;
    default:
      readLong(run, field.kind);
  }
  return true;
}

function readLong({ json, out }: ReadRun, kind: number): void {
  const isUnsigned = kind === Kind.UINT64 || kind === Kind.FIXED64;
  readInteger(json, isUnsigned ? uint64Range : int64Range);
  const { lo, hi } = int64;
  if (kind === Kind.FIXED64 || kind === Kind.SFIXED64) {
    writeFixed32(out, lo);
    writeFixed32(out, hi);
  } else if (kind === Kind.SINT64) {
    const sign = hi >> 31;
    writeVarint64(out, (lo << 1) ^ sign, ((hi << 1) | (lo >>> 31)) ^ sign);
  } else writeVarint64(out, lo, hi);
}

function readBool({ json, out }: ReadRun): void {
  const byte = json.peek();
  if (byte === 0x74) json.literal("true");
  else if (byte === 0x66) json.literal("false");
  else json.unexpected("true or false");
  out.appendByte(byte === 0x74 ? 1 : 0);
}

function readEnum(run: ReadRun, field: FieldPlan): boolean {
  const { json, out } = run;
  const plan = field.enum!;
  const byte = json.peek();
  if (byte === 0x6e && plan.isNullValue) {
    json.literal("null");
    out.appendByte(0);
    return true;
  }
  if (byte !== QUOTE) {
    if (byte !== 0x2d && (byte < 0x30 || byte > 0x39)) json.unexpected("an enum value's name or number");
    return readEnumNumber(run, field);
  }
  const start = json.pos;
  for (const { text, number } of plan.likely)
    if (isSnippetAt(text, json.view, start)) {
      json.pos = start + text.length;
      writeVarint64(out, number, number >> 31);
      return true;
    }
  let at = start + 1;
  while (at < json.end && json.bytes[at] > 0x20 && json.bytes[at] !== QUOTE && json.bytes[at] !== 0x5c) at++;
  const isPlain = at < json.end && json.bytes[at] === QUOTE;
  let number = isPlain ? plan.numbers.find(json.bytes, start + 1, at) : undefined;
  if (number !== undefined) json.pos = at + 1;
  else {
    const name = readText(json, out, "an enum value's name");
    number = plan.numbers.get(name);
    if (number === undefined) {
      if (run.plans.options.unknownFields === "ignore") return false;
      refuseEnum(run, name, field, start);
    }
  }
  writeVarint64(out, number, number >> 31);
  return true;
}

/** Any int32 for an open enum. A closed one has only its own numbers: the backend would drop another without a word. */
function readEnumNumber(run: ReadRun, field: FieldPlan): boolean {
  const { json, out } = run;
  const { pos } = json;
  readInteger(json, int32Range);
  const { lo, hi } = int64;
  const { closed, names } = field.enum!;
  if (closed && !names.has(lo) && run.plans.options.unknownFields === "reject") refuseEnum(run, String(lo), field, pos);
  writeVarint64(out, lo, hi);
  return true;
}

function refuseEnum(run: ReadRun, name: string, field: FieldPlan, at: number): never {
  const names = [...field.enum!.numbers.names()];
  const guess = didYouMean(name, names);
  const known = names.length <= 8 ? `; expected ${names.join(", ")}` : "";
  const type = field.field.type.kind === "enum" ? field.field.type.enum.name : "";
  run.json.fail(
    `unknown value "${name.slice(0, 64)}" of enum ${type}${guess === undefined ? known : `; ${guess}`}`,
    "ENUM_UNKNOWN",
    at,
  );
}

/** A map key, a JSON string whatever its type, as the key's wire form without the tag. */
export function readMapKey(run: ReadRun, key: FieldPlan): void {
  const { json, out } = run;
  if (json.peek() !== QUOTE) json.syntax("a map key in quotes");
  if (key.kind !== Kind.BOOL) {
    readPlainValue(run, key);
    return;
  }
  const start = json.pos;
  const text = readText(json, out, "a map key in quotes");
  if (text !== "true" && text !== "false") json.fail(`expected the map key "true" or "false"`, "VALUE_INVALID", start);
  out.appendByte(text === "true" ? 1 : 0);
}
