// Redactions that cannot be meant: fields that there are not, conditions that cannot be had, callers that nobody asks who they are.
import type { AuthLevel, RedactRule } from "../chain/policy.ts";
import { nearest } from "../diagnostic.ts";
import { lazily } from "../lazily.ts";
import type { Field, Method, Schema } from "../schema/descriptor.ts";
import { reachedFrom } from "../schema/reach.ts";
import { rankSelectors } from "../schema/selector.ts";
import { noAuthenticator } from "./contradictions.ts";
import type { Placed, Report } from "./placed.ts";
import { fieldProblem } from "./redactions.ts";
import type { Redactions } from "./redactions.ts";

const loadConditions = lazily(
  import.meta.url,
  "../chain/authorize/condition.js",
) as () => typeof import("../chain/authorize/condition.ts");

export interface RedactedMethod {
  readonly method: Method;
  readonly level: Placed<AuthLevel>;
}

export interface RedactionChecks {
  readonly schema: Schema;
  readonly redactions: Redactions;
  /** Whether anything can tell who calls. */
  readonly canAuthenticate: boolean;
  readonly report: Report;
}

export function checkRedactions(methods: readonly RedactedMethod[], checks: RedactionChecks): void {
  const { declared, configured } = checks.redactions;
  if (declared.size === 0 && configured.length === 0) return;
  checkFields(methods, checks);
  checkTies(methods, checks);
  warnOfLoosened(checks);
  const rules = new Map(
    [...declared.values(), ...configured.map(({ rule }) => rule)].map((rule) => [rule.value, rule]),
  );
  const asking = new Set([...rules.values()].filter((rule) => asksWhoCalls(rule, methods, checks)));
  if (!checks.canAuthenticate) refuseUnanswered(asking, checks);
  else for (const one of methods) checkPublic(one, asking, checks);
}

/** Whether it does; what is wrong with its condition is reported. */
function asksWhoCalls(
  { value, position }: Placed<RedactRule>,
  [any]: readonly RedactedMethod[],
  { schema, report }: RedactionChecks,
): boolean {
  const { field, unless, unlessRoles, unlessScopes } = value;
  const asksByName = unlessRoles.length > 0 || unlessScopes.length > 0;
  if (unless === undefined || any === undefined) return asksByName;
  const context = { method: any.method, findEnum: (name: string) => schema.enum(name), knowsRequest: false };
  const condition = loadConditions().compileCondition(unless, context);
  if (!("faults" in condition)) return asksByName || condition.usesIdentity;
  for (const { message, hint } of condition.faults)
    report({
      severity: "error",
      position,
      message: `the condition of ${field}: ${message}`,
      hint,
      rule: "redact-condition",
    });
  return false;
}

function refuseUnanswered(asking: Iterable<Placed<RedactRule>>, { report }: RedactionChecks): void {
  for (const { value, position } of asking)
    report({
      severity: "error",
      position,
      message: `who sees ${value.field} depends on who calls, and nothing can tell`,
      hint: noAuthenticator,
      rule: "policy-authenticator",
    });
}

/** One of the configuration names the method; what a proto says of a field goes wherever the field goes, and hides it here. */
function checkPublic(
  { method, level }: RedactedMethod,
  asking: ReadonlySet<Placed<RedactRule>>,
  { schema, redactions, report }: RedactionChecks,
): void {
  if (level.value !== "public") return;
  const reached = reachedFrom(method.output);
  for (const rule of redactions.inReplyOf(method)) {
    // What an Any may hold it may hold without anybody thinking of it.
    const field = findField(schema, rule.value.field);
    if (!asking.has(rule) || field === undefined || !reached.has(field.parent)) continue;
    const isDeclared = redactions.declared.get(rule.value.field) === rule;
    report({
      severity: isDeclared ? "warning" : "error",
      position: rule.position,
      message: `who sees ${rule.value.field} depends on who calls, and callers of ${method.name} are not asked (public: ${level.from}): nobody sees it there`,
      hint: isDeclared
        ? "make the method optional, or say in policies of sluice.yaml that it redacts the field for everybody"
        : "make the method optional, or redact the field for everybody there",
      rule: "policy-contradiction",
    });
  }
}

function checkFields(methods: readonly RedactedMethod[], { schema, redactions, report }: RedactionChecks): void {
  const reached = new Map(methods.map(({ method }) => [method, reachedFrom(method.output)]));
  for (const { policy, rule } of redactions.configured) {
    const { position, value } = rule;
    const field = findField(schema, value.field);
    if (field === undefined) {
      const message = `there is no field ${value.field}`;
      report({ severity: "error", position, message, hint: suggestField(schema, value.field), rule: "redact-field" });
      continue;
    }
    const problem = fieldProblem(field, value.mask);
    if (problem !== undefined) report({ severity: "error", position, ...problem, rule: "redact-field" });
    const isReached = methods.some(
      ({ method }) =>
        rankSelectors(policy.methods, method.name) >= 0 && reached.get(method)?.has(field.parent) === true,
    );
    // Of those the details of errors are made.
    if (isReached || field.parent.name.startsWith("google.rpc.")) continue;
    report({
      severity: "warning",
      position,
      message: `no reply of these methods has ${value.field}, but in what a google.protobuf.Any holds`,
      hint: "name the field of the type that they answer with",
      rule: "redact-field",
    });
  }
}

function findField(schema: Schema, name: string): Field | undefined {
  const dot = name.lastIndexOf(".");
  const own = schema.message(name.slice(0, dot))?.fields.find(({ protoName }) => protoName === name.slice(dot + 1));
  return own ?? schema.extension(name);
}

/** Longer names are not compared: it would take their length times that of each other one. */
const maxCompared = 64;

function suggestField(schema: Schema, name: string): string {
  const itself = schema.message(name);
  if (itself !== undefined)
    return `it is a message; name fields of it, each as ${name}.${itself.fields[0]?.protoName ?? "name"}`;
  const dot = name.lastIndexOf(".");
  const [type, own] = [name.slice(0, dot), name.slice(dot + 1)];
  const nearestOf = (word: string, words: readonly string[]) =>
    word.length > maxCompared ? undefined : nearest(word, words);
  const message = schema.message(type);
  if (message !== undefined) {
    const names = message.fields.map(({ protoName }) => protoName);
    const found = message.field(own)?.protoName ?? nearestOf(own, names);
    return found === undefined ? `it has ${names.slice(0, 10).join(", ")}` : `did you mean "${type}.${found}"?`;
  }
  const types = schema.messages.filter(({ isMapEntry }) => !isMapEntry).map((one) => one.name);
  const found = types.find((one) => one.endsWith(`.${type}`)) ?? nearestOf(type, types);
  return found === undefined ? `no message is called ${type}` : `did you mean "${found}.${own}"?`;
}

/** Two of the configuration that are equally close to a method, and differ. */
function checkTies(methods: readonly RedactedMethod[], { redactions: { configured }, report }: RedactionChecks): void {
  for (const { method } of methods) {
    const closest = new Map<string, { readonly rank: number; readonly rule: Placed<RedactRule> }>();
    for (const { policy, rule } of configured) {
      const rank = rankSelectors(policy.methods, method.name);
      const other = closest.get(rule.value.field);
      if (rank < 0 || (other !== undefined && other.rank > rank)) continue;
      if (other?.rank === rank && !isSame(rule.value, other.rule.value))
        report({
          severity: "error",
          position: rule.position,
          message: `who sees ${rule.value.field} in replies of ${method.name} is said here, and otherwise at ${other.rule.from}, which is as close to the method`,
          hint: "name the method by itself where it differs",
          rule: "policy-contradiction",
        });
      if (other?.rank !== rank) closest.set(rule.value.field, { rank, rule });
    }
  }
}

/** The configuration wins, and it may well be meant: but whoever wrote the proto did not think so. */
function warnOfLoosened({ redactions: { configured, declared }, report }: RedactionChecks): void {
  for (const { rule } of configured) {
    const said = declared.get(rule.value.field);
    const { unless, unlessRoles, unlessScopes } = rule.value;
    const isShut = unless === undefined && unlessRoles.length === 0 && unlessScopes.length === 0;
    if (said === undefined || isShut || isSameAudience(rule.value, said.value)) continue;
    report({
      severity: "warning",
      position: rule.position,
      message: `who sees ${rule.value.field} is another matter here than in its proto (${said.from})`,
      hint: "the configuration wins; change the proto if that is right",
      rule: "policy-loosened",
    });
  }
}

function isSame(a: RedactRule, b: RedactRule): boolean {
  return isSameAudience(a, b) && a.mask === b.mask;
}

export function isSameAudience(a: RedactRule, b: RedactRule): boolean {
  const audienceOf = ({ unlessScopes, unlessRoles, unless }: RedactRule) => [unlessScopes, unlessRoles, unless];
  return JSON.stringify(audienceOf(a)) === JSON.stringify(audienceOf(b));
}
