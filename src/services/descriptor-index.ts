// What server reflection looks up: files by path, by a name they declare, by an extension. Made when the first client asks.
import { setImmediate } from "node:timers/promises";
import type { Schema, SchemaFile } from "../schema/descriptor.ts";
import { scanFile, withoutSourceInfo } from "./descriptor-scan.ts";

export interface DescriptorFile {
  readonly path: string;
  readonly imports: readonly string[];
  /** google.protobuf.FileDescriptorProto, without comments. */
  readonly bytes: Uint8Array;
}

export interface DescriptorIndex {
  file(path: string): DescriptorFile | undefined;
  /** By the full name of anything a file declares, fields and methods included. */
  fileDeclaring(name: string): DescriptorFile | undefined;
  fileExtending(type: string, number: number): DescriptorFile | undefined;
  /** In ascending order; undefined when nothing of that name is declared. */
  extensionNumbers(type: string): readonly number[] | undefined;
}

/** Milliseconds of work before other calls get their turn: a thousand files take more than half a second. */
const sliceMs = 5;

/** Of what two schemas declare both, the first one's is served. */
export async function createDescriptorIndex(schemas: readonly Schema[]): Promise<DescriptorIndex> {
  const files = new Map<string, DescriptorFile>();
  const byName = new Map<string, DescriptorFile>();
  const extensions = new Map<string, Map<number, DescriptorFile>>();
  const members = new Map<DescriptorFile, ReadonlySet<string>>();

  const add = (source: SchemaFile): void => {
    const bytes = withoutSourceInfo(source.toBytes());
    const scanned = scanFile(bytes, false);
    // One declaration twice is two files no client can link: the second file is not there, then.
    if (files.has(source.path) || scanned.declarations.some(({ name }) => byName.has(name))) return;
    const file = { path: source.path, imports: source.imports, bytes };
    files.set(file.path, file);
    for (const { name } of scanned.declarations) byName.set(name, file);
    for (const { extendee, number } of scanned.extensions) {
      const numbers = extensions.get(extendee) ?? new Map<number, DescriptorFile>();
      extensions.set(extendee, numbers.set(number, file));
    }
  };
  let since = performance.now();
  for (const file of schemas.flatMap((schema) => schema.files)) {
    add(file);
    if (performance.now() - since < sliceMs) continue;
    await setImmediate();
    since = performance.now();
  }

  const membersOf = (file: DescriptorFile): ReadonlySet<string> => {
    let names = members.get(file);
    if (names === undefined) {
      const { declarations } = scanFile(file.bytes, true);
      names = new Set(declarations.filter(({ isMember }) => isMember).map(({ name }) => name));
      members.set(file, names);
    }
    return names;
  };
  const fileDeclaring = (name: string): DescriptorFile | undefined => {
    const declaring = byName.get(name);
    if (declaring !== undefined) return declaring;
    const container = byName.get(name.slice(0, Math.max(0, name.lastIndexOf("."))));
    return container !== undefined && membersOf(container).has(name) ? container : undefined;
  };
  return {
    file: (path) => files.get(path),
    fileDeclaring,
    fileExtending: (type, number) => extensions.get(type)?.get(number),
    extensionNumbers: (type) => {
      const numbers = extensions.get(type);
      if (numbers === undefined) return fileDeclaring(type) === undefined ? undefined : [];
      return [...numbers.keys()].sort((a, b) => a - b);
    },
  };
}
