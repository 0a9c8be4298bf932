// `sluice client`: the schema as a typed module for browsers.
import { writeFileSync } from "node:fs";
import { writeClientDeclarations, writeClientModule, writeClientScript } from "../docs/client-module.ts";
import type { ClientModuleInputs } from "../docs/client-module.ts";
import { toJsonOptions, toMethodRules } from "../gateway-options.ts";
import { compilePolicies } from "../policy/policies.ts";
import { UsageError } from "./parse-flags.ts";
import type { ParsedFlags } from "./parse-flags.ts";
import { loadProject } from "./project.ts";
import type { FetchSchemaBytes } from "./project.ts";
import { formatForPeople, plural } from "./report.ts";
import type { Terminal } from "./terminal.ts";

/** Throws UsageError for a file name that says no language. Diagnostics go to stderr, so that the module can be piped. */
export async function runClient(flags: ParsedFlags, terminal: Terminal, fetch: FetchSchemaBytes): Promise<number> {
  const output = flags.text("output");
  const write = output === undefined ? undefined : chooseForm(output);
  const { project, diagnostics } = await loadProject(flags, flags.positionals, terminal, fetch);
  for (const diagnostic of diagnostics) terminal.error(formatForPeople(diagnostic, terminal.errorStyle));
  if (project === undefined) return 1;
  const { schema, bindings, config } = project;
  const inputs = { schema, bindings, json: toJsonOptions(config), ...toMethodRules(compilePolicies(project).policyOf) };
  if (write === undefined) {
    terminal.out(writeClientModule(inputs).trimEnd());
    return 0;
  }
  for (const { path, text } of write(inputs)) {
    try {
      writeFileSync(path, text);
    } catch (error) {
      terminal.error(`${terminal.errorStyle.red("error:")} ${path} cannot be written: ${(error as Error).message}`);
      return 1;
    }
    terminal.error(`wrote ${path}: ${plural(schema.services.length, "service")}`);
  }
  return 0;
}

interface OutputFile {
  readonly path: string;
  readonly text: string;
}

function chooseForm(path: string): (inputs: ClientModuleInputs) => readonly OutputFile[] {
  const script = /^(.*)\.(m?)js$/s.exec(path);
  if (script !== null) {
    const [, stem, letter] = script;
    return (inputs) => [
      { path, text: writeClientScript(inputs) },
      { path: `${stem}.d.${letter}ts`, text: writeClientDeclarations(inputs) },
    ];
  }
  if (/\.m?ts$/.test(path) && !/\.d\.m?ts$/.test(path)) return (inputs) => [{ path, text: writeClientModule(inputs) }];
  throw new UsageError(`--output ${path}: a name that ends in .ts, .js or .mjs is expected`);
}
