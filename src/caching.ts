// What is kept of answers, put together from the configuration: the interceptor, its memory, and what metrics tell of it.
import { createCache } from "./chain/cache/cache.ts";
import type { Interceptor } from "./chain/compose.ts";
import type { PolicyOf } from "./chain/policy.ts";
import type { Config } from "./config/config.ts";
import { toCredentialHeaders, toIdentityNames } from "./config/identity-names.ts";
import type { MetricSource } from "./exposition.ts";
import type { Sweep } from "./front/stream/sweep.ts";
import { cacheMetrics } from "./metrics/cache-metrics.ts";

export interface CachingInputs {
  readonly config: Config;
  readonly policyOf: PolicyOf;
  readonly timer: Sweep;
  /** For those who want to move it, in milliseconds. */
  readonly now?: (() => number) | undefined;
}

export interface Caching {
  readonly interceptor: Interceptor;
  readonly metrics: MetricSource;
  close(): void;
}

export function createCaching({ config, policyOf, timer, now }: CachingInputs): Caching {
  const { cache: bounds, auth, http, requestId, timeouts, access } = config;
  const cache = createCache({
    ...bounds,
    policyOf,
    maxTimeoutMs: timeouts.maxMs,
    isOpen: [access.allow, access.deny, access.rules].every((list) => list.length === 0),
    identityNames: toIdentityNames(auth),
    credentialHeaders: toCredentialHeaders(auth),
    requestIdNames: ["x-request-id", ...(requestId === undefined ? [] : [requestId.header])],
    requestHeaders: http.requestHeaders,
    ...(now === undefined ? {} : { now }),
  });
  const swept = { sweepIndex: -1, check: () => cache.sweep() };
  timer.add(swept);
  return {
    interceptor: cache.interceptor,
    metrics: () => cacheMetrics(cache),
    close: () => timer.delete(swept),
  };
}
