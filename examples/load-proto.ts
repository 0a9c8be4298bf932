// Loads protos of this repository at run time, for the example backends and for their tests.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadSync } from "@grpc/proto-loader";
import type { PackageDefinition } from "@grpc/proto-loader";

const loaded = new Map<string, PackageDefinition>();

/** Messages look exactly as the proto writes them: snake_case names, 64-bit integers as decimal text, enums by name. */
export function loadProto(...files: string[]): PackageDefinition {
  const key = files.join("\n");
  const found = loaded.get(key) ?? load(files);
  loaded.set(key, found);
  return found;
}

function load(files: string[]): PackageDefinition {
  const protos = protoFolder();
  return loadSync(files, {
    includeDirs: [`${protos}examples`, protos],
    keepCase: true,
    longs: String,
    enums: String,
    bytes: Buffer,
    defaults: true,
  });
}

/** Found from here upwards, because compiled code lives one folder deeper than its source. */
function protoFolder(): string {
  for (const up of ["../protos/", "../../protos/"]) {
    const folder = fileURLToPath(new URL(up, import.meta.url));
    if (existsSync(folder)) return folder;
  }
  throw new Error("examples: the folder protos/ is not where the repository has it");
}
