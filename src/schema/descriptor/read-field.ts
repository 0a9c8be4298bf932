// google.protobuf.FieldDescriptorProto -> RawField.
import type { Position } from "../../diagnostic.ts";
import type { RawField, RawValue } from "../proto-file.ts";
import { DescriptorFields } from "./fields.ts";
import { readDeclared } from "./declared.ts";
import type { DescriptorScope } from "./declared.ts";
import { WireError } from "./wire.ts";

const typeGroup = 10;
const typeMessage = 11;
const typeEnum = 14;

/** Indexed by google.protobuf.FieldDescriptorProto.Type; empty where a type name stands. */
export const scalarNames: readonly string[] = [
  "",
  "double",
  "float",
  "int64",
  "uint64",
  "int32",
  "fixed64",
  "fixed32",
  "bool",
  "string",
  "",
  "",
  "bytes",
  "uint32",
  "",
  "sfixed32",
  "sfixed64",
  "sint32",
  "sint64",
];

const numberTypes = /^(double|float|s?u?int(32|64)|s?fixed(32|64))$/;

/** `mapEntries`: absolute names of the map entries among the message's nested messages. */
export function readField(
  bytes: Uint8Array,
  path: readonly number[],
  { source, edition }: DescriptorScope,
  mapEntries: ReadonlySet<string>,
): RawField {
  const fields = new DescriptorFields(bytes);
  const { name, position, comment, options } = readDeclared(fields, path, source, 8);
  const type = fields.int(5);
  const typeName = readTypeName(fields, name);
  const proto3Optional = fields.bool(17);
  const oneofIndex = fields.int(9);
  const defaultText = fields.string(7);
  return {
    name,
    position,
    comment,
    options,
    number: fields.int(3) ?? 0,
    numberPosition: source.position([...path, 3]),
    label: readLabel(fields.int(4), proto3Optional || (edition === "proto2" && oneofIndex === undefined)),
    typeName,
    typePosition: source.position([...path, fields.has(6) ? 6 : 5]),
    oneofIndex,
    proto3Optional,
    isGroup: type === typeGroup,
    isMap: fields.int(4) === 3 && mapEntries.has(typeName),
    jsonName: fields.string(10),
    extendee: fields.string(2),
    extendeePosition: source.position([...path, 2]),
    defaultValue:
      defaultText === undefined ? undefined : readDefault(defaultText, typeName, source.position([...path, 7])),
  };
}

function readTypeName(fields: DescriptorFields, name: string): string {
  const type = fields.int(5);
  if (type === undefined || type === typeMessage || type === typeGroup || type === typeEnum) {
    const typeName = fields.string(6);
    if (typeName === undefined) throw new WireError(`field "${name}" has no type`);
    return typeName;
  }
  const scalar = scalarNames[type] ?? "";
  if (scalar === "") throw new WireError(`field "${name}" is of the unknown type ${type}`);
  return scalar;
}

/** The wire always has a label; LABEL_OPTIONAL is kept only where a person would have written it. */
function readLabel(label: number | undefined, isWritten: boolean): RawField["label"] {
  if (label === 2) return "required";
  if (label === 3) return "repeated";
  return isWritten ? "optional" : undefined;
}

function readDefault(text: string, typeName: string, position: Position): RawValue {
  if (typeName === "string") return { kind: "string", bytes: Buffer.from(text, "utf8"), position };
  if (typeName === "bytes") return { kind: "string", bytes: unescapeBytes(text), position };
  const isWord = /^-?(inf|nan)$/.test(text);
  if (numberTypes.test(typeName) && !isWord) return { kind: "number", text, position };
  return { kind: "identifier", text, position };
}

const escapes = new Map([
  ["n", 10],
  ["r", 13],
  ["t", 9],
  ["a", 7],
  ["b", 8],
  ["f", 12],
  ["v", 11],
]);

/** Default values of bytes fields are C-escaped in descriptors. */
function unescapeBytes(text: string): Uint8Array {
  const parts = text.match(/\\[0-7]{1,3}|\\[xX][0-9a-fA-F]{1,2}|\\.|[^\\]+|\\$/gsu) ?? [];
  return Buffer.concat(
    parts.map((part) => {
      if (part[0] !== "\\") return Buffer.from(part, "utf8");
      if (/[0-7]/.test(part[1] ?? "")) return Buffer.from([Number.parseInt(part.slice(1), 8) & 0xff]);
      if (/[xX]/.test(part[1] ?? "") && part.length > 2) return Buffer.from([Number.parseInt(part.slice(2), 16)]);
      const known = escapes.get(part[1] ?? "");
      return known === undefined ? Buffer.from(part.slice(1), "utf8") : Buffer.from([known]);
    }),
  );
}
