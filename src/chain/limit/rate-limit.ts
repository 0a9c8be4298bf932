// How often methods are called: each call takes from all limits of its method, or is refused and takes from none.
import type { Call, Intercept } from "../../call.ts";
import type { Method } from "../../schema/descriptor.ts";
import type { LimitRule } from "../../schema/limit-rule.ts";
import type { Interceptor } from "../compose.ts";
import type { PolicyOf } from "../policy.ts";
import { addStates, formatPolicies, toRefusal } from "./answer.ts";
import type { LimitHeaders } from "./answer.ts";
import { toLimit } from "./limit.ts";
import type { Limit, LimitStore, Taken } from "./limit.ts";
import { compileKey } from "./limit-key.ts";
import type { KeyOf } from "./limit-key.ts";
import { limitMessages } from "./limit-messages.ts";

export interface RateLimitOptions {
  readonly policyOf: PolicyOf;
  readonly store: LimitStore;
  readonly headers: LimitHeaders;
  /** For metrics: what a call was refused by. */
  readonly onRefused?: (names: readonly string[]) => void;
}

/** The limits of a method of one kind, ready to be asked. */
export interface LimitSet {
  readonly limits: readonly Limit[];
  keysOf(call: Call): readonly string[];
  take(keys: readonly string[], patienceMs: number): Taken | Promise<Taken>;
  /** The error, which has been counted. */
  refuse(taken: Taken): Error;
}

export function createRateLimit(options: RateLimitOptions): Interceptor {
  // One rule has one limit, whichever of its methods is called.
  const known = new Map<LimitRule, Limit>();
  const limitOf = (rule: LimitRule): Limit => {
    const limit = known.get(rule) ?? toLimit(rule);
    known.set(rule, limit);
    return limit;
  };
  return {
    name: "limit",
    compile(method: Method): Intercept | undefined {
      const rules = options.policyOf(method).limits.map(({ value }) => value);
      const calls = compileSet(
        rules.filter((rule) => rule.of === "calls"),
        limitOf,
        options,
      );
      const messages = compileSet(
        rules.filter((rule) => rule.of === "messages"),
        limitOf,
        options,
      );
      const onCall = calls && limitCalls(calls, options.headers);
      const onMessages = messages && limitMessages(messages, method);
      if (onCall === undefined || onMessages === undefined) return onCall ?? onMessages;
      return (call) => {
        onMessages(call);
        return onCall(call);
      };
    },
  };
}

function compileSet(
  rules: readonly LimitRule[],
  limitOf: (rule: LimitRule) => Limit,
  { store, onRefused }: RateLimitOptions,
): LimitSet | undefined {
  if (rules.length === 0) return undefined;
  const limits = rules.map(limitOf);
  const keys = rules.map(({ key }) => compileKey(key));
  return {
    limits,
    keysOf: compileKeys(keys),
    take: (own, patienceMs) => store.take(limits, own, patienceMs),
    refuse(taken) {
      onRefused?.(limits.filter((_, index) => taken.states[index].waitMs > 0).map(({ rule }) => rule.name));
      return toRefusal(limits, taken);
    },
  };
}

function compileKeys(keys: readonly KeyOf[]): (call: Call) => readonly string[] {
  const [first, second] = keys;
  if (keys.length === 1) return (call) => [first(call)];
  if (keys.length === 2) return (call) => [first(call), second(call)];
  return (call) => keys.map((keyOf) => keyOf(call));
}

function limitCalls(set: LimitSet, headers: LimitHeaders): Intercept {
  const policies = formatPolicies(set.limits);
  const settle = (call: Call, taken: Taken): void => {
    if (headers === "always" || (headers === "refused" && !taken.admitted)) {
      call.addReplyHeader("ratelimit-policy", policies);
      addStates(call, set.limits, taken);
    }
    if (!taken.admitted) throw set.refuse(taken);
  };
  return (call) => {
    const taken = set.take(set.keysOf(call), 0);
    if (taken instanceof Promise) return taken.then((answer) => settle(call, answer));
    return settle(call, taken);
  };
}
