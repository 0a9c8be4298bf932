// What holds for one method, of all that was said: the closer to the method the stronger, and the configuration stronger than the protos.
import type { AuthLevel, AuthRule, MethodPolicy, RetryPolicy } from "../chain/policy.ts";
import type { AuthConfig, AuthRuleConfig, LimitConfig, PolicyConfig } from "../config/config.ts";
import { isComposed } from "./configured.ts";
import type { Configured } from "./configured.ts";
import type { AnswerRule } from "../schema/answer-rule.ts";
import type { CacheRule } from "../schema/cache-rule.ts";
import type { Method } from "../schema/descriptor.ts";
import type { LimitRule } from "../schema/limit-rule.ts";
import { isSelected, rankSelector, rankSelectors } from "../schema/selector.ts";
import type { StreamRule } from "../schema/stream-rule.ts";
import { answerKind } from "./answer-parts.ts";
import type { DeclaredPolicy } from "./declared.ts";
import { resolveParts } from "./parts.ts";
import type { PlacedParts } from "./parts.ts";
import { parsePosition, place } from "./placed.ts";
import { isCacheable, isRepeatable } from "./cacheable.ts";
import type { Placed } from "./placed.ts";
import { streamKind } from "./stream-parts.ts";

/** What is in force for a method, but for what its replies may have. */
export interface ResolvedPolicy extends Omit<MethodPolicy, "redact"> {
  readonly auth: Placed<AuthLevel>;
  readonly rules: readonly Placed<AuthRule>[];
  readonly limits: readonly Placed<LimitRule>[];
  readonly timeoutMs: Placed<number> | undefined;
  readonly cache: Placed<CacheRule | "off"> | undefined;
  readonly retry: Placed<RetryPolicy> | undefined;
  readonly stream: PlacedParts<StreamRule>;
  readonly http: PlacedParts<AnswerRule>;
}

/** The service first. */
export type DeclaredPair = readonly [service: DeclaredPolicy, method: DeclaredPolicy];

export interface ResolveInputs {
  readonly method: Method;
  readonly configured: Configured;
  readonly declared: DeclaredPair;
  /** What nobody says anything about. */
  readonly fallback: Placed<AuthLevel>;
}

export function resolvePolicy(inputs: ResolveInputs): ResolvedPolicy {
  const { method, configured, declared } = inputs;
  const { name } = method;
  const policies = configured.policies;
  return {
    auth: findLevel(inputs),
    rules: findRules(name, configured.auth?.rules ?? [], declared),
    limits: findLimits(name, configured.limits, declared),
    timeoutMs: closestOf(name, policies, "timeoutMs")[0] ?? declared[1].timeoutMs ?? declared[0].timeoutMs,
    maxInFlight: closestOf(name, policies, "maxInFlight")[0],
    validate: closestOf(name, policies, "validate")[0] ?? place(true, undefined),
    cache: findCache(inputs),
    retry: findRetry(inputs),
    stream: resolveParts(streamKind, method, { configured: configured.parts, declared }),
    http: resolveParts(answerKind, method, { configured: configured.parts, declared }),
  };
}

function findLevel({ method, configured, declared, fallback }: ResolveInputs): Placed<AuthLevel> {
  return findConfiguredLevel(method.name, configured.auth) ?? declared[1].level ?? declared[0].level ?? fallback;
}

/** Of the lists `public`, `optional` and `required`. */
export function findConfiguredLevel(name: string, auth: AuthConfig | undefined): Placed<AuthLevel> | undefined {
  let closest: Placed<AuthLevel> | undefined;
  let rank = -1;
  for (const level of ["public", "optional", "required"] as const) {
    for (const { value, from } of auth?.[level] ?? []) {
      if (!isSelected(value, name) || rankSelector(value) <= rank) continue;
      rank = rankSelector(value);
      closest = place(level, parsePosition(from), from);
    }
  }
  return closest;
}

/** They come on top of one another; one of the configuration stands in the place of those of the protos that have its name. */
function findRules(name: string, configured: readonly AuthRuleConfig[], declared: DeclaredPair): Placed<AuthRule>[] {
  const chosen = configured
    .filter(({ methods }) => methods.some((selector) => isSelected(selector, name)))
    .map(({ positionOf, name: own, scopes, roles, when, shadow }) =>
      place<AuthRule>({ name: own, scopes, roles, when, shadow }, positionOf(), "the configuration"),
    );
  const names = new Set(chosen.map(({ value }) => value.name));
  const others = declared.flatMap(({ rule }) => (rule === undefined || names.has(rule.value.name) ? [] : [rule]));
  return [...others, ...chosen];
}

/** As rules; where the protos put a limit that the configuration has too, it is the configuration's. */
function findLimits(name: string, configured: readonly LimitConfig[], declared: DeclaredPair): Placed<LimitRule>[] {
  const toLimit = ({ rule, positionOf }: LimitConfig): Placed<LimitRule> =>
    place(rule, positionOf(), "the configuration");
  const limits = new Map<string, Placed<LimitRule>>();
  for (const limit of declared.flatMap((policy) => policy.limits)) {
    const own = configured.find(({ rule }) => rule.name === limit.value.name);
    limits.set(limit.value.name, own === undefined ? limit : toLimit(own));
  }
  for (const limit of configured)
    if (limit.methods.some((selector) => isSelected(selector, name))) limits.set(limit.rule.name, toLimit(limit));
  return [...limits.values()];
}

/** What is said of many methods at once is for those that can have it; of one by itself it stands, and is wrong, see contradictions.ts. */
function findCache({
  method,
  configured,
  declared: [service, own],
}: ResolveInputs): Placed<CacheRule | "off"> | undefined {
  const [said] = closestOf(method.name, configured.policies, "cache");
  if (said !== undefined) {
    const isNamed = configured.policies.some(
      ({ cache, methods }) => cache !== undefined && methods.includes(method.name),
    );
    return isNamed || isCacheable(method, configured) ? said : undefined;
  }
  return own.cache ?? (isCacheable(method, configured) ? service.cache : undefined);
}

/** What is said of many methods at once is for those that may be called again. */
function findRetry({ method, configured, declared: [service, own] }: ResolveInputs): Placed<RetryPolicy> | undefined {
  const [closest] = closestOf(method.name, configured.policies, "retry");
  const said = closest ?? own.retry ?? service.retry;
  const isItsOwn =
    closest === undefined
      ? own.retry !== undefined
      : configured.policies.some(({ methods, retry }) => retry !== undefined && methods.includes(method.name));
  if (said === undefined || said.value === "off") return said;
  // Its steps are calls of other methods; of one by itself it is wrong, see retry.ts.
  if (isComposed(method, configured) && !isItsOwn) return undefined;
  const isMeant = isItsOwn || said.value.idempotent || isRepeatable(method, configured);
  return isMeant ? said : { ...said, value: "undeclared" };
}

/** What the closest of `policies` say about one thing; several when they are equally close. */
export function closestOf<K extends "timeoutMs" | "maxInFlight" | "validate" | "cache" | "retry">(
  name: string,
  policies: readonly PolicyConfig[],
  key: K,
): Placed<NonNullable<PolicyConfig[K]>>[] {
  let rank = -1;
  let closest: Placed<NonNullable<PolicyConfig[K]>>[] = [];
  for (const policy of policies) {
    const value = policy[key];
    const own = rankSelectors(policy.methods, name);
    if (value === undefined || own < 0 || own < rank) continue;
    if (own > rank) closest = [];
    rank = own;
    closest.push(place(value, policy.positionOf(), "the configuration"));
  }
  return closest;
}
