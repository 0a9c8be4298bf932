// Calls made again, as the policies of the methods say; where none does, nothing stands between the chain and the backends for it.
import type { Handler } from "./call.ts";
import type { PolicyOf } from "./chain/policy.ts";
import type { Config } from "./config/config.ts";
import type { MetricSource } from "./exposition.ts";
import { retryMetrics } from "./metrics/retry-metrics.ts";
import type { Method, Schema } from "./schema/descriptor.ts";
import type { RetryRule } from "./schema/retry-rule.ts";
import { createRetries } from "./upstream/retry/retries.ts";
import type { Upstreams } from "./upstream/upstreams.ts";

export interface RetryingInputs {
  readonly config: Config;
  readonly schema: Schema;
  readonly policyOf: PolicyOf;
  readonly upstreams: Pick<Upstreams, "targetOf">;
}

export interface Retrying {
  /** To stand around what sees single attempts. */
  around(next: Handler): Handler;
  readonly metrics: MetricSource;
}

export function createConfiguredRetries({ config, schema, policyOf, upstreams }: RetryingInputs): Retrying {
  const ruleOf = (method: Method): RetryRule | undefined => {
    const retry = policyOf(method).retry?.value;
    return typeof retry === "object" ? retry : undefined;
  };
  // Of methods without a proto only the configuration knows.
  const isForUnknown = config.grpc.proxyUnknown && config.policies.some(({ retry }) => typeof retry === "object");
  const isAsked = isForUnknown || schema.services.some(({ methods }) => methods.some(ruleOf));
  if (!isAsked) return { around: (next) => next, metrics: () => [] };
  const retries = createRetries({ ruleOf, targetOf: (method) => upstreams.targetOf(method) });
  return { around: (next) => retries.around(next), metrics: () => retryMetrics(retries) };
}
