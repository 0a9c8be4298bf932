// The same schema twice: linked by the gateway, and given as descriptors to @bufbuild/protobuf, the other side of the comparison.
import { create, createFileRegistry, type DescMessage, fromBinary, type FileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { MessageType, Schema } from "../../src/schema/descriptor.ts";
import { schemaOf } from "../support/schema.ts";

export interface Twin {
  readonly proto: string;
  readonly schema: Schema;
  readonly type: MessageType;
  readonly registry: FileRegistry;
  readonly desc: DescMessage;
}

export function twinOf(proto: string, root: string): Twin {
  const schema = schemaOf(proto);
  const byPath = new Map(schema.files.map((file) => [file.path, file] as const));
  const order: string[] = [];
  const visit = (path: string): void => {
    if (order.includes(path)) return;
    for (const imported of byPath.get(path)?.imports ?? []) visit(imported);
    order.push(path);
  };
  visit("test.proto");
  const file = order.map((path) => fromBinary(FileDescriptorProtoSchema, byPath.get(path)!.toBytes()));
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
  return { proto, schema, type: schema.message(root)!, registry, desc: registry.getMessage(root)! };
}
