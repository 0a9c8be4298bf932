// Inputs named by the user -> one linked schema, or every reason why not. The door of this folder.
import type { Diagnostic, Position } from "../../diagnostic.ts";
import { isBundledPath } from "./bundled.ts";
import type { Schema } from "../descriptor.ts";
import { readDescriptorSet, readFileDescriptor } from "../descriptor/read.ts";
import type { Doubt } from "../link/doubt.ts";
import { linkSchema } from "../link/link.ts";
import type { LinkedSchema } from "../link/link.ts";
import { FileSet, readBounded } from "./files.ts";
import { findInputs, problem } from "./inputs.ts";
import type { FoundFile, FoundInputs } from "./inputs.ts";

const maxDescriptorBytes = 256 * 1024 * 1024;
const maxDiagnostics = 1_000;

export interface LoadOptions {
  /** Folders, .proto files and descriptor sets. */
  readonly inputs: readonly string[];
  /** `-I`, in order; the inputs' own folders and the bundled protos come after them. */
  readonly importPaths: readonly string[];
  /** Where a file names an input or an import path, for what is wrong with it. */
  readonly placeOf?: ((path: string) => Position | undefined) | undefined;
  /** From server reflection: FileDescriptorProtos, or all of them as one FileDescriptorSet. */
  readonly descriptorBytes?: Uint8Array | readonly { readonly name: string; readonly bytes: Uint8Array }[] | undefined;
}

interface Found {
  /** By file and position. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * `schema` is undefined when an error was found; only `no-service` leaves one that is whole, and serves nothing.
 * `partial` is then what could be linked, for finding more errors in the same run, never to be served; what it may lack
 * is known to its `doubt`.
 */
export type LoadedSchema =
  | (Found & { readonly schema: Schema; readonly partial: undefined })
  | (Found & { readonly schema: undefined; readonly partial: LinkedSchema });

/** Never throws for what the inputs are or say. */
export function loadSchema(options: LoadOptions): LoadedSchema {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const { placeOf = () => undefined } = options;
  const found = findInputs(options.inputs, options.importPaths, { report, placeOf });
  const isNotFound = diagnostics.length > 0;
  const files = new FileSet(found.roots, report);
  for (const file of found.descriptors) addDescriptorSet(file, files, report);
  addDescriptorBytes(options, files, report);
  for (const proto of found.protos) files.addInput(proto);
  // Of a text that could not be read in full the linker knows.
  const isInputLost =
    isNotFound || diagnostics.some(({ position, rule }) => position === undefined || rule === "malformed-descriptor");
  const schema = link(files, found, report);
  const isWhole = !diagnostics.some((diagnostic) => diagnostic.severity === "error");
  if (isWhole && schema.services.length === 0) report(noService(files.copies));
  if (isWhole) return { schema, partial: undefined, diagnostics: sortDiagnostics(diagnostics) };
  const doubt: Doubt = isInputLost ? { ...schema.doubt, mayDeclare: () => true } : schema.doubt;
  return { schema: undefined, partial: { ...schema, doubt }, diagnostics: sortDiagnostics(diagnostics) };
}

function link(files: FileSet, found: FoundInputs, report: (diagnostic: Diagnostic) => void): LinkedSchema {
  const searched = found.roots.map((root) => root.shown);
  return linkSchema(files.complete(), files.inputs, report, {
    searched,
    importHint: (path, importer) => files.importHint(path, importer),
  });
}

function addDescriptorSet(found: FoundFile, files: FileSet, report: (diagnostic: Diagnostic) => void): void {
  const bytes = readBounded(found.shown, maxDescriptorBytes, report);
  if (bytes === undefined) return;
  const foreign = recogniseForeign(bytes, found.shown);
  if (foreign !== undefined) {
    report(foreign);
    return;
  }
  for (const file of readDescriptorSet(bytes, found.shown, report) ?? [])
    files.addDescriptor(file, !isBundledPath(file.path));
}

/** Files that are easily taken for descriptor sets. */
function recogniseForeign(bytes: Uint8Array, shown: string): Diagnostic | undefined {
  const start = Buffer.from(bytes.subarray(0, 64)).toString("latin1").trimStart();
  const refuse = (message: string, hint: string) => ({
    ...problem("malformed-descriptor", message, hint),
    position: { file: shown, line: 1, column: 1 },
  });
  if (start.startsWith("{"))
    return refuse("this is JSON, not a binary descriptor set", "write it as binary: buf build -o image.binpb");
  if (start.startsWith("PK\x03\x04")) return refuse("this is a zip archive", "unpack it first: unzip");
  if (start.startsWith("\x1f\x8b")) return refuse("this is gzip data", "unpack it first: gunzip");
  if (!isText(bytes.subarray(0, 4096))) return undefined;
  const text = "this is text, not a binary descriptor set";
  if (/\.ya?ml$/.test(shown))
    return refuse(text, "name a configuration file with --config, HTTP rules with --http-rules");
  return refuse(text, "give a proto file the extension .proto");
}

/** A set has control characters: the tags and lengths of its first fields. */
function isText(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

function addDescriptorBytes(
  { descriptorBytes }: LoadOptions,
  files: FileSet,
  report: (diagnostic: Diagnostic) => void,
): void {
  if (descriptorBytes === undefined) return;
  const read =
    descriptorBytes instanceof Uint8Array
      ? (readDescriptorSet(descriptorBytes, "server reflection", report) ?? [])
      : descriptorBytes.flatMap(({ name, bytes }) => readFileDescriptor(bytes, name, report) ?? []);
  // The reflection service lists itself; nobody means to publish it.
  for (const file of read)
    files.addDescriptor(file, !isBundledPath(file.path) && !/^grpc\.reflection(\.|$)/.test(file.package));
}

function noService(copies: readonly string[]): Diagnostic {
  if (copies.length > 0)
    return problem(
      "no-service",
      `no input declares a service, but for "${copies[0]}", a proto that comes with sluice and is only imported from a folder`,
      "name that file itself to serve it",
    );
  return problem(
    "no-service",
    "no input declares a service",
    "a file is served for its service { rpc … } blocks; services of files that are only imported are not served, so name those files too",
  );
}

/** The first thousand by file and position; a warning never takes the place of an error, nor stops what only warnings are said of. */
export function orderDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const sorted = sortDiagnostics(diagnostics);
  if (sorted.length <= maxDiagnostics) return sorted;
  const isError = ({ severity }: Diagnostic): boolean => severity === "error";
  const errorsFirst = [...sorted.filter(isError), ...sorted.filter((found) => !isError(found))];
  const shown = new Set(errorsFirst.slice(0, maxDiagnostics));
  const { severity } = errorsFirst[maxDiagnostics];
  const rest = problem(`too-many-${severity}s`, `and ${sorted.length - maxDiagnostics} more`, "mend these first");
  return [...sorted.filter((found) => shown.has(found)), { ...rest, severity }];
}

/** By file and position, what has none last. */
function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.toSorted((one, other) => {
    if (one.position === undefined || other.position === undefined)
      return (one.position === undefined ? 0 : 1) - (other.position === undefined ? 0 : 1);
    if (one.position.file !== other.position.file) return one.position.file < other.position.file ? -1 : 1;
    return one.position.line - other.position.line || one.position.column - other.position.column;
  });
}
