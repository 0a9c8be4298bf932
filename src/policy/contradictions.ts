// Policies that cannot be meant: what is asked of callers whom nobody asks who they are, conditions that no message can answer, two that say opposite things.
import { lazily } from "../lazily.ts";
import type { AuthLevel, AuthRule } from "../chain/policy.ts";
import type { TimeoutConfig } from "../config/config.ts";
import { formatDuration } from "../config/quantity.ts";
import { describeCache } from "../config/describe-cache.ts";
import type { CacheRule } from "../schema/cache-rule.ts";
import type { RetryRule } from "../schema/retry-rule.ts";
import { checkCache } from "./cacheable.ts";
import type { Method, Schema } from "../schema/descriptor.ts";
import type { DeclaredPair, ResolvedPolicy } from "./resolve-method.ts";
import { closestOf } from "./resolve-method.ts";
import type { Configured } from "./configured.ts";
import type { Placed, Report } from "./placed.ts";
import { checkRetry, describeRetry } from "./retry.ts";

const loadConditions = lazily(
  import.meta.url,
  "../chain/authorize/condition.js",
) as () => typeof import("../chain/authorize/condition.ts");

export interface ContradictionInputs {
  readonly schema: Schema;
  readonly configured: Configured;
  /** Whether anything can tell who calls. */
  readonly canAuthenticate: boolean;
  readonly timeouts: TimeoutConfig;
}

export const noAuthenticator =
  "say how callers are known: auth.issuers, api_keys, mtls … of sluice.yaml (docs/authentication.md), or authenticate of createGateway";

export function checkMethod(
  method: Method,
  policy: ResolvedPolicy,
  declared: DeclaredPair,
  inputs: ContradictionInputs & { readonly report: Report },
): void {
  const { report, canAuthenticate } = inputs;
  if (policy.auth.value !== "public" && !canAuthenticate)
    report({
      severity: "error",
      position: policy.auth.position,
      message: `${method.name} asks callers who they are, and nothing can tell`,
      hint: noAuthenticator,
      rule: "policy-authenticator",
    });
  for (const rule of policy.rules) checkRule(method, rule, { ...inputs, level: policy.auth });
  for (const limit of policy.limits) {
    const claim = limit.value.key.find((part) => part.startsWith("claim:"));
    if (claim === undefined || policy.auth.value !== "public") continue;
    report({
      severity: "error",
      position: limit.position,
      message: `the limit ${limit.value.name} counts by ${claim}, and callers of ${method.name} are not asked who they are (public: ${policy.auth.from})`,
      hint: canAuthenticate
        ? "name only methods that ask for credentials, or count by ip"
        : `count by ip, or ${noAuthenticator}`,
      rule: "policy-contradiction",
    });
  }
  const { cache } = policy;
  if (cache !== undefined && cache.value !== "off")
    checkCache(method, { ...cache, value: cache.value }, { ...inputs, http: policy.http });
  warnOfLoosened(method, policy.auth, declared, report);
  checkPolicies(method, inputs);
  checkRetry(method, policy, inputs);
}

interface RuleInputs extends ContradictionInputs {
  readonly level: Placed<AuthLevel>;
  readonly report: Report;
}

function checkRule(
  method: Method,
  rule: Placed<AuthRule>,
  { level, schema, canAuthenticate, report }: RuleInputs,
): void {
  const { name, when, scopes, roles } = rule.value;
  const fault = (message: string, hint: string | undefined, kind: string): void =>
    report({ severity: "error", position: rule.position, message, hint, rule: kind });
  const context = { method, findEnum: (one: string) => schema.enum(one), knowsRequest: true };
  const condition = when === undefined ? undefined : loadConditions().compileCondition(when, context);
  if (condition !== undefined && "faults" in condition) {
    for (const { message, hint } of condition.faults)
      fault(`the condition of the rule ${name}, for ${method.name}: ${message}`, hint, "auth-condition");
    return;
  }
  const asked = [
    scopes.length > 0 && "scopes",
    roles.length > 0 && "roles",
    condition?.usesIdentity === true && "when",
  ];
  const what = asked.filter((one) => one !== false).join(", ");
  if (what === "") return;
  if (!canAuthenticate)
    fault(`the rule ${name} asks who calls (${what}), and nothing can tell`, noAuthenticator, "policy-authenticator");
  else if (level.value === "public")
    fault(
      `the rule ${name} asks who calls (${what}), and callers of ${method.name} are not asked (public: ${level.from})`,
      "take the method out of what is public, or out of the rule",
      "policy-contradiction",
    );
}

/** The loosest first. */
export const strictness: readonly AuthLevel[] = ["public", "optional", "required"];

/** The configuration wins, and it may well be meant: but whoever wrote the proto did not think so. */
function warnOfLoosened(method: Method, level: Placed<AuthLevel>, declared: DeclaredPair, report: Report): void {
  const said = declared[1].level ?? declared[0].level;
  if (said === undefined || strictness.indexOf(level.value) >= strictness.indexOf(said.value)) return;
  report({
    severity: "warning",
    position: level.position,
    message: `${method.name} is ${level.value} here, and ${said.value} in its proto (${said.from})`,
    hint: "the configuration wins; change the proto if that is right",
    rule: "policy-loosened",
  });
}

function checkPolicies(
  method: Method,
  { configured, timeouts, report }: ContradictionInputs & { readonly report: Report },
): void {
  const check = (key: "timeoutMs" | "maxInFlight" | "validate" | "cache" | "retry", shown: string): void => {
    const [first, ...others] = closestOf(method.name, configured.policies, key);
    const other = others.find(({ value }) => JSON.stringify(value) !== JSON.stringify(first.value));
    if (other === undefined) return;
    const show = (value: number | boolean | "off" | CacheRule | RetryRule): string =>
      typeof value === "object"
        ? "ttlMs" in value
          ? describeCache(value)
          : describeRetry(value)
        : key === "timeoutMs"
          ? formatDuration(Number(value))
          : String(value);
    report({
      severity: "error",
      position: other.position,
      message: `${shown} of ${method.name} is ${show(other.value)} here, and ${show(first.value)} at ${first.from}, which is as close to the method`,
      hint: "name the method by itself where it differs",
      rule: "policy-contradiction",
    });
  };
  check("timeoutMs", "the timeout");
  check("maxInFlight", "max_in_flight");
  check("validate", "validate");
  check("cache", "the cache");
  check("retry", "retry");
  const [timeout] = closestOf(method.name, configured.policies, "timeoutMs");
  if (timeout === undefined || method.kind !== "unary" || timeout.value <= timeouts.maxMs) return;
  report({
    severity: "warning",
    position: timeout.position,
    message: `the timeout ${formatDuration(timeout.value)} of ${method.name} is cut to timeouts.max, ${formatDuration(timeouts.maxMs)}`,
    hint: "raise timeouts.max",
    rule: "policy-timeout",
  });
}
