// The policy of every method, settled once at start from the protos and the configuration, and what is wrong with what was said.
import type { AuthLevel, MethodPolicy, PolicyOf, RedactionOf } from "../chain/policy.ts";
import type { Config } from "../config/config.ts";
import { DiagnosticError } from "../diagnostic.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Method, Schema, Service } from "../schema/descriptor.ts";
import type { Doubt } from "../schema/link/doubt.ts";
import { checkMethod } from "./contradictions.ts";
import { readMethod, readService } from "./declared.ts";
import type { DeclaredPolicy } from "./declared.ts";
import { parsePosition, place } from "./placed.ts";
import type { Placed, Report } from "./placed.ts";
import { resolvePolicy } from "./resolve-method.ts";
import type { DeclaredPair, ResolvedPolicy } from "./resolve-method.ts";
import { checkLimitNames } from "./limit-names.ts";
import { checkParts } from "./check-parts.ts";
import { nothingInParts } from "./parts.ts";
import { readConfiguredParts } from "./read-parts.ts";
import { checkRedactions } from "./check-redactions.ts";
import { compileRedactions } from "./redactions.ts";
import { checkSelectors } from "./check-selectors.ts";
import { checkRetryReach } from "./retry.ts";

export interface PolicyInputs {
  readonly schema: Schema;
  /** Undefined when it has errors: then only what the protos say is looked at. */
  readonly config: Config | undefined;
  /** A program that embeds the gateway says who calls. */
  readonly hasAuthenticate?: boolean;
  /** The gateway's own methods, which nothing here is about. */
  readonly isOwn?: (method: Method) => boolean;
  /** With a schema that has errors: what it may lack is not reported as missing. */
  readonly doubt?: Doubt | undefined;
}

export interface CompiledPolicies {
  readonly policyOf: PolicyOf;
  /** Of all limits that there are. */
  readonly limitNames: readonly string[];
  readonly redactionOf: RedactionOf;
  readonly diagnostics: readonly Diagnostic[];
}

const nothingSaid: DeclaredPolicy = {
  level: undefined,
  rule: undefined,
  limits: [],
  timeoutMs: undefined,
  cache: undefined,
  retry: undefined,
  ...nothingInParts,
};

/** Of the gateway's own health and reflection. */
const ownPolicy: MethodPolicy = {
  auth: { value: "public", from: "the gateway's own" },
  rules: [],
  limits: [],
  timeoutMs: undefined,
  maxInFlight: undefined,
  validate: { value: false, from: "the gateway's own" },
  cache: undefined,
  retry: undefined,
  stream: {},
  http: {},
  redact: [],
};

export function compilePolicies(inputs: PolicyInputs): CompiledPolicies {
  const { schema, config, isOwn = () => false, doubt } = inputs;
  const diagnostics = new Map<string, Diagnostic>();
  // What is said of many methods at once is wrong once.
  const report: Report = (found) => void diagnostics.set(`${JSON.stringify(found.position)} ${found.message}`, found);
  const declared = readDeclared(schema, report, doubt);
  const configured = {
    auth: config?.auth,
    limits: config?.limits ?? [],
    policies: config?.policies ?? [],
    parts: readConfiguredParts(config?.policies ?? [], report),
    httpRules: config?.http.rules ?? [],
    compose: config?.compose ?? [],
  };
  const fallback = findFallback(inputs);
  const resolve = (method: Method): ResolvedPolicy =>
    resolvePolicy({
      method,
      configured,
      declared: declared.get(method) ?? [nothingSaid, nothingSaid],
      fallback,
    });
  const redactions = compileRedactions({ schema, policies: configured.policies, isOwn, report });
  const known = new WeakMap<Method, MethodPolicy>();
  const policyOf: PolicyOf = (method) => {
    const toPolicy = (): MethodPolicy => ({ ...resolve(method), redact: redactions.inReplyOf(method) });
    const policy = known.get(method) ?? (isOwn(method) ? ownPolicy : toPolicy());
    known.set(method, policy);
    return policy;
  };
  checkParts({ services: schema.services, declared, configured: configured.parts, doubt, report });
  checkLimitNames([...declared.values()].flat(), configured.limits, report);
  if (config !== undefined) {
    checkSelectors(config, { schema, doubt, report });
    const { timeouts } = config;
    const rest = { schema, configured, canAuthenticate: canAuthenticate(inputs), timeouts, report };
    // Of a schema with errors nobody knows what the messages have.
    const checked = doubt === undefined ? [...declared].filter(([method]) => !isOwn(method)) : [];
    for (const [method, pair] of checked) checkMethod(method, resolve(method), pair, rest);
    if (doubt === undefined) checkRetryReach(schema.services, declared, { configured, report });
    checkRedactions(
      checked.map(([method]) => ({ method, level: resolve(method).auth })),
      { ...rest, redactions },
    );
  }
  const names = [...configured.limits, ...[...declared.values()].flat().flatMap(({ limits }) => limits)];
  const limitNames = [...new Set(names.map((limit) => ("rule" in limit ? limit.rule : limit.value).name))];
  const { redactionOf } = redactions;
  return { policyOf, limitNames, redactionOf, diagnostics: summarize([...diagnostics.values()]) };
}

/** Throws DiagnosticError where there is an error. */
export function settlePolicies(inputs: PolicyInputs): Omit<CompiledPolicies, "diagnostics"> {
  const { diagnostics, ...settled } = compilePolicies(inputs);
  if (diagnostics.some(({ severity }) => severity === "error")) throw new DiagnosticError(diagnostics);
  return settled;
}

function readDeclared(schema: Schema, report: Report, doubt: Doubt | undefined): Map<Method, DeclaredPair> {
  const declared = new Map<Method, DeclaredPair>();
  const read = (service: Service): void => {
    const own = readService(service, report);
    for (const method of service.methods) declared.set(method, [own, readMethod(method, report, doubt)]);
  };
  for (const service of schema.services) read(service);
  return declared;
}

/** With `auth` every method asks for credentials that is not said to do without; with nobody to ask, none does. */
function findFallback({ config, hasAuthenticate = false }: PolicyInputs): Placed<AuthLevel> {
  const said = config?.auth?.default;
  if (said !== undefined) return place(said.value, parsePosition(said.from), said.from);
  return hasAuthenticate ? place("required", undefined, "authenticate") : place("public", undefined);
}

/** Whether anything can tell who calls. */
export function canAuthenticate({
  config,
  hasAuthenticate = false,
}: Pick<PolicyInputs, "config" | "hasAuthenticate">): boolean {
  if (hasAuthenticate || config?.auth === undefined) return hasAuthenticate;
  const { issuers, apiKeys, basic, mtls, introspection, extAuthz } = config.auth;
  return issuers.length > 0 || [apiKeys, basic, mtls, introspection, extAuthz].some((way) => way !== undefined);
}

/** What is said of many methods at once is one mistake, wrong for many: the first of them, and how many more there are. */
function summarize(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const kinds = new Map<string, Diagnostic[]>();
  for (const found of diagnostics) {
    const kind = `${found.rule} ${JSON.stringify(found.position)}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), found]);
  }
  return [...kinds.values()].map(([first, ...others]) =>
    others.length === 0 ? first : { ...first, message: `${first.message} (and ${others.length} more like this)` },
  );
}
