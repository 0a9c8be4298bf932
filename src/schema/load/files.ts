// The set of files to link: inputs, then whatever they import, from descriptor sets, disk or the bundle. Each file once.
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { basename } from "node:path";
import { didYouMean } from "../../diagnostic.ts";
import type { Diagnostic } from "../../diagnostic.ts";
import { alwaysLinked, isBundledPath, listBundled, parseBundled } from "./bundled.ts";
import { findImport, forgottenRoot, isImportPath } from "./import.ts";
import { maxFiles, problem, realPath, reasonOf } from "./inputs.ts";
import type { FoundFile, FoundProto, ImportRoot } from "./inputs.ts";
import { parseProto } from "../parse/file.ts";
import type { ProtoFile } from "../proto-file.ts";

const maxProtoBytes = 16 * 1024 * 1024;

/** A file of the set, with what is needed to find its imports. */
interface Loaded {
  readonly file: ProtoFile;
  readonly root: ImportRoot | undefined;
  /** As positions show it; undefined for files that are not on disk. */
  readonly shown: string | undefined;
}

export class FileSet {
  readonly inputs = new Set<string>();
  /** Files in folders of the user's that declare services, and are not served: they come with the gateway. */
  readonly copies: string[] = [];
  readonly #roots: readonly ImportRoot[];
  readonly #report: (diagnostic: Diagnostic) => void;
  readonly #byPath = new Map<string, Loaded>();
  readonly #pathByReal = new Map<string, string>();
  /** Per root of the importing file: what its import path means here. */
  readonly #resolved = new Map<string, string | undefined>();
  readonly #pending: Loaded[] = [];
  /** Bundled paths that a file of the user's stands in for. */
  readonly #aliases = new Map<string, string>();

  constructor(roots: readonly ImportRoot[], report: (diagnostic: Diagnostic) => void) {
    this.#roots = roots;
    this.#report = report;
  }

  /** A file out of a descriptor set or from reflection; one already there stays if it is the same. */
  addDescriptor(file: ProtoFile, isInput: boolean): void {
    const existing = this.#byPath.get(file.path);
    if (existing === undefined) {
      this.#keep({ file, root: undefined, shown: undefined });
      if (isInput) this.inputs.add(file.path);
    } else if (!isSame(existing.file, file)) {
      this.#report({
        severity: "error",
        position: file.position,
        message: `two descriptors of "${file.path}" differ`,
        hint: "make one descriptor set of all inputs, or leave one of them out",
        rule: "duplicate-file",
      });
    }
  }

  addInput(found: FoundProto): void {
    const real = realPath(found.absolute);
    let path = this.#pathByReal.get(real);
    if (path === undefined) {
      path = this.#freeName(found);
      if (!this.#readProto(found, path, found.root)) return;
      this.#pathByReal.set(real, path);
    }
    // google/* copies among the user's files are there to be imported; their services are not the user's.
    if (found.isNamed || !isBundledPath(path)) this.inputs.add(path);
    else if (this.#byPath.get(path)?.file.services.length) this.copies.push(found.shown);
  }

  /** Two folders may hold files of the same name: the second is named with its folder. */
  #freeName({ name, root }: FoundProto): string {
    const longer = `${basename(root.absolute)}/${name}`;
    return this.#byPath.has(name) && !this.#byPath.has(longer) ? longer : name;
  }

  /** Loads imports of imports until there are no more, then what is always linked; the files with imports as the set names them. */
  complete(): readonly ProtoFile[] {
    this.#loadPending();
    // Whoever forgot the import still wants to hear what is wrong with the rules.
    if (!this.#byPath.has(annotations) && [...this.#byPath.values()].some(usesHttpRules))
      this.#loadBundled(annotations);
    this.#addAlwaysLinked();
    this.#loadPending();
    return [...this.#byPath.values()].map((loaded) => this.#renameImports(loaded));
  }

  /** For the hint at an import that is not found. */
  importHint(path: string, importer: string): string | undefined {
    if (!isImportPath(path)) return 'an import path is relative, with "/" between its parts and without "." and ".."';
    const shown = this.#byPath.get(importer)?.shown;
    const root = shown === undefined ? undefined : forgottenRoot(path, shown);
    if (root !== undefined) return `it is found from the folder "${root}": add -I ${root}`;
    return didYouMean(path, [...this.#byPath.keys(), ...listBundled()]);
  }

  #keep(loaded: Loaded): void {
    this.#byPath.set(loaded.file.path, loaded);
    this.#pending.push(loaded);
  }

  #loadPending(): void {
    for (let loaded = this.#pending.pop(); loaded !== undefined; loaded = this.#pending.pop()) {
      for (const { path } of loaded.file.imports) this.#resolve(path, loaded.root);
    }
  }

  /** The set's name of what an import path means; undefined when it is not found. */
  #resolve(path: string, from: ImportRoot | undefined): string | undefined {
    const key = `${from?.isInput === true ? from.absolute : ""}\0${path}`;
    if (!this.#resolved.has(key)) this.#resolved.set(key, this.#load(path, from));
    return this.#resolved.get(key);
  }

  #load(path: string, from: ImportRoot | undefined): string | undefined {
    if (!isImportPath(path)) return undefined;
    const existing = this.#byPath.get(path);
    if (existing !== undefined && existing.shown === undefined) return path;
    const found = findImport(path, from, this.#roots);
    if (found === undefined) return existing === undefined ? this.#loadBundled(path) : path;
    const known = this.#pathByReal.get(found.absolute);
    if (known !== undefined) return known;
    const name = this.#freeName({ ...found, name: path, isNamed: false });
    if (!this.#readProto(found, name, found.root)) return undefined;
    this.#pathByReal.set(found.absolute, name);
    return name;
  }

  #loadBundled(path: string): string | undefined {
    const alias = this.#aliases.get(path);
    if (alias !== undefined) return alias;
    const file = parseBundled(path);
    if (file === undefined) return undefined;
    this.#keep({ file, root: undefined, shown: undefined });
    return path;
  }

  #readProto(found: FoundFile, path: string, root: ImportRoot): boolean {
    const { shown } = found;
    if (this.#byPath.size >= maxFiles) {
      this.#report(
        problem("too-many-files", `the inputs and their imports are more than ${maxFiles} files`, "name fewer folders"),
      );
      return false;
    }
    const bytes = readBounded(shown, maxProtoBytes, this.#report);
    if (bytes === undefined) return false;
    this.#keep({ file: { ...parseProto(bytes, shown, this.#report), path }, root, shown });
    return true;
  }

  /**
   * Adds the bundled files that every schema has, unless the user's files declare the same under another path: those
   * then stand in for them.
   */
  #addAlwaysLinked(): void {
    const declaredIn = new Map<string, string>();
    for (const { file } of this.#byPath.values()) {
      for (const { name } of [...file.messages, ...file.enums, ...file.extensions])
        declaredIn.set(`${file.package}.${name}`, file.path);
    }
    for (const path of alwaysLinked) {
      const file = this.#byPath.has(path) ? undefined : parseBundled(path);
      if (file === undefined) continue;
      const other = file.messages
        .map(({ name }) => declaredIn.get(`${file.package}.${name}`))
        .find((found) => found !== undefined);
      if (other === undefined) this.#keep({ file, root: undefined, shown: undefined });
      else this.#aliases.set(path, other);
    }
  }

  #renameImports({ file, root }: Loaded): ProtoFile {
    let isRenamed = false;
    const imports = file.imports.map((imported) => {
      const path = this.#resolve(imported.path, root) ?? imported.path;
      isRenamed ||= path !== imported.path;
      return path === imported.path ? imported : { ...imported, path };
    });
    return isRenamed ? { ...file, imports } : file;
  }
}

const annotations = "google/api/annotations.proto";

function usesHttpRules({ file }: Loaded): boolean {
  return file.services.some(({ methods }) =>
    methods.some(
      ({ options }) => options.kind === "text" && options.options.some(({ name }) => name[0] === "(google.api.http)"),
    ),
  );
}

function isSame(one: ProtoFile, other: ProtoFile): boolean {
  return one.bytes !== undefined && other.bytes !== undefined && Buffer.compare(one.bytes, other.bytes) === 0;
}

/** The bytes of a file of at most `limit`; undefined after a report. */
export function readBounded(
  shown: string,
  limit: number,
  report: (diagnostic: Diagnostic) => void,
): Uint8Array | undefined {
  let handle: number | undefined;
  try {
    handle = openSync(shown, "r");
    const stats = fstatSync(handle);
    if (!stats.isFile()) return readStream(handle, shown, limit, report);
    if (stats.size <= limit) return readFileSync(handle);
    report(tooLarge(shown, `${stats.size} bytes`, limit));
  } catch (error) {
    report(problem("unreadable", `"${shown}" cannot be read: ${reasonOf(error)}`, "check its permissions"));
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
  return undefined;
}

/** A pipe (`<(buf build -o -)`) or a device has no size to be known beforehand, and perhaps no end. */
function readStream(
  handle: number,
  shown: string,
  limit: number,
  report: (diagnostic: Diagnostic) => void,
): Uint8Array | undefined {
  const chunks: Buffer[] = [];
  for (let length = 0; ;) {
    const chunk = Buffer.allocUnsafe(1024 * 1024);
    const count = readSync(handle, chunk);
    if (count === 0) return Buffer.concat(chunks);
    length += count;
    if (length > limit) {
      report(tooLarge(shown, "no end in sight", limit));
      return undefined;
    }
    chunks.push(chunk.subarray(0, count));
  }
}

function tooLarge(shown: string, size: string, limit: number): Diagnostic {
  return problem("too-large", `"${shown}" has ${size}, and ${limit} bytes are read at most`, "is this the right file?");
}
