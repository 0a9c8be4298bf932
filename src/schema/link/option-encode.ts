// Typed option values -> protobuf bytes: what `SchemaFile.toBytes` puts into the descriptors of text files.
import type { Field, OptionMessage, OptionValue, ScalarType } from "../descriptor.ts";
import { WireWriter, wireEnd, wireStart } from "../descriptor/wire.ts";
import type { MessageNode } from "./node.ts";
import { scalarWireType } from "./option-bytes.ts";

export function encodeOptions(options: OptionMessage, type: MessageNode): Uint8Array {
  const entries: { readonly field: Field; readonly value: OptionValue }[] = [];
  for (const [name, value] of options) {
    const field = name.startsWith("(") ? extensionNamed(type, name.slice(1, -1)) : type.protoField(name);
    if (field !== undefined) entries.push({ field, value });
  }
  entries.sort((a, b) => a.field.number - b.field.number);
  const writer = new WireWriter();
  for (const { field, value } of entries) encodeField(writer, field, value);
  return writer.finish();
}

function extensionNamed(type: MessageNode, name: string): Field | undefined {
  return type.extensions.find((extension) => extension.name === name);
}

function encodeField(writer: WireWriter, field: Field, value: OptionValue): void {
  if (!Array.isArray(value)) return encodeElement(writer, field, value);
  const elements = value as readonly OptionValue[];
  if (!field.packed) {
    for (const element of elements) encodeElement(writer, field, element);
    return;
  }
  if (elements.length === 0) return;
  const packed = new WireWriter();
  for (const element of elements) encodeScalar(packed, field, element);
  writer.bytesField(field.number, packed.finish());
}

function encodeElement(writer: WireWriter, field: Field, value: OptionValue): void {
  if (field.type.kind === "message") {
    const bytes = encodeOptions(value as OptionMessage, field.type.message as MessageNode);
    if (field.delimited) writer.tag(field.number, wireStart).raw(bytes).tag(field.number, wireEnd);
    else writer.bytesField(field.number, bytes);
    return;
  }
  writer.tag(field.number, scalarWireType(field));
  encodeScalar(writer, field, value);
}

function encodeScalar(writer: WireWriter, { type }: Field, value: OptionValue): void {
  if (type.kind === "enum") {
    const number =
      typeof value === "number" ? value : type.enum.values.find((candidate) => candidate.name === value)?.number;
    writer.int32(number ?? 0);
  } else if (type.kind === "scalar") scalarWriters[type.scalar](writer, value);
}

function writeBytes(writer: WireWriter, bytes: Uint8Array): void {
  writer.uint32(bytes.length).raw(bytes);
}

const scalarWriters: Readonly<Record<ScalarType, (writer: WireWriter, value: OptionValue) => void>> = {
  double: (writer, value) => void writer.double(value as number),
  float: (writer, value) => void writer.float(value as number),
  int64: (writer, value) => void writer.uint64(BigInt.asUintN(64, value as bigint)),
  uint64: (writer, value) => void writer.uint64(value as bigint),
  int32: (writer, value) => void writer.int32(value as number),
  fixed64: (writer, value) => void writer.fixed64(value as bigint),
  fixed32: (writer, value) => void writer.fixed32(value as number),
  bool: (writer, value) => void writer.uint32(value === true ? 1 : 0),
  string: (writer, value) => writeBytes(writer, Buffer.from(value as string, "utf8")),
  bytes: (writer, value) => writeBytes(writer, value as Uint8Array),
  uint32: (writer, value) => void writer.uint32(value as number),
  sfixed32: (writer, value) => void writer.fixed32(value as number),
  sfixed64: (writer, value) => void writer.fixed64(value as bigint),
  sint32: (writer, value) => void writer.uint32((((value as number) << 1) ^ ((value as number) >> 31)) >>> 0),
  sint64: (writer, value) =>
    void writer.uint64(BigInt.asUintN(64, ((value as bigint) << 1n) ^ ((value as bigint) >> 63n))),
};
