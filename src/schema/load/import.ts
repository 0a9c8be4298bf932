// Import path -> the file on disk that it means, and the hint for one that means none.
import { statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { realPath } from "./inputs.ts";
import type { FoundFile, ImportRoot } from "./inputs.ts";

export interface FoundImport extends FoundFile {
  readonly root: ImportRoot;
}

/** Why a path cannot be an import path; as the compiler, which refuses these too. */
export function isImportPath(path: string): boolean {
  return (
    path !== "" &&
    !path.startsWith("/") &&
    !path.includes("\\") &&
    !path.includes("\0") &&
    !path.split("/").some((part) => part === ".." || part === "." || part === "")
  );
}

/** The importing file's own input folder first, then every root in the order given. */
export function findImport(
  path: string,
  from: ImportRoot | undefined,
  roots: readonly ImportRoot[],
): FoundImport | undefined {
  const order = from?.isInput === true ? [from, ...roots.filter((root) => root !== from)] : roots;
  for (const root of order) {
    const shown = join(root.shown, path);
    if (isFile(shown)) return { shown, absolute: realPath(shown), root };
  }
  return undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** A folder above the importing file from which the path would be found: the root that was forgotten. */
export function forgottenRoot(path: string, importer: string): string | undefined {
  let folder = dirname(importer);
  for (let steps = 0; steps < 32; steps++) {
    if (isFile(join(folder, path))) return relative(process.cwd(), folder) === "" ? "." : folder;
    const parent = join(folder, "..");
    if (realPath(parent) === realPath(folder)) return undefined;
    folder = parent;
  }
  return undefined;
}
