// ProtoFiles -> Schema: declares every name, finds what each refers to, reads options, checks. Every problem is reported.
import type { Diagnostic } from "../../diagnostic.ts";
import { checkFile } from "./check-file.ts";
import { writeFileDescriptor } from "../descriptor/write.ts";
import type { EnumType, Field, MessageType, Method, Schema, SchemaFile } from "../descriptor.ts";
import { declareFile } from "./declare.ts";
import { createDoubt } from "./doubt.ts";
import type { Doubt } from "./doubt.ts";
import { linkImports } from "./imports.ts";
import type { FileNode } from "./node.ts";
import { interpretFile } from "./options.ts";
import { Problems } from "./problems.ts";
import { resolveFile } from "./resolve.ts";
import { enumsOf, extensionsOf, messagesOf, settleField } from "./settle.ts";
import { SymbolTable } from "./symbols.ts";
import type { ProtoFile } from "../proto-file.ts";

export interface LinkContext {
  /** Folders in which imports were looked for, for the hint at a missing one. */
  readonly searched?: readonly string[];
  /** A better hint at a missing import than where it was looked for. */
  readonly importHint?: (path: string, importer: string) => string | undefined;
}

/** With an error reported it lacks what could not be linked, and is there for further checks only. */
export interface LinkedSchema extends Schema {
  readonly doubt: Doubt;
}

/**
 * `files` is the whole set, imports included, google/protobuf/descriptor.proto too where options are to be read.
 * Never throws for what a file says. What a file with `damage` may have lost is not reported as missing.
 */
export function linkSchema(
  files: readonly ProtoFile[],
  inputPaths: Iterable<string>,
  report: (diagnostic: Diagnostic) => void,
  context: LinkContext = {},
): LinkedSchema {
  const problems = new Problems(report);
  const symbols = new SymbolTable(problems);
  const inputs = new Set(inputPaths);
  const nodes = new Map<string, FileNode>();
  for (const file of files) {
    if (nodes.has(file.path)) reportTwice(file, problems);
    else nodes.set(file.path, declareFile(file, inputs.has(file.path), symbols, problems));
  }
  linkImports(nodes, { searched: [], ...context }, problems);
  const all = [...nodes.values()];
  for (const file of all) resolveFile(symbols, problems, file);
  // Before the options, which are values of such fields.
  for (const file of all) settleFile(file);
  for (const file of all) interpretFile(symbols, problems, file);
  for (const file of all) checkFile(file, problems);
  return { ...toSchema(all, symbols), doubt: createDoubt(all) };
}

function reportTwice(file: ProtoFile, problems: Problems): void {
  problems.error({
    position: file.position,
    rule: "duplicate-file",
    message: `two files are named "${file.path}"`,
    hint: "name each file by its path from one common folder, given with -I",
  });
}

function settleFile(file: FileNode): void {
  for (const message of messagesOf(file.messages)) message.fields.forEach(settleField);
  for (const extension of extensionsOf(file)) settleField(extension);
}

function toSchema(files: readonly FileNode[], symbols: SymbolTable): Schema {
  const services = files.filter((file) => file.isInput).flatMap((file) => file.services);
  const methods = new Map<string, Method>();
  const messages = new Map<string, MessageType>();
  const enums = new Map<string, EnumType>();
  for (const file of files) {
    for (const message of messagesOf(file.messages)) messages.set(message.name, message);
    for (const type of enumsOf(file)) enums.set(type.name, type);
    for (const service of file.services) for (const method of service.methods) methods.set(method.name, method);
  }
  return {
    files: files.map(toSchemaFile),
    services,
    messages: [...messages.values()],
    message: (name) => messages.get(name),
    enum: (name) => enums.get(name),
    method: (name) => methods.get(name),
    extension: (name): Field | undefined => {
      const symbol = symbols.get(name);
      return symbol?.kind === "extension" && symbol.node.isLinkedExtension ? symbol.node : undefined;
    },
  };
}

function toSchemaFile(file: FileNode): SchemaFile {
  let bytes: Uint8Array | undefined;
  return {
    path: file.raw.path,
    package: file.raw.package,
    isInput: file.isInput,
    services: file.services,
    imports: file.raw.imports.map((imported) => imported.path),
    toBytes: () => (bytes ??= file.raw.bytes ?? writeFileDescriptor(file)),
  };
}
