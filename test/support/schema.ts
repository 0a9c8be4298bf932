// Schemas for tests from proto text, linked as `loadSchema` links them but without files.
import { DiagnosticError } from "../../src/diagnostic.ts";
import type { Diagnostic } from "../../src/diagnostic.ts";
import { alwaysLinked, readBundled } from "../../src/schema/load/bundled.ts";
import type { Schema } from "../../src/schema/descriptor.ts";
import { linkSchema } from "../../src/schema/link/link.ts";
import { parseProto } from "../../src/schema/parse/file.ts";
import type { ProtoFile } from "../../src/schema/proto-file.ts";

export type ProtoTexts = string | Readonly<Record<string, string>>;

/** One file, `test.proto`, or several by path; all are inputs. Bundled imports resolve. Throws DiagnosticError on an error. */
export function schemaOf(texts: ProtoTexts): Schema {
  const { schema, diagnostics } = linkTexts(texts);
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === "error");
  if (errors.length > 0) throw new DiagnosticError(errors);
  return schema;
}

/** For tests of what is reported. */
export function diagnosticsOf(texts: ProtoTexts): readonly Diagnostic[] {
  return linkTexts(texts).diagnostics;
}

function linkTexts(texts: ProtoTexts): { schema: Schema; diagnostics: readonly Diagnostic[] } {
  const sources = new Map(Object.entries(typeof texts === "string" ? { "test.proto": texts } : texts));
  const diagnostics: Diagnostic[] = [];
  const files = new Map<string, ProtoFile>();
  const add = (path: string): void => {
    const text = sources.get(path) ?? readBundled(path);
    if (files.has(path) || text === undefined) return;
    const file = parseProto(text, path, (diagnostic) => void diagnostics.push(diagnostic));
    files.set(path, file);
    for (const imported of file.imports) add(imported.path);
  };
  for (const path of [...sources.keys(), ...alwaysLinked]) add(path);
  const schema = linkSchema([...files.values()], sources.keys(), (diagnostic) => diagnostics.push(diagnostic));
  return { schema, diagnostics };
}
