// What is kept of answers, put together from the configuration: the interceptor, its memory, and what metrics tell of it.
import { createCache } from "./chain/cache/cache.ts";
import type { Interceptor } from "./chain/compose.ts";
import { compileQuestion } from "./chain/cache/request-key.ts";
import type { KeyingOptions } from "./chain/cache/request-key.ts";
import type { PolicyOf } from "./chain/policy.ts";
import type { Config } from "./config/config.ts";
import { toCredentialHeaders, toIdentityNames } from "./config/identity-names.ts";
import type { MetricSource } from "./exposition.ts";
import type { Sweep } from "./front/stream/sweep.ts";
import type { Metadata } from "./metadata.ts";
import { cacheMetrics } from "./metrics/cache-metrics.ts";
import type { Method } from "./schema/descriptor.ts";
import { toCanonical } from "./translate/wire/canonical-message.ts";

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
  const { cache: bounds, auth, http, timeouts, access } = config;
  const cache = createCache({
    ...bounds,
    policyOf,
    maxTimeoutMs: timeouts.maxMs,
    isOpen: [access.allow, access.deny, access.rules].every((list) => list.length === 0),
    ...toKeying(config),
    credentialHeaders: toCredentialHeaders(auth),
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

function toKeying({ auth, requestId }: Config): Omit<KeyingOptions, "rule"> {
  return {
    identityNames: toIdentityNames(auth),
    toCanonical,
    requestIdNames: ["x-request-id", ...(requestId === undefined ? [] : [requestId.header])],
  };
}

/** What of a call's metadata the backend gets, where the method has a cache: for those who ask and send nothing. */
export function keepBack(
  { method, metadata, message }: { readonly method: Method; readonly metadata: Metadata; readonly message: Uint8Array },
  { config, policyOf }: Pick<CachingInputs, "config" | "policyOf">,
): Metadata {
  const rule = policyOf(method).cache?.value ?? "off";
  if (rule === "off") return metadata;
  const toQuestion = compileQuestion(method, { rule, ...toKeying(config) });
  return toQuestion({ message, metadata, identity: undefined })?.metadata ?? metadata;
}
