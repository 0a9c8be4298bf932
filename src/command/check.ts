// `sluice check`: everything wrong with protos, rules and configuration, and an exit code for CI.
import type { ParsedFlags } from "./parse-flags.ts";
import { compilePolicies } from "../policy/policies.ts";
import { describeOpenness, toPolicyEntries } from "./policy-list.ts";
import { loadProject } from "./project.ts";
import type { FetchSchemaBytes } from "./project.ts";
import { countDiagnostics, formatForMachines, formatForPeople, hasErrors, plural } from "./report.ts";
import type { Terminal } from "./terminal.ts";

export async function runCheck(flags: ParsedFlags, terminal: Terminal, fetch: FetchSchemaBytes): Promise<number> {
  const { project, schema, diagnostics } = await loadProject(flags, flags.positionals, terminal, fetch);
  const isRefused = hasErrors(diagnostics) || (flags.has("deny-warnings") && diagnostics.length > 0);
  if (flags.has("json")) {
    terminal.out(formatForMachines(diagnostics));
    return isRefused ? 1 : 0;
  }
  for (const diagnostic of diagnostics) terminal.out(formatForPeople(diagnostic, terminal.outStyle));
  const loaded = schema === undefined ? undefined : plural(schema.files.filter((file) => file.isInput).length, "file");
  const counts = countDiagnostics(diagnostics);
  if (project !== undefined && !isRefused) {
    const services = plural(project.schema.services.length, "service");
    terminal.out(
      `${terminal.outStyle.green("ok")}: ${loaded}, ${services}, ${plural(project.bindings.length, "route")}${counts === "" ? "" : `, ${counts}`}`,
    );
    const entries = toPolicyEntries(project.schema, compilePolicies(project).policyOf);
    const openness = describeOpenness(entries, project.config.auth !== undefined);
    if (openness !== undefined) terminal.out(openness);
  } else {
    terminal.out(
      [counts, loaded === undefined ? undefined : `in ${loaded}`].filter((part) => part !== undefined).join(" "),
    );
  }
  return isRefused ? 1 : 0;
}
