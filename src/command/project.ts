// What every command starts from: configuration, schema, bindings, and everything wrong with them.
import { loadConfig } from "../config/load-config.ts";
import type { LoadedConfig, NamedTarget } from "../config/load-config.ts";
import type { Config } from "../config/config.ts";
import { isServiceName } from "../config/form.ts";
import { didYouMean } from "../diagnostic.ts";
import { findAccessProblems } from "../guard-options.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Binding } from "../schema/binding.ts";
import type { Schema } from "../schema/descriptor.ts";
import type { PolicyOf } from "../chain/policy.ts";
import { bindMethods } from "../schema/bind/http-rule.ts";
import type { Doubt } from "../schema/link/doubt.ts";
import { loadSchema, orderDiagnostics } from "../schema/load/load.ts";
import { compileCompositions } from "../compose/compositions.ts";
import { compilePolicies } from "../policy/policies.ts";
import { findLoosenedSteps } from "../policy/loosened-steps.ts";
import { findRedactedCopies } from "../policy/redacted-copies.ts";
import { findRedactedUses } from "../policy/redacted-uses.ts";
import { findUnusedAnswers } from "../policy/unused-answers.ts";
import { parseTarget } from "../upstream/target.ts";
import { validatorsOf } from "../validate/validator.ts";
import { toSettings } from "./parse-flags.ts";
import type { ParsedFlags } from "./parse-flags.ts";
import { hasErrors } from "./report.ts";
import type { Terminal } from "./terminal.ts";

export interface Project {
  readonly config: Config;
  readonly schema: Schema;
  readonly bindings: readonly Binding[];
}

export interface LoadedProject {
  /** Undefined when there is an error among the diagnostics. */
  readonly project: Project | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** What could be read, for counts in messages. */
  readonly schema: Schema | undefined;
}

/** A google.protobuf.FileDescriptorProto, and what to call it in messages. */
export interface DescriptorFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Asks an upstream for descriptors; a parameter so that only commands that want reflection load the transport. */
export type FetchSchemaBytes = (config: Config) => Promise<readonly DescriptorFile[]>;

/** `protos` are positional arguments. Never rejects for what a person wrote. */
export async function loadProject(
  flags: ParsedFlags,
  protos: readonly string[],
  terminal: Terminal,
  fetch: FetchSchemaBytes,
): Promise<LoadedProject> {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const settings = toSettings(flags, protos, report);
  const loaded = loadConfig({
    flags: settings,
    configFile: flags.text("config"),
    httpRules: flags.list("http-rules"),
    environment: terminal.environment,
  });
  diagnostics.push(...loaded.diagnostics);
  checkTargets(loaded.targets, report);
  // A faulty configuration does not hide what is wrong in the protos, nor they what is wrong in the rules.
  const { config, salvage } = loaded;
  const { protos: inputs, importPaths } = config ?? salvage;
  if (inputs.length === 0 && config?.reflect !== true) {
    if (!hasErrors(diagnostics)) report(noInputs);
    return { project: undefined, diagnostics, schema: undefined };
  }
  const descriptorBytes =
    config?.reflect === true && !hasErrors(diagnostics) ? await fetchOrReport(config, fetch, report) : undefined;
  if (inputs.length === 0 && descriptorBytes === undefined)
    return { project: undefined, diagnostics, schema: undefined };
  const {
    schema,
    partial,
    diagnostics: found,
  } = loadSchema({
    inputs,
    importPaths,
    placeOf: (path) => salvage.placeOf(path),
    descriptorBytes,
  });
  const bound = bindAndCheck(loaded, { schema: schema ?? partial, doubt: partial?.doubt });
  diagnostics.push(...orderDiagnostics([...found, ...bound.diagnostics]));
  if (schema === undefined || config === undefined || hasErrors(diagnostics))
    return { project: undefined, diagnostics, schema };
  return { project: { config, schema, bindings: bound.bindings }, diagnostics, schema };
}

interface LinkedParts {
  readonly schema: Schema;
  /** When the schema has errors. */
  readonly doubt: Doubt | undefined;
}

/** Rules, upstreams and options against the protos, as far as both could be read. */
function bindAndCheck(
  loaded: LoadedConfig,
  parts: LinkedParts,
): { readonly bindings: readonly Binding[]; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const { config, salvage } = loaded;
  const { profile } = config ?? salvage;
  const yamlRules = config?.http.rules ?? salvage.rules;
  const bindUnannotated = config?.http.bindUnannotated ?? false;
  const options = { profile, bindUnannotated, yamlRules, doubt: parts.doubt };
  const bindings = bindMethods(parts.schema, options, report);
  checkUpstreamServices(loaded, parts, report);
  const policies = compilePolicies({ ...parts, config });
  diagnostics.push(...policies.diagnostics);
  const rules = config?.compose ?? [];
  const compositions = compileCompositions({ ...parts, rules });
  diagnostics.push(...compositions.diagnostics);
  if (parts.doubt === undefined) {
    const inputs = { ...parts, ...policies, bindings };
    diagnostics.push(...findRedactedUses(inputs), ...findUnusedAnswers(inputs));
  }
  diagnostics.push(...findRedactedCopies(compositions.plans.values(), policies.redactionOf));
  diagnostics.push(...findLoosenedSteps(compositions.plans.values(), policies.policyOf));
  checkRules(loaded, parts, policies.policyOf, report);
  if (config !== undefined && parts.doubt === undefined) diagnostics.push(...findUnusedAccess(config, parts.schema));
  warnOfOwnPaths(bindings, report);
  return { bindings, diagnostics };
}

/** The gateway's own services, health and reflection, are known when it starts. */
function findUnusedAccess({ access }: Config, { services }: Schema): readonly Diagnostic[] {
  const methods = services.flatMap((service) => service.methods);
  const rules = access.rules.filter((rule) => !rule.methods.some((selector) => selector.startsWith("grpc.")));
  return findAccessProblems(rules, methods);
}

const noInputs: Diagnostic = {
  severity: "error",
  position: undefined,
  message: "no proto files are named",
  hint: "name files or folders (sluice serve ./protos …), set protos: in sluice.yaml, or use --reflect",
  rule: "no-protos",
};

async function fetchOrReport(
  config: Config,
  fetch: FetchSchemaBytes,
  report: (diagnostic: Diagnostic) => void,
): Promise<readonly DescriptorFile[] | undefined> {
  const target = config.upstreams[0]?.service === undefined ? config.upstreams[0]?.target : undefined;
  if (target === undefined) {
    report({
      severity: "error",
      position: undefined,
      message: "--reflect asks the default upstream, and there is none",
      hint: "add --upstream HOST:PORT",
      rule: "reflect",
    });
    return undefined;
  }
  try {
    return await fetch(config);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    report({
      severity: "error",
      position: undefined,
      message: `reflection from ${target}: ${message}`,
      rule: "reflect",
    });
    return undefined;
  }
}

/** A mapping that names no service of the schema is a slip of the hand: its calls would go elsewhere. */
function checkUpstreamServices(
  { targets }: LoadedConfig,
  { schema, doubt }: LinkedParts,
  report: (diagnostic: Diagnostic) => void,
): void {
  const names = schema.services.map((service) => service.name);
  for (const { service, position } of targets) {
    // One that is no name was reported with the configuration.
    if (
      service === undefined ||
      service === "default" ||
      !isServiceName(service) ||
      names.some((name) => isServed(service, name))
    )
      continue;
    if (doubt?.mayDeclare(service.replace(/\.\*$/, "")) === true) continue;
    report({
      severity: "error",
      position,
      message: `the upstream of ${service} has no use: the protos have no such service`,
      hint: suggestService(service, names),
      rule: "upstream-service",
    });
  }
}

/** Rules for messages that cannot be enforced. */
function checkRules(
  { config }: LoadedConfig,
  { schema, doubt }: LinkedParts,
  policyOf: PolicyOf,
  report: (diagnostic: Diagnostic) => void,
): void {
  if (config?.validation.enabled !== true || doubt !== undefined) return;
  const validators = validatorsOf(schema, config.validation);
  for (const method of schema.services.flatMap((service) => service.methods))
    if (policyOf(method).validate.value) validators.validatorOf(method.input);
  for (const problem of validators.problems) report(problem);
}

/** What begins with /-/ never gets as far as the router: the gateway's own pages come before it. */
function warnOfOwnPaths(bindings: readonly Binding[], report: (diagnostic: Diagnostic) => void): void {
  for (const { template, method, position } of bindings) {
    const [head, ...below] = template.segments;
    if (below.length === 0 || head.kind !== "literal" || head.value !== "-") continue;
    report({
      severity: "warning",
      position,
      message: `${method.name}: no request gets to ${JSON.stringify(template.text)}: the paths below /-/ are the gateway's own`,
      hint: "begin the path with something else",
      rule: "own-path",
    });
  }
}

function isServed(pattern: string, service: string): boolean {
  return pattern.endsWith(".*") ? service.startsWith(pattern.slice(0, -1)) : service === pattern;
}

/** What the configuration let through as text is held against the grammar of targets here, which upstream/ knows. */
function checkTargets(targets: readonly NamedTarget[], report: (diagnostic: Diagnostic) => void): void {
  for (const { target, name, position } of targets) {
    const parsed = parseTarget(target);
    if (parsed.kind === "error")
      report({ severity: "error", position, message: `${name}: ${parsed.message}`, hint: parsed.hint, rule: "target" });
  }
}

function suggestService(service: string, names: readonly string[]): string {
  const tail = names.find((name) => name.endsWith(`.${service}`));
  return (
    didYouMean(service, names) ??
    (tail === undefined ? `the services are ${names.slice(0, 10).join(", ")}` : `did you mean "${tail}"?`)
  );
}
