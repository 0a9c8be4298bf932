// What the user named -> proto files and descriptor sets on disk, and the roots that import paths start from.
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, normalize, relative, resolve, sep } from "node:path";
import { didYouMean } from "../../diagnostic.ts";
import type { Diagnostic, Position } from "../../diagnostic.ts";

export const maxFiles = 10_000;
const maxFolders = 50_000;

/** A folder that import paths are relative to. */
export interface ImportRoot {
  /** As the user wrote it, normalised: positions begin with it. */
  readonly shown: string;
  readonly absolute: string;
  /** It comes from an input rather than from -I: its own files look here first. */
  readonly isInput: boolean;
}

export interface FoundFile {
  /** Position paths begin with it: relative where the user wrote a relative path. */
  readonly shown: string;
  readonly absolute: string;
}

export interface FoundProto extends FoundFile {
  readonly root: ImportRoot;
  /** Relative to the root, with slashes. */
  readonly name: string;
  /** Named itself, not found in a folder. */
  readonly isNamed: boolean;
}

export interface FoundInputs {
  readonly roots: readonly ImportRoot[];
  readonly protos: readonly FoundProto[];
  readonly descriptors: readonly FoundFile[];
}

type Report = (diagnostic: Diagnostic) => void;

interface Candidate extends FoundFile {
  readonly isNamed: boolean;
}

/** `placeOf` an input or import path: where a file names it, if one does. */
export function findInputs(
  inputs: readonly string[],
  importPaths: readonly string[],
  { report: tell, placeOf }: { readonly report: Report; readonly placeOf: (path: string) => Position | undefined },
): FoundInputs {
  const at =
    (path: string): Report =>
    (found) =>
      tell({ ...found, position: found.position ?? placeOf(path) });
  const roots: ImportRoot[] = [];
  const addRoot = (shown: string, isInput: boolean) =>
    roots.push({ shown: normalize(shown), absolute: resolve(shown), isInput });
  for (const path of importPaths) {
    if (kindOf(path) === "folder") addRoot(path, false);
    else at(path)(problem("import-path", `import path "${path}" is not a folder`, "name an existing folder"));
  }
  const candidates: Candidate[] = [];
  const descriptors: FoundFile[] = [];
  const loose: Candidate[] = [];
  for (const input of inputs) {
    const kind = kindOf(input);
    if (kind === "folder") {
      if (!isInside(resolve(input), roots)) addRoot(input, true);
      candidates.push(...listFolder(input, at(input)));
    } else if (kind === "file") {
      const file = { shown: normalize(input), absolute: resolve(input) };
      if (!input.endsWith(".proto")) descriptors.push(file);
      else loose.push({ ...file, isNamed: true });
    } else at(input)(missing(input));
  }
  for (const file of loose) if (!isInside(file.absolute, roots)) addRoot(dirname(file.shown), true);
  const protos = [...loose, ...candidates].flatMap((file) => toProto(file, roots) ?? []);
  return { roots, protos, descriptors };
}

function kindOf(path: string): "folder" | "file" | undefined {
  try {
    const stats = statSync(path);
    return stats.isDirectory() ? "folder" : "file";
  } catch {
    return undefined;
  }
}

function isInside(absolute: string, roots: readonly ImportRoot[]): boolean {
  return roots.some((root) => isBelow(absolute, root.absolute));
}

function isBelow(absolute: string, root: string): boolean {
  return absolute === root || absolute.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Named from the deepest root that has it, which is how its siblings are likeliest to import it. */
function toProto(file: Candidate, roots: readonly ImportRoot[]): FoundProto | undefined {
  let best: ImportRoot | undefined;
  for (const root of roots) {
    if (isBelow(file.absolute, root.absolute) && (best === undefined || root.absolute.length > best.absolute.length))
      best = root;
  }
  if (best === undefined) return undefined;
  return { ...file, root: best, name: relative(best.absolute, file.absolute).split(sep).join("/") };
}

/** The .proto files below a folder in order; node_modules and dot-folders are passed over, links followed once. */
function listFolder(input: string, report: Report): Candidate[] {
  const found: Candidate[] = [];
  const visited = new Set<string>();
  const pending = [normalize(input)];
  while (pending.length > 0) {
    const folder = pending.pop() ?? "";
    const real = realPath(folder);
    if (visited.has(real)) continue;
    visited.add(real);
    if (visited.size > maxFolders || found.length > maxFiles) {
      report(
        problem(
          "too-many-files",
          `"${input}" holds more than ${maxFiles} proto files or ${maxFolders} folders`,
          "name the folders to serve more exactly",
        ),
      );
      return [];
    }
    const { files, folders } = listOne(folder, report);
    for (const path of files) found.push({ shown: path, absolute: resolve(path), isNamed: false });
    pending.push(...folders.toReversed());
  }
  if (found.length === 0) {
    report(
      problem(
        "no-proto-files",
        `there is no .proto file in "${input}"`,
        "name the folder that holds your .proto files",
      ),
    );
  }
  return found.sort((a, b) => (a.shown < b.shown ? -1 : 1));
}

function listOne(folder: string, report: Report): { files: string[]; folders: string[] } {
  const files: string[] = [];
  const folders: string[] = [];
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const path = join(folder, entry.name);
      const kind = entry.isSymbolicLink() ? kindOf(path) : entry.isDirectory() ? "folder" : "file";
      if (kind === "folder") folders.push(path);
      else if (kind === "file" && entry.name.endsWith(".proto")) files.push(path);
    }
  } catch (error) {
    report(problem("unreadable", `"${folder}" cannot be listed: ${reasonOf(error)}`, "check its permissions"));
  }
  return { files: files.sort(), folders: folders.sort() };
}

/** What the system said, in its own code: `EACCES`. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "it cannot be read";
}

export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function missing(input: string): Diagnostic {
  const star = input.indexOf("*");
  if (star >= 0) {
    const folder = normalize(dirname(`${input.slice(0, star)}x`));
    return problem(
      "input-not-found",
      `there is no file "${input}"`,
      `patterns are not expanded here; name the folder: ${folder}`,
    );
  }
  const folder = dirname(input);
  let names: readonly string[] = [];
  try {
    names = readdirSync(folder).slice(0, 1_000);
  } catch {
    // The folder does not exist either: nothing to suggest.
  }
  const looks = /\.[a-z]+$/.test(input) ? "file" : "file or folder";
  const hint =
    didYouMean(basename(input), names) ??
    (existsSync(folder) ? `"${folder}" has no such entry` : `the folder "${folder}" does not exist`);
  return problem("input-not-found", `there is no ${looks} "${input}"`, hint);
}

/** A diagnostic about an argument, which has no position. */
export function problem(rule: string, message: string, hint: string): Diagnostic {
  return { severity: "error", position: undefined, message, hint, rule };
}
