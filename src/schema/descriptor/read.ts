// google.protobuf.FileDescriptorProto bytes -> ProtoFile: descriptor sets and server reflection enter the schema here.
import type { Diagnostic } from "../../diagnostic.ts";
import type { Edition, ProtoFile, RawEnum, RawMessage, RawMethod, RawOptions, RawService } from "../proto-file.ts";
import { readDeclared, readOptions } from "./declared.ts";
import type { DescriptorScope } from "./declared.ts";
import { DescriptorFields } from "./fields.ts";
import { readFields } from "./read-field.ts";
import { readSourceInfo } from "./source-info.ts";
import type { SourceInfo } from "./source-info.ts";
import { WireError, maxDepth } from "./wire.ts";

/** The files of a FileDescriptorSet, or undefined after one report when the bytes are none. */
export function readDescriptorSet(
  bytes: Uint8Array,
  name: string,
  report: (diagnostic: Diagnostic) => void,
): readonly ProtoFile[] | undefined {
  const refuse = (message: string, hint: string) => {
    report({
      severity: "error",
      position: { file: name, line: 1, column: 1 },
      message,
      hint,
      rule: "malformed-descriptor",
    });
    return undefined;
  };
  const hint = "make one with: protoc --include_imports --include_source_info -o out.binpb, or: buf build -o out.binpb";
  if (bytes.length === 0) return refuse("the file is empty", hint);
  try {
    const files = new DescriptorFields(bytes).messages(1);
    if (files.length === 0) return refuse("this is not a FileDescriptorSet: it holds no file", hint);
    return files.map((file) => readFile(file, name));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return refuse(`this is not a FileDescriptorSet: ${error.message}`, hint);
  }
}

/** One FileDescriptorProto, as server reflection sends it; `name` is for the message when it cannot be read. */
export function readFileDescriptor(
  bytes: Uint8Array,
  name: string,
  report: (diagnostic: Diagnostic) => void,
): ProtoFile | undefined {
  try {
    return readFile(bytes, name);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    report({
      severity: "error",
      position: { file: name, line: 1, column: 1 },
      message: `this is not a FileDescriptorProto: ${error.message}`,
      rule: "malformed-descriptor",
    });
    return undefined;
  }
}

function readFile(bytes: Uint8Array, container: string): ProtoFile {
  const fields = new DescriptorFields(bytes);
  const path = fields.string(1) ?? "";
  if (path === "") throw new WireError(`a file without a name in ${container}`);
  const source = readSourceInfo(path, fields.messages(9));
  const packageName = fields.string(2) ?? "";
  const edition = readEdition(fields, path);
  const scope: DescriptorScope = { source, edition, scope: packageName === "" ? "" : `.${packageName}`, depth: 0 };
  const publicImports = new Set(fields.ints(10));
  const weakImports = new Set(fields.ints(11));
  return {
    path,
    edition,
    package: packageName,
    imports: [
      ...fields.strings(3).map((imported, index) => ({
        path: imported,
        kind: publicImports.has(index)
          ? ("public" as const)
          : weakImports.has(index)
            ? ("weak" as const)
            : ("plain" as const),
        position: source.position([3, index]),
      })),
      ...fields.strings(15).map((imported, index) => ({
        path: imported,
        kind: "option" as const,
        position: source.position([15, index]),
      })),
    ],
    options: readOptions(fields, 8, source, []),
    position: { file: path, line: 1, column: 1 },
    messages: fields.messages(4).map((message, index) => readMessage(message, [4, index], scope)),
    enums: fields.messages(5).map((message, index) => readEnum(message, [5, index], scope)),
    services: fields.messages(6).map((message, index) => readService(message, [6, index], scope)),
    extensions: readFields(fields.messages(7), [7], scope, new Set()),
    bytes,
  };
}

/** google.protobuf.Edition; protoc leaves `syntax` out for proto2. */
function readEdition(fields: DescriptorFields, path: string): Edition {
  const syntax = fields.string(12) ?? "proto2";
  if (syntax === "proto2" || syntax === "proto3") return syntax;
  if (syntax === "" && !fields.has(14)) return "proto2";
  const edition = fields.int(14);
  if (edition === 998) return "proto2";
  if (edition === 999) return "proto3";
  if (edition === 1000) return "2023";
  if (edition === 1001) return "2024";
  throw new WireError(`${path} is of edition ${edition ?? syntax}; proto2, proto3, 2023 and 2024 are known`);
}

const none: readonly never[] = Object.freeze([]);

/** Most lists of a declaration are empty: one for all of them, or a small descriptor would be a large object. */
function mapped<T>(items: readonly Uint8Array[], convert: (item: Uint8Array, index: number) => T): readonly T[] {
  return items.length === 0 ? none : items.map(convert);
}

function readMessage(bytes: Uint8Array, path: readonly number[], outer: DescriptorScope): RawMessage {
  if (outer.depth >= maxDepth) throw new WireError(`messages nested deeper than ${maxDepth}`);
  const fields = new DescriptorFields(bytes);
  const { source } = outer;
  const declared = readDeclared(fields, path, source, 7);
  const scope: DescriptorScope = { ...outer, scope: `${outer.scope}.${declared.name}`, depth: outer.depth + 1 };
  const messages = mapped(fields.messages(3), (message, index) => readMessage(message, [...path, 3, index], scope));
  const mapEntries = new Set(
    messages.filter((message) => message.isMapEntry).map((entry) => `${scope.scope}.${entry.name}`),
  );
  return {
    ...declared,
    fields: readFields(fields.messages(2), [...path, 2], scope, mapEntries),
    oneofs: mapped(fields.messages(8), (oneof, index) =>
      readDeclared(new DescriptorFields(oneof), [...path, 8, index], source, 2),
    ),
    messages,
    enums: mapped(fields.messages(4), (message, index) => readEnum(message, [...path, 4, index], scope)),
    extensions: readFields(fields.messages(6), [...path, 6], scope, mapEntries),
    extensionRanges: readRanges(fields.messages(5), [...path, 5], source, 1),
    reservedRanges: readRanges(fields.messages(9), [...path, 9], source, 1),
    reservedNames: readNames(fields, 10, path, source),
    isMapEntry: isMapEntry(declared.options),
  };
}

/** google.protobuf.MessageOptions.map_entry */
function isMapEntry(options: RawOptions): boolean {
  return options.kind === "bytes" && options.bytes.length > 0 && new DescriptorFields(options.bytes).bool(7);
}

/** `exclusive` is 1 where the wire's end is one past the last (messages), 0 where it is the last (enums). */
function readRanges(ranges: readonly Uint8Array[], path: readonly number[], source: SourceInfo, exclusive: 0 | 1) {
  return mapped(ranges, (range, index) => {
    const fields = new DescriptorFields(range);
    const start = fields.int(1) ?? 0;
    return { start, end: (fields.int(2) ?? 0) - exclusive, position: source.position([...path, index, 1]) };
  });
}

function readNames(fields: DescriptorFields, number: number, path: readonly number[], source: SourceInfo) {
  if (!fields.has(number)) return none;
  return fields.strings(number).map((name, index) => ({ name, position: source.position([...path, number, index]) }));
}

function readEnum(bytes: Uint8Array, path: readonly number[], { source }: DescriptorScope): RawEnum {
  const fields = new DescriptorFields(bytes);
  return {
    ...readDeclared(fields, path, source, 3),
    values: fields.messages(2).map((value, index) => {
      const valueFields = new DescriptorFields(value);
      return { ...readDeclared(valueFields, [...path, 2, index], source, 3), number: valueFields.int(2) ?? 0 };
    }),
    reservedRanges: readRanges(fields.messages(4), [...path, 4], source, 0),
    reservedNames: readNames(fields, 5, path, source),
  };
}

function readService(bytes: Uint8Array, path: readonly number[], { source }: DescriptorScope): RawService {
  const fields = new DescriptorFields(bytes);
  return {
    ...readDeclared(fields, path, source, 3),
    methods: fields.messages(2).map((method, index) => readMethod(method, [...path, 2, index], source)),
  };
}

function readMethod(bytes: Uint8Array, path: readonly number[], source: SourceInfo): RawMethod {
  const fields = new DescriptorFields(bytes);
  return {
    ...readDeclared(fields, path, source, 4),
    inputType: fields.string(2) ?? "",
    inputPosition: source.position([...path, 2]),
    outputType: fields.string(3) ?? "",
    outputPosition: source.position([...path, 3]),
    clientStreaming: fields.bool(5),
    serverStreaming: fields.bool(6),
  };
}
