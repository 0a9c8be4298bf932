// A descriptor set for ghz, whose own parser refuses newer protos (`optional`, google/protobuf of today). Needs no protoc.
import { writeFileSync } from "node:fs";
import { loadSchema } from "../../src/schema/load/load.ts";
import { cache, makeFolder } from "./folders.ts";

/** @returns the path of the descriptor set of a proto file with all its imports */
export function writeProtoset(file: string, importPath: string): string {
  const { schema, diagnostics } = loadSchema({ inputs: [file], importPaths: [importPath] });
  if (schema === undefined) throw new Error(`${file}: ${diagnostics[0]?.message}`);
  const path = `${makeFolder(cache)}/${schema.files.find(({ isInput }) => isInput)?.path.replaceAll("/", "-")}set`;
  // FileDescriptorSet: every file is a field 1 with its length.
  const parts = schema.files.flatMap((one) => {
    const bytes = one.toBytes();
    return [prefix(bytes.length), bytes];
  });
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

function prefix(length: number): Buffer {
  const bytes = [0x0a];
  for (let rest = length; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}
