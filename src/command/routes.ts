// `sluice routes`: every route there is.
import type { ParsedFlags } from "./parse-flags.ts";
import { compilePolicies } from "../policy/policies.ts";
import { loadProject } from "./project.ts";
import { compositionsOf } from "./explain-method.ts";
import type { FetchSchemaBytes, Project } from "./project.ts";
import { formatForPeople, plural } from "./report.ts";
import { formatRoutes, toRouteEntries } from "./route-list.ts";
import { formatPolicies, toPolicyEntries, withoutPositions } from "./policy-list.ts";
import type { Terminal } from "./terminal.ts";

/** Diagnostics go to stderr, so that the list can be piped. */
export async function runRoutes(flags: ParsedFlags, terminal: Terminal, fetch: FetchSchemaBytes): Promise<number> {
  const { project, diagnostics } = await loadProject(flags, flags.positionals, terminal, fetch);
  for (const diagnostic of diagnostics) terminal.error(formatForPeople(diagnostic, terminal.errorStyle));
  if (project === undefined) return 1;
  if (flags.has("policy")) return printPolicies(project, flags.has("json"), terminal);
  const entries = toRouteEntries(project.bindings, compositionsOf(project));
  if (flags.has("json")) {
    terminal.out(JSON.stringify(entries, undefined, 2));
    return 0;
  }
  for (const line of formatRoutes(entries, terminal.outStyle)) terminal.out(line);
  if (entries.length === 0)
    terminal.error(
      `no routes: ${plural(project.schema.services.length, "service")} without HTTP rules; see http.bind_unannotated`,
    );
  return 0;
}

/** A method an entry, whether it has a route or not. */
function printPolicies({ config, schema }: Project, asJson: boolean, terminal: Terminal): number {
  const plans = compositionsOf({ config, schema });
  const entries = toPolicyEntries(schema, compilePolicies({ config, schema }).policyOf, {
    planOf: (method) => plans.get(method),
    store: config.cache.store,
  });
  if (asJson) terminal.out(JSON.stringify(entries.map(withoutPositions), undefined, 2));
  else for (const line of formatPolicies(entries, terminal.outStyle)) terminal.out(line);
  return 0;
}
