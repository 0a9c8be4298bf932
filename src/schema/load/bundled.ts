// The protos that come with the gateway: found by import path, after the user's own roots.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseProto } from "../parse/file.ts";
import type { ProtoFile } from "../proto-file.ts";

/** Linked into every schema, so that errors, well-known types and our options are there whatever the user imports. */
export const alwaysLinked: readonly string[] = [
  "google/protobuf/descriptor.proto",
  "google/protobuf/any.proto",
  "google/protobuf/api.proto",
  "google/protobuf/duration.proto",
  "google/protobuf/empty.proto",
  "google/protobuf/field_mask.proto",
  "google/protobuf/source_context.proto",
  "google/protobuf/struct.proto",
  "google/protobuf/timestamp.proto",
  "google/protobuf/type.proto",
  "google/protobuf/wrappers.proto",
  "google/rpc/status.proto",
  "google/rpc/error_details.proto",
  "sluice/annotations.proto",
];

let root: string | undefined;

/** Sources and compiled output lie at different depths below the package: the folder is looked for upwards. */
function bundledRoot(): string {
  if (root !== undefined) return root;
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = join(folder, "protos");
    if (readText(join(candidate, "sluice", "annotations.proto")) !== undefined) return (root = candidate);
    const parent = dirname(folder);
    if (parent === folder) throw new Error("the protos folder is missing from this installation of sluice");
    folder = parent;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Only these are bundled: an import path never reaches another file. */
const bundledPath = /^(buf|google|protoc-gen-openapiv2|sluice)(\/[a-z0-9_]+)+\.proto$/;

export function isBundledPath(path: string): boolean {
  return bundledPath.test(path) && readBundled(path) !== undefined;
}

let paths: readonly string[] | undefined;

/** Every path that can be imported from here, for suggestions. */
export function listBundled(): readonly string[] {
  return (paths ??= readdirSync(bundledRoot(), { recursive: true, encoding: "utf8" })
    .map((path) => path.split(sep).join("/"))
    .filter((path) => bundledPath.test(path)));
}

const sources = new Map<string, string | undefined>();

/** The text of a bundled proto. */
export function readBundled(path: string): string | undefined {
  if (!bundledPath.test(path)) return undefined;
  if (!sources.has(path)) sources.set(path, readText(join(bundledRoot(), path)));
  return sources.get(path);
}

const parsed = new Map<string, ProtoFile | undefined>();

/** A bundled proto, parsed once a process: nothing changes it. They are ours, and have no errors to report. */
export function parseBundled(path: string): ProtoFile | undefined {
  if (parsed.has(path)) return parsed.get(path);
  const text = readBundled(path);
  const file = text === undefined ? undefined : parseProto(text, path, () => {});
  parsed.set(path, file);
  return file;
}

/**
 * Which bundled file declares `name`, for the hint "add: import …". The name may leave out packages that enclose it:
 * `type.Money` in package `google.cloud`.
 */
export function bundledFileDeclaring(name: string, scope: string): string | undefined {
  if (name.startsWith(".")) return bundledFileOf(name.slice(1));
  for (let inner = scope; inner !== ""; inner = inner.slice(0, Math.max(0, inner.lastIndexOf(".")))) {
    const found = bundledFileOf(`${inner}.${name}`);
    if (found !== undefined) return found;
  }
  return bundledFileOf(name);
}

function bundledFileOf(fullName: string): string | undefined {
  if (!/^(buf|google|sluice)(\.[A-Za-z0-9_]+)+$/.test(fullName)) return undefined;
  const parts = fullName.split(".");
  const folder = parts.slice(0, -1).join("/");
  const declares = new RegExp(`^(?:message|enum) ${parts.at(-1)}\\b|^extend [^}]*\\b${parts.at(-1)} = `, "m");
  let names: readonly string[];
  try {
    names = readdirSync(join(bundledRoot(), folder));
  } catch {
    return undefined;
  }
  return names
    .filter((name) => name.endsWith(".proto"))
    .map((name) => `${folder}/${name}`)
    .find((path) => declares.test(readBundled(path) ?? ""));
}
