// What is kept of answers, put together from the configuration: the interceptor, its memory, the Redis behind it, and what metrics tell of it.
import { describeWorld } from "./cache-world.ts";
import { createCache } from "./chain/cache/cache.ts";
import type { Interceptor } from "./chain/compose.ts";
import { compileQuestion } from "./chain/cache/request-key.ts";
import type { KeyingOptions } from "./chain/cache/request-key.ts";
import { SharedEntries } from "./chain/cache/shared-entries.ts";
import type { SharedFault } from "./chain/cache/shared-entries.ts";
import type { PolicyOf } from "./chain/policy.ts";
import { createRedisConnection } from "./chain/redis-connection.ts";
import type { RedisConnection } from "./chain/redis-connection.ts";
import type { Config } from "./config/config.ts";
import { toCredentialHeaders, toIdentityNames } from "./config/identity-names.ts";
import type { MetricSource } from "./exposition.ts";
import type { Sweep } from "./front/stream/sweep.ts";
import { toRedisOptions } from "./gateway-options.ts";
import type { Metadata } from "./metadata.ts";
import { cacheMetrics } from "./metrics/cache-metrics.ts";
import type { Method, Schema } from "./schema/descriptor.ts";
import { Code, GatewayError } from "./status.ts";
import { toCanonical } from "./translate/wire/canonical-message.ts";

export interface CachingInputs {
  readonly config: Config;
  readonly schema: Schema;
  readonly policyOf: PolicyOf;
  readonly timer: Sweep;
  readonly report: (error: GatewayError) => void;
  /** For those who want to move it, in milliseconds. */
  readonly now?: (() => number) | undefined;
}

export interface Caching {
  readonly interceptor: Interceptor;
  readonly metrics: MetricSource;
  /** Connects, where there is something to keep. Resolves within a second or so, whatever comes of it. */
  start(): Promise<void>;
  close(): void;
}

/** Throws DiagnosticError for TLS files that cannot be used. */
export function createCaching(inputs: CachingInputs): Caching {
  const { config, schema, policyOf, timer, now = () => performance.now() } = inputs;
  const { cache: bounds, auth, http, timeouts, access } = config;
  const redis = createShared(inputs, now);
  const cache = createCache({
    ...bounds,
    policyOf,
    shared: redis?.shared,
    world: redis && describeWorld(config, schema),
    maxTimeoutMs: timeouts.maxMs,
    isOpen: [access.allow, access.deny, access.rules].every((list) => list.length === 0),
    ...toKeying(config),
    credentialHeaders: toCredentialHeaders(auth),
    requestHeaders: http.requestHeaders,
    now,
  });
  const swept = { sweepIndex: -1, check: () => cache.sweep() };
  timer.add(swept);
  return {
    interceptor: cache.interceptor,
    metrics: () => cacheMetrics(cache),
    async start() {
      if (cache.counts.tallies.size > 0) await redis?.connection.connect();
    },
    close() {
      timer.delete(swept);
      redis?.connection.close();
    },
  };
}

interface Shared {
  readonly connection: RedisConnection;
  readonly shared: SharedEntries;
}

/** A connection of its own: answers, which may be large, do not make limits wait. */
function createShared({ config, report }: CachingInputs, now: () => number): Shared | undefined {
  const { redis, cache } = config;
  if (redis === undefined || cache.store === "memory") return undefined;
  const { prefix, timeoutMs } = redis;
  const onDown = (cause: unknown): void =>
    report(toFault("Redis is not there; answers are kept in memory alone until it is back", cause));
  const onFault = (what: SharedFault, cause: unknown): void => report(toFault(faults[what], cause));
  const connection = createRedisConnection(toRedisOptions(redis, onDown));
  const shared = new SharedEntries({ connection, prefix, timeoutMs, maxEntryBytes: cache.maxEntryBytes, onFault, now });
  return { connection, shared };
}

const faults: Readonly<Record<SharedFault, string>> = {
  silent: "Redis does not answer in time; answers are kept in memory alone until it does",
  "refused-lookups": "Redis does not let answers be looked up; they are kept in memory alone until it does",
  "refused-writes": "Redis takes no answers; new ones are kept in memory alone until it does",
};

/** For the log only: no call fails by it. */
function toFault(message: string, cause: unknown): GatewayError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new GatewayError(Code.UNAVAILABLE, message, {
    reason: "CACHE_UNAVAILABLE",
    cause: new Error(`${message} (${text})`),
  });
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
