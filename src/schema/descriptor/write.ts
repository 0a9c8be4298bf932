// A linked file -> google.protobuf.FileDescriptorProto bytes, as the compiler would write them (without source info).
import { scalarNames } from "./read-field.ts";
import { WireWriter } from "./wire.ts";
import type { OptionMessage } from "../descriptor.ts";
import { defaultText } from "./default.ts";
import { encodeOptions } from "../link/option-encode.ts";
import { defaultJsonName } from "../link/node.ts";
import type { EnumNode, FieldNode, FileNode, MessageNode, ServiceNode } from "../link/node.ts";
import type { NumberRange } from "../proto-file.ts";

const editionNumbers = { "2023": 1000, "2024": 1001 } as const;

/** Only for files that came as text: those that came as bytes are their own descriptor. */
export function writeFileDescriptor(file: FileNode): Uint8Array {
  const { raw } = file;
  const writer = new WireWriter();
  writer.stringField(1, raw.path);
  if (raw.package !== "") writer.stringField(2, raw.package);
  const imports = raw.imports.filter((imported) => imported.kind !== "option");
  for (const { path } of imports) writer.stringField(3, path);
  for (const message of file.messages) writer.bytesField(4, writeMessage(message));
  for (const type of file.enums) writer.bytesField(5, writeEnum(type));
  for (const service of file.services) writer.bytesField(6, writeService(service));
  for (const extension of file.extensions) writer.bytesField(7, writeField(extension));
  writeOptions(writer, 8, file.options, optionsType(file, "FileOptions"));
  imports.forEach(({ kind }, index) => kind === "public" && writer.int32Field(10, index));
  imports.forEach(({ kind }, index) => kind === "weak" && writer.int32Field(11, index));
  if (raw.edition === "proto3") writer.stringField(12, "proto3");
  else if (raw.edition !== "proto2") writer.stringField(12, "editions").int32Field(14, editionNumbers[raw.edition]);
  for (const imported of raw.imports) if (imported.kind === "option") writer.stringField(15, imported.path);
  return writer.finish();
}

/** The options messages that this file's options were read with; absent only where nothing could be read. */
function optionsType(file: FileNode, name: string): MessageNode | undefined {
  return file.optionTypes?.(`google.protobuf.${name}`);
}

function writeOptions(writer: WireWriter, number: number, options: OptionMessage, type: MessageNode | undefined): void {
  if (options.size > 0 && type !== undefined) writer.bytesField(number, encodeOptions(options, type));
}

function writeMessage(message: MessageNode): Uint8Array {
  const writer = new WireWriter();
  writer.stringField(1, message.raw.name);
  const synthetic = syntheticOneofs(message);
  for (const field of message.fields) writer.bytesField(2, writeField(field, oneofIndex(field, message, synthetic)));
  for (const nested of message.messages) writer.bytesField(3, writeMessage(nested));
  for (const type of message.enums) writer.bytesField(4, writeEnum(type));
  for (const range of message.raw.extensionRanges) writer.bytesField(5, writeRange(range, 1));
  for (const extension of message.nestedExtensions) writer.bytesField(6, writeField(extension));
  if (message.isMapEntry) writer.bytesField(7, new WireWriter().boolField(7, true).finish());
  else writeOptions(writer, 7, message.options, optionsType(message.file, "MessageOptions"));
  for (const oneof of message.oneofs) {
    const oneofWriter = new WireWriter().stringField(1, oneof.name);
    writeOptions(oneofWriter, 2, oneof.options, optionsType(message.file, "OneofOptions"));
    writer.bytesField(8, oneofWriter.finish());
  }
  for (const name of synthetic.values()) writer.bytesField(8, new WireWriter().stringField(1, name).finish());
  for (const range of message.raw.reservedRanges) writer.bytesField(9, writeRange(range, 1));
  for (const { name } of message.raw.reservedNames) writer.stringField(10, name);
  return writer.finish();
}

/** One oneof for each proto3 `optional` field: `_name`, with an X before it for as long as that is taken. */
function syntheticOneofs(message: MessageNode): ReadonlyMap<FieldNode, string> {
  const result = new Map<FieldNode, string>();
  const optional = message.fields.filter((field) => field.raw.proto3Optional);
  if (optional.length === 0) return result;
  const taken = new Set([...message.fields, ...message.oneofs].map(({ raw }) => raw.name));
  for (const field of optional) {
    let name = field.raw.name.startsWith("_") ? field.raw.name : `_${field.raw.name}`;
    while (taken.has(name)) name = `X${name}`;
    taken.add(name);
    result.set(field, name);
  }
  return result;
}

function oneofIndex(
  field: FieldNode,
  message: MessageNode,
  synthetic: ReadonlyMap<FieldNode, string>,
): number | undefined {
  if (field.oneof !== undefined) return message.oneofs.indexOf(field.oneof);
  if (!synthetic.has(field)) return undefined;
  return message.oneofs.length + [...synthetic.keys()].indexOf(field);
}

const labelOptional = 1;
const labelRequired = 2;
const labelRepeated = 3;

function writeField(field: FieldNode, oneof?: number): Uint8Array {
  const { raw, type } = field;
  const writer = new WireWriter().stringField(1, raw.name);
  if (field.isExtension) writer.stringField(2, `.${field.parent.name}`);
  writer.int32Field(3, raw.number);
  const label =
    raw.label === "required" ? labelRequired : field.cardinality === "singular" ? labelOptional : labelRepeated;
  writer.int32Field(4, label).int32Field(5, typeNumber(field));
  if (type.kind === "message") writer.stringField(6, `.${type.message.name}`);
  if (type.kind === "enum") writer.stringField(6, `.${type.enum.name}`);
  const text = defaultText(field);
  if (text !== undefined) writer.stringField(7, text);
  writeOptions(writer, 8, field.options, optionsType(field.file, "FieldOptions"));
  if (oneof !== undefined) writer.int32Field(9, oneof);
  writer.stringField(10, field.isExtension ? defaultJsonName(raw.name) : field.jsonName);
  if (raw.proto3Optional) writer.boolField(17, true);
  return writer.finish();
}

/** google.protobuf.FieldDescriptorProto.Type; editions write a message whatever its encoding. */
function typeNumber({ raw, type }: FieldNode): number {
  if (type.kind === "scalar") return scalarNames.indexOf(type.scalar);
  if (type.kind === "enum") return 14;
  return raw.isGroup ? 10 : 11;
}

function writeRange({ start, end }: NumberRange, exclusive: 0 | 1): Uint8Array {
  return new WireWriter()
    .int32Field(1, start)
    .int32Field(2, end + exclusive)
    .finish();
}

function writeEnum(type: EnumNode): Uint8Array {
  const writer = new WireWriter().stringField(1, type.raw.name);
  for (const value of type.values) {
    const valueWriter = new WireWriter().stringField(1, value.name).int32Field(2, value.number);
    writeOptions(valueWriter, 3, value.options, optionsType(type.file, "EnumValueOptions"));
    writer.bytesField(2, valueWriter.finish());
  }
  writeOptions(writer, 3, type.options, optionsType(type.file, "EnumOptions"));
  for (const range of type.raw.reservedRanges) writer.bytesField(4, writeRange(range, 0));
  for (const { name } of type.raw.reservedNames) writer.stringField(5, name);
  return writer.finish();
}

function writeService(service: ServiceNode): Uint8Array {
  const writer = new WireWriter().stringField(1, service.raw.name);
  for (const method of service.methods) {
    const { raw } = method;
    const methodWriter = new WireWriter()
      .stringField(1, raw.name)
      .stringField(2, `.${method.input.name}`)
      .stringField(3, `.${method.output.name}`);
    writeOptions(methodWriter, 4, method.options, optionsType(service.file, "MethodOptions"));
    if (raw.clientStreaming) methodWriter.boolField(5, true);
    if (raw.serverStreaming) methodWriter.boolField(6, true);
    writer.bytesField(2, methodWriter.finish());
  }
  writeOptions(writer, 3, service.options, optionsType(service.file, "ServiceOptions"));
  return writer.finish();
}
