// How often methods are called: each call takes from all limits of its method, or is refused and takes from none.
import type { Call, Intercept } from "../../call.ts";
import type { Method } from "../../schema/descriptor.ts";
import type { LimitRule } from "../../schema/limit-rule.ts";
import type { Interceptor } from "../compose.ts";
import type { PolicyOf } from "../policy.ts";
import { compileHeaders } from "./answer.ts";
import type { LimitHeaders } from "./answer.ts";
import { toLimit } from "./limit.ts";
import type { Limit, Taken } from "./limit.ts";
import { limitMessages } from "./limit-messages.ts";
import { compileSet } from "./limit-set.ts";
import type { LimitSet, LimitSetOptions } from "./limit-set.ts";

export interface RateLimitOptions extends LimitSetOptions {
  readonly policyOf: PolicyOf;
  readonly headers: LimitHeaders;
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

function limitCalls(set: LimitSet, headers: LimitHeaders): Intercept {
  const headersOf = compileHeaders(set.limits);
  const settle = (call: Call, taken: Taken): void => {
    if (headers === "always" || (headers === "refused" && !taken.admitted)) call.addReplyHeaders(headersOf(taken));
    if (!taken.admitted) throw set.refuse(taken);
  };
  return (call) => {
    const taken = set.take(set.keysOf(call), 0);
    if (taken instanceof Promise) return taken.then((answer) => settle(call, answer));
    return settle(call, taken);
  };
}
