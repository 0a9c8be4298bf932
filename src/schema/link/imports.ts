// The linker's second pass: which file sees which. Missing imports, cycles and repeated imports are reported here.
import { nearest } from "../../diagnostic.ts";
import type { FileNode } from "./node.ts";
import type { Problems } from "./problems.ts";

/**
 * How many pairs of a file and one that it sees are kept. Chains of public imports make them grow with the square of the
 * files; real sets stay far below.
 */
const visibleLimit = 500_000;

export interface ImportContext {
  /** Where imports were looked for, for the hint. */
  readonly searched: readonly string[];
  readonly importHint?: (path: string, importer: string) => string | undefined;
}

export function linkImports(files: ReadonlyMap<string, FileNode>, context: ImportContext, problems: Problems): void {
  const lacking = new Set<FileNode>();
  const meant = new Map<FileNode, readonly string[]>();
  for (const file of files.values()) {
    const missing = checkImports(file, files, context, problems);
    if (missing.length > 0) file.hasUnresolved = true;
    const found = missing.map((path) => meantBundled(path, files));
    if (file.raw.damage?.hasLostImport === true || found.includes(undefined)) lacking.add(file);
    meant.set(
      file,
      found.filter((path) => path !== undefined),
    );
  }
  let budget = visibleLimit;
  for (const file of files.values()) {
    see(file, file, []);
    for (const { path } of file.raw.imports) budget -= seeImport(file, path, files, budget);
    for (const path of meant.get(file) ?? []) seeImport(file, path, files, budget);
    if (budget < 0) {
      const hint = "import fewer files publicly";
      problems.error({
        position: file.raw.position,
        rule: "too-many-imports",
        message: "the public imports of these files bring in too many others",
        hint,
      });
      return;
    }
    for (const seen of file.visible.keys()) {
      file.mayImportMore ||= lacking.has(seen);
      if (seen.raw.damage !== undefined) file.damages.push(seen.raw.damage);
    }
  }
  reportCycles(files, problems);
}

/** How many files the import brings into sight; more than `limit` are not looked at. */
function seeImport(file: FileNode, path: string, files: ReadonlyMap<string, FileNode>, limit: number): number {
  const target = files.get(path);
  if (target === undefined) return 0;
  const closure = publicClosure(target, files, limit);
  for (const seen of closure) see(file, seen, [path]);
  return closure.size;
}

function see(file: FileNode, seen: FileNode, through: readonly string[]): void {
  file.visible.set(seen, [...(file.visible.get(seen) ?? []), ...through]);
  const name = seen.raw.package;
  for (let end = name.length; end > 0; end = name.lastIndexOf(".", end - 1))
    file.visiblePackages.add(name.slice(0, end));
}

/** The file and everything it imports publicly, over any number of steps. */
function publicClosure(start: FileNode, files: ReadonlyMap<string, FileNode>, limit: number): ReadonlySet<FileNode> {
  const closure = new Set([start]);
  for (const file of closure) {
    if (closure.size > limit) break;
    for (const imported of file.raw.imports) {
      const target = imported.kind === "public" ? files.get(imported.path) : undefined;
      if (target !== undefined) closure.add(target);
    }
  }
  return closure;
}

/** The file that a misspelt google/…, sluice/… or buf/validate/… stands for: nobody else's file bears such a path. */
function meantBundled(path: string, files: ReadonlyMap<string, FileNode>): string | undefined {
  const isBundled = (name: string): boolean => /^(google|sluice|buf\/validate)\//.test(name);
  return isBundled(path) ? nearest(path.slice(0, 64), [...files.keys()].filter(isBundled)) : undefined;
}

/** The imports that are missing. */
function checkImports(
  file: FileNode,
  files: ReadonlyMap<string, FileNode>,
  context: ImportContext,
  problems: Problems,
): readonly string[] {
  const missing: string[] = [];
  const seen = new Set<string>();
  for (const { path, kind, position } of file.raw.imports) {
    if (seen.has(path)) {
      const message = `"${path}" is imported twice`;
      problems.error({ position, rule: "duplicate-import", message, hint: "remove one of the two imports" });
    }
    seen.add(path);
    // A weak or option import may be left out of a descriptor set.
    if (files.has(path) || (kind !== "plain" && kind !== "public" && file.raw.bytes !== undefined)) continue;
    missing.push(path);
    const suggestion = context.importHint?.(path, file.raw.path) ?? problems.suggest(path, files.keys());
    problems.error({
      position,
      rule: "import-not-found",
      message: `import "${path}" is not found`,
      hint: suggestion ?? missingHint(file, context.searched),
    });
  }
  return missing;
}

function missingHint(file: FileNode, searched: readonly string[]): string {
  if (file.raw.bytes !== undefined)
    return "make the descriptor set with its imports: protoc --include_imports, or buf build";
  const where = searched.length === 0 ? "" : `looked in ${searched.join(", ")} and the bundled protos; `;
  return `${where}name the folder that the path starts from with -I`;
}

/** Depth first without recursion: a chain of imports may be as long as there are files. */
function reportCycles(files: ReadonlyMap<string, FileNode>, problems: Problems): void {
  const done = new Set<FileNode>();
  for (const root of files.values()) {
    const trail: { file: FileNode; next: number }[] = [];
    const onTrail = new Set<FileNode>();
    const enter = (file: FileNode) => {
      trail.push({ file, next: 0 });
      onTrail.add(file);
    };
    if (!done.has(root)) enter(root);
    while (trail.length > 0) {
      const top = trail[trail.length - 1];
      const imported = top.file.raw.imports[top.next++];
      if (imported === undefined) {
        trail.pop();
        onTrail.delete(top.file);
        done.add(top.file);
        continue;
      }
      const target = files.get(imported.path);
      if (target === undefined || done.has(target)) continue;
      if (!onTrail.has(target)) {
        enter(target);
        continue;
      }
      const paths = trail.map((step) => step.file.raw.path);
      const cycle = [...paths.slice(paths.indexOf(target.raw.path)), target.raw.path];
      problems.error({
        position: imported.position,
        rule: "import-cycle",
        message: `import cycle: ${shorten(cycle).join(" -> ")}`,
        hint: "move what both files need into a third one",
      });
    }
  }
}

function shorten(cycle: readonly string[]): readonly string[] {
  return cycle.length <= 12 ? cycle : [...cycle.slice(0, 6), "…", ...cycle.slice(-5)];
}
