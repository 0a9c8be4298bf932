// The schema as @bufbuild/protobuf holds it: what rules in CEL see of messages is made by it. Made only where there are such rules.
import {
  createFileRegistry,
  type DescField,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  getExtension,
  hasExtension,
  type Message,
} from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { create } from "@bufbuild/protobuf";
import type { Schema, SchemaFile } from "../../schema/descriptor.ts";

/** Throws for files that the library does not take. */
export function toRegistry(schema: Schema): FileRegistry {
  const file = inOrder(schema.files).map((one) => fromBinary(FileDescriptorProtoSchema, one.toBytes()));
  return createFileRegistry(create(FileDescriptorSetSchema, { file }));
}

/** What a file imports stands before it. */
function inOrder(files: readonly SchemaFile[]): readonly SchemaFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const ordered = new Set<SchemaFile>();
  const open = new Set<SchemaFile>();
  const add = (file: SchemaFile): void => {
    if (ordered.has(file) || open.has(file)) return;
    open.add(file);
    for (const path of file.imports) {
      const imported = byPath.get(path);
      if (imported !== undefined) add(imported);
    }
    ordered.add(file);
  };
  for (const file of files) add(file);
  return [...ordered];
}

/** The rules of one kind of a field, of its items, keys or values: `path` as in Place, `kind` as in RuleKind. */
export function rulesMessage(
  registry: FileRegistry,
  field: DescField,
  path: string,
  kind: string,
): ReflectMessage | undefined {
  const extension = registry.getExtension("buf.validate.field");
  const options = field.proto.options;
  if (extension === undefined || options === undefined || !hasExtension(options, extension)) return undefined;
  let rules: ReflectMessage | undefined = reflect(extension.message!, getExtension(options, extension) as Message);
  for (const name of [...(path === "" ? [] : path.split(".")), kind]) {
    const member: DescField | undefined = rules?.fields.find((one) => one.name === name);
    rules = member === undefined ? undefined : (rules!.get(member) as ReflectMessage);
  }
  return rules;
}

const byNumber = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

export function fieldByNumber(type: DescMessage, number: number): DescField | undefined {
  let fields = byNumber.get(type);
  if (fields === undefined) byNumber.set(type, (fields = new Map(type.fields.map((field) => [field.number, field]))));
  return fields.get(number);
}
