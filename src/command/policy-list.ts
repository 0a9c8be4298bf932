// What is in force for methods, and where it was said, as people and scripts read it: `sluice routes --policy`, `sluice explain`, `sluice check`.
import type { AuthRule, MethodPolicy, PolicyOf, RedactRule, SaidParts, Sourced } from "../chain/policy.ts";
import { describeCache } from "../config/describe-cache.ts";
import { compact } from "../config/layer.ts";
import type { CacheStore } from "../config/settings-cache.ts";
import { formatDuration } from "../config/quantity.ts";
import { summarizeComposition } from "../compose/describe.ts";
import type { ComposePlan } from "../compose/plan.ts";
import type { AnswerRule } from "../schema/answer-rule.ts";
import type { Method, Schema } from "../schema/descriptor.ts";
import type { LimitRule } from "../schema/limit-rule.ts";
import { formatRate } from "../schema/rate.ts";
import type { StreamRule } from "../schema/stream-rule.ts";
import { describeRetry } from "../policy/retry.ts";
import { describeParts } from "./describe-parts.ts";
import type { PolicyLine } from "./describe-parts.ts";
import { formatTable, printable } from "./terminal.ts";
import type { Style } from "./terminal.ts";

export interface PolicyEntry extends MethodPolicy {
  /** `pkg.Service.Method` */
  readonly method: string;
  readonly kind: string;
  /** Of a method that the gateway answers itself. */
  readonly composed?: Sourced<string>;
  /** Where answers are kept; undefined where none are. */
  readonly store?: CacheStore | undefined;
}

export interface EntryInputs {
  readonly planOf?: (method: Method) => ComposePlan | undefined;
  readonly store?: CacheStore;
}

/** In order of the protos. */
export function toPolicyEntries(
  schema: Schema,
  policyOf: PolicyOf,
  { planOf, store }: EntryInputs = {},
): PolicyEntry[] {
  return schema.services.flatMap(({ methods }) =>
    methods.map((method) => {
      const plan = planOf?.(method);
      const policy = policyOf(method);
      const composed = plan && { composed: { value: summarizeComposition(plan), from: plan.from } };
      return {
        method: method.name,
        kind: method.kind,
        ...policy,
        ...composed,
        store: isKept(policy) ? store : undefined,
      };
    }),
  );
}

function isKept({ cache }: MethodPolicy): boolean {
  return cache !== undefined && cache.value !== "off";
}

/** As JSON has it: what, and where it was said. */
export function withoutPositions({
  method,
  kind,
  auth,
  rules,
  limits,
  timeoutMs,
  maxInFlight,
  validate,
  cache,
  retry,
  stream,
  http,
  composed,
  redact,
  store,
}: PolicyEntry): object {
  const plain = <T>(said: Sourced<T> | undefined): Sourced<T> | undefined =>
    said && { value: said.value, from: said.from };
  const plainParts = (said: SaidParts<StreamRule> | SaidParts<AnswerRule>): object | undefined => {
    const parts = Object.entries(said) as [string, Sourced<unknown>][];
    return compact(Object.fromEntries(parts.map(([part, one]) => [part, plain(one)])));
  };
  return {
    method,
    kind,
    auth: plain(auth),
    rules: rules.map(plain),
    limits: limits.map(plain),
    timeoutMs: plain(timeoutMs),
    maxInFlight: plain(maxInFlight),
    validate: plain(validate),
    cache: plain(cache),
    store,
    retry: plain(retry),
    stream: plainParts(stream),
    http: plainParts(http),
    composed,
    redact: redact.map(plain),
  };
}

/** What nobody said anything about is left out, but for who may call. */
export function describePolicy(policy: MethodPolicy & Pick<PolicyEntry, "composed" | "store">): PolicyLine[] {
  const { auth, rules, limits, timeoutMs, maxInFlight, validate, cache, retry, redact, composed, store } = policy;
  return [
    { what: "auth", text: auth.value, from: auth.from },
    ...rules.map(({ value, from }) => ({ what: "rule", text: describeRule(value), from })),
    ...limits.map(({ value, from }) => ({ what: "limit", text: describeLimit(value), from })),
    ...(timeoutMs === undefined
      ? []
      : [{ what: "timeout", text: formatDuration(timeoutMs.value), from: timeoutMs.from }]),
    ...(maxInFlight === undefined
      ? []
      : [{ what: "max_in_flight", text: String(maxInFlight.value), from: maxInFlight.from }]),
    ...(composed === undefined ? [] : [{ what: "composed", text: composed.value, from: composed.from }]),
    ...(validate.from === "default" ? [] : [{ what: "validate", text: String(validate.value), from: validate.from }]),
    ...(cache === undefined ? [] : [{ what: "cache", text: describeCache(cache.value, store), from: cache.from }]),
    ...(retry === undefined ? [] : [{ what: "retry", text: describeRetry(retry.value), from: retry.from }]),
    ...describeParts(policy),
    ...redact.map(({ value, from }) => ({ what: "redact", text: describeRedact(value), from })),
  ];
}

function describeRule({ name, scopes, roles, when, shadow }: AuthRule): string {
  const parts = [...describeCallers(scopes, roles), ...(when === undefined ? [] : [`when ${when}`])];
  return `${name}: ${parts.join(", ")}${shadow ? " (shadow: only logged)" : ""}`;
}

/** `shop.v1.Customer.ssn as "***", unless role support`. */
function describeRedact({ field, unlessScopes, unlessRoles, unless, mask }: RedactRule): string {
  const parts = [...describeCallers(unlessScopes, unlessRoles), ...(unless === undefined ? [] : [unless])];
  const shown = mask === undefined ? field : `${field} as ${JSON.stringify(mask)}`;
  return parts.length === 0 ? `${shown}, for everybody` : `${shown}, unless ${parts.join(", ")}`;
}

/** The same for those who read about the API. */
export function describeSight({ unlessScopes, unlessRoles, unless, mask }: RedactRule): string {
  const parts = [...describeCallers(unlessScopes, unlessRoles), ...(unless === undefined ? [] : ["a condition"])];
  const others = mask === undefined ? "replies are without it" : `it is ${JSON.stringify(mask)}`;
  return parts.length === 0
    ? `Not shown to anybody: ${others}.`
    : `Shown only with ${parts.join(", ")}: for others ${others}.`;
}

function describeCallers(scopes: readonly string[], roles: readonly string[]): string[] {
  return [
    ...(scopes.length === 0 ? [] : [`${scopes.length > 1 ? "scopes" : "scope"} ${scopes.join(" and ")}`]),
    ...(roles.length === 0 ? [] : [`${roles.length > 1 ? "roles" : "role"} ${roles.join(" or ")}`]),
  ];
}

function describeLimit({ name, key, burst, cost, of, ...rate }: LimitRule): string {
  const what = of === "messages" ? " messages" : "";
  return `${name}: ${formatRate(rate)}${what} by ${key.join(" and ")}, burst ${burst}${cost === 1 ? "" : `, cost ${cost}`}`;
}

/** A method a paragraph. */
export function formatPolicies(entries: readonly PolicyEntry[], style: Style): string[] {
  return entries.flatMap((entry) => [
    style.bold(printable(entry.kind === "unary" ? entry.method : `${entry.method} (${entry.kind})`)),
    ...formatTable(
      describePolicy(entry).map(({ what, text, from }) => [`  ${what}`, printable(text), printable(from)]),
    ),
  ]);
}

const maxNamed = 10;

/** One line about who may call what; undefined where there is nothing to say. */
export function describeOpenness(entries: readonly PolicyEntry[], hasAuth: boolean): string | undefined {
  if (entries.length === 0) return undefined;
  if (!hasAuth)
    return "no auth: every method is public; auth: in sluice.yaml says who may call (docs/authentication.md)";
  const open = entries.filter(({ auth }) => auth.value === "public");
  if (open.length === 0) return "public: none";
  const named = open.slice(0, maxNamed).map(({ method, auth }) => `${method} (${auth.from})`);
  const more = open.length > maxNamed ? `, and ${open.length - maxNamed} more: sluice routes --policy` : "";
  return printable(`public: ${named.join(", ")}${more}`);
}
