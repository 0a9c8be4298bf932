// google.protobuf.FileDescriptorProto bytes -> ProtoFile: descriptor sets and server reflection enter the schema here.
import type { Diagnostic } from "../../diagnostic.ts";
import type {
  Edition,
  NumberRange,
  ProtoFile,
  RawEnum,
  RawMessage,
  RawMethod,
  RawOptions,
  RawService,
} from "../proto-file.ts";
import { readDeclared, readOptions } from "./declared.ts";
import type { DescriptorScope } from "./declared.ts";
import { decodeText, DescriptorFields } from "./fields.ts";
import { readField } from "./read-field.ts";
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
    const files = new DescriptorFields(bytes).map(1, (file) => readFile(file, name));
    return files.length === 0 ? refuse("this is not a FileDescriptorSet: it holds no file", hint) : files;
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
  const source = readSourceInfo(
    path,
    fields.map(9, (chunk) => chunk),
  );
  const packageName = fields.string(2) ?? "";
  const edition = readEdition(fields, path);
  const scope: DescriptorScope = { source, edition, scope: packageName === "" ? "" : `.${packageName}`, depth: 0 };
  return {
    path,
    edition,
    package: packageName,
    imports: readImports(fields, source),
    options: readOptions(fields, 8, source, []),
    position: { file: path, line: 1, column: 1 },
    messages: fields.map(4, (message, index) => readMessage(message, [4, index], scope)),
    enums: fields.map(5, (message, index) => readEnum(message, [5, index], scope)),
    services: fields.map(6, (message, index) => readService(message, [6, index], scope)),
    extensions: fields.map(7, (field, index) => readField(field, [7, index], scope, noMapEntries)),
    bytes,
  };
}

const noMapEntries: ReadonlySet<string> = new Set();

function readImports(fields: DescriptorFields, source: SourceInfo): ProtoFile["imports"] {
  const publicImports = new Set(fields.ints(10));
  const weakImports = new Set(fields.ints(11));
  const kindOf = (index: number) =>
    publicImports.has(index) ? ("public" as const) : weakImports.has(index) ? ("weak" as const) : ("plain" as const);
  const plain = fields.map(3, (path, index) => ({
    path: decodeText(path),
    kind: kindOf(index),
    position: source.position([3, index]),
  }));
  const options = fields.map(15, (path, index) => ({
    path: decodeText(path),
    kind: "option" as const,
    position: source.position([15, index]),
  }));
  return options.length === 0 ? plain : [...plain, ...options];
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

function readMessage(bytes: Uint8Array, path: readonly number[], outer: DescriptorScope): RawMessage {
  if (outer.depth >= maxDepth) throw new WireError(`messages nested deeper than ${maxDepth}`);
  const fields = new DescriptorFields(bytes);
  const { source } = outer;
  const { name, position, comment, options } = readDeclared(fields, path, source, 7);
  const scope: DescriptorScope = { ...outer, scope: `${outer.scope}.${name}`, depth: outer.depth + 1 };
  const messages = fields.map(3, (message, index) => readMessage(message, [...path, 3, index], scope));
  const mapEntries = mapEntriesOf(messages, scope);
  // Written out: an object that is spread takes more room.
  return {
    name,
    position,
    comment,
    options,
    fields: fields.map(2, (field, index) => readField(field, [...path, 2, index], scope, mapEntries)),
    oneofs: fields.map(8, (oneof, index) => readDeclared(new DescriptorFields(oneof), [...path, 8, index], source, 2)),
    messages,
    enums: fields.map(4, (message, index) => readEnum(message, [...path, 4, index], scope)),
    extensions: fields.map(6, (field, index) => readField(field, [...path, 6, index], scope, mapEntries)),
    extensionRanges: readRanges(fields, 5, path, { source, exclusive: 1 }),
    reservedRanges: readRanges(fields, 9, path, { source, exclusive: 1 }),
    reservedNames: readNames(fields, 10, path, source),
    isMapEntry: isMapEntry(options),
  };
}

function mapEntriesOf(messages: readonly RawMessage[], { scope }: DescriptorScope): ReadonlySet<string> {
  const entries = messages.filter((message) => message.isMapEntry);
  return entries.length === 0 ? noMapEntries : new Set(entries.map((entry) => `${scope}.${entry.name}`));
}

/** google.protobuf.MessageOptions.map_entry */
function isMapEntry(options: RawOptions): boolean {
  return options.kind === "bytes" && options.bytes.length > 0 && new DescriptorFields(options.bytes).bool(7);
}

/** `exclusive` is 1 where the wire's end is one past the last (messages), 0 where it is the last (enums). */
function readRanges(
  fields: DescriptorFields,
  number: number,
  path: readonly number[],
  { source, exclusive }: { readonly source: SourceInfo; readonly exclusive: 0 | 1 },
): readonly NumberRange[] {
  return fields.map(number, (bytes, index) => {
    const range = new DescriptorFields(bytes);
    const start = range.int(1) ?? 0;
    const position = source.position([...path, number, index, 1]);
    return { start, end: (range.int(2) ?? 0) - exclusive, position };
  });
}

function readNames(fields: DescriptorFields, number: number, path: readonly number[], source: SourceInfo) {
  return fields.map(number, (name, index) => ({
    name: decodeText(name),
    position: source.position([...path, number, index]),
  }));
}

function readEnum(bytes: Uint8Array, path: readonly number[], { source }: DescriptorScope): RawEnum {
  const fields = new DescriptorFields(bytes);
  const { name, position, comment, options } = readDeclared(fields, path, source, 3);
  return {
    name,
    position,
    comment,
    options,
    values: fields.map(2, (value, index) => readEnumValue(value, [...path, 2, index], source)),
    reservedRanges: readRanges(fields, 4, path, { source, exclusive: 0 }),
    reservedNames: readNames(fields, 5, path, source),
  };
}

function readEnumValue(bytes: Uint8Array, path: readonly number[], source: SourceInfo): RawEnum["values"][number] {
  const fields = new DescriptorFields(bytes);
  const { name, position, comment, options } = readDeclared(fields, path, source, 3);
  return { name, position, comment, options, number: fields.int(2) ?? 0 };
}

function readService(bytes: Uint8Array, path: readonly number[], { source }: DescriptorScope): RawService {
  const fields = new DescriptorFields(bytes);
  const { name, position, comment, options } = readDeclared(fields, path, source, 3);
  return {
    name,
    position,
    comment,
    options,
    methods: fields.map(2, (method, index) => readMethod(method, [...path, 2, index], source)),
  };
}

function readMethod(bytes: Uint8Array, path: readonly number[], source: SourceInfo): RawMethod {
  const fields = new DescriptorFields(bytes);
  const { name, position, comment, options } = readDeclared(fields, path, source, 4);
  return {
    name,
    position,
    comment,
    options,
    inputType: fields.string(2) ?? "",
    inputPosition: source.position([...path, 2]),
    outputType: fields.string(3) ?? "",
    outputPosition: source.position([...path, 3]),
    clientStreaming: fields.bool(5),
    serverStreaming: fields.bool(6),
  };
}
