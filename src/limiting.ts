// How much clients may use, put together from the configuration: the interceptors, where they count, and what metrics tell of it.
import { createConcurrency } from "./chain/concurrency.ts";
import type { Concurrency } from "./chain/concurrency.ts";
import { LeasedStore } from "./chain/limit/leased-store.ts";
import type { LimitStore } from "./chain/limit/limit.ts";
import type { LimitLink } from "./chain/limit/limit-link.ts";
import { MemoryStore } from "./chain/limit/memory-store.ts";
import { createRateLimit } from "./chain/limit/rate-limit.ts";
import { createRedisLink } from "./chain/limit/redis-link.ts";
import { RedisStore } from "./chain/limit/redis-store.ts";
import { LoadWatch } from "./chain/load-watch.ts";
import type { Interceptor } from "./chain/compose.ts";
import type { PolicyOf } from "./chain/policy.ts";
import { createShed } from "./chain/shed.ts";
import type { Shed } from "./chain/shed.ts";
import type { Config, RedisConfig } from "./config/config.ts";
import type { MetricSource } from "./exposition.ts";
import type { Sweep } from "./front/stream/sweep.ts";
import { toRedisOptions } from "./gateway-options.ts";
import { limitMetrics } from "./metrics/limit-metrics.ts";
import type { Method } from "./schema/descriptor.ts";
import { compileSlots } from "./slots.ts";
import type { SlotLink, SlotsOf } from "./slots.ts";
import { Code, GatewayError } from "./status.ts";

export interface LimitingInputs {
  readonly config: Config;
  readonly policyOf: PolicyOf;
  /** The names of all limits that policies have. */
  readonly limitNames: readonly string[];
  readonly timer: Sweep;
  readonly isOwn: (method: Method) => boolean;
  readonly report: (error: GatewayError) => void;
  /** Where calls and streams under way are counted. */
  readonly slotsOf: SlotsOf;
  /** Of a worker: the process that counts for all workers, where there is no Redis. */
  readonly limitLink?: LimitLink | undefined;
}

export interface Limiting {
  readonly limit: Interceptor;
  readonly concurrency: Concurrency;
  /** Undefined where it is off. */
  readonly shed: Shed | undefined;
  readonly metrics: MetricSource;
  /** Connects, and begins to watch. Resolves within a second or so, whatever comes of it. */
  start(): Promise<void>;
  close(): void;
}

/** Throws DiagnosticError for TLS files that cannot be used. */
export function createLimiting(inputs: LimitingInputs): Limiting {
  const { config, policyOf, limitNames, timer, isOwn } = inputs;
  const local = new MemoryStore(limitNames);
  timer.add(local);
  const shared = createShared(inputs, local);
  const refused = new Map(limitNames.map((name) => [name, 0]));
  const limit = createRateLimit({
    policyOf,
    store: leased(shared, config) ?? local,
    headers: config.http.rateLimitHeaders,
    onRefused: (names) => names.forEach((name) => refused.set(name, (refused.get(name) ?? 0) + 1)),
  });
  const { maxStreamsPerClient, shedding } = config;
  const concurrency = createConcurrency({ policyOf, maxStreamsPerClient, slotsOf: inputs.slotsOf });
  const watch = new LoadWatch(shedding);
  const shed = shedding.enabled ? createShed({ watch, isSpared: isOwn }) : undefined;
  return {
    limit,
    concurrency,
    shed,
    metrics: () => limitMetrics({ refused, local, redis: config.redis && shared?.store, concurrency, shed, watch }),
    async start() {
      if (shedding.enabled) watch.start();
      await shared?.link.connect();
    },
    close() {
      watch.stop();
      timer.delete(local);
      shared?.link.close();
    },
  };
}

/** Where what there may be at once is counted: by this process, or by the one that started it. */
export function openSlots(config: Config, link: SlotLink | undefined, report: (error: GatewayError) => void): SlotsOf {
  const late = new Error(
    "no answer in time; until there is one, each worker keeps to its share of what may be at once",
  );
  link?.onLate(() => report(countingFault("The process that counts for all workers is late", late)));
  return compileSlots(link, config.server.workers);
}

/** Workers ask the process that counts now and then only; with Redis every call is counted as it comes. */
function leased(shared: Shared | undefined, { redis, server }: Config): LimitStore | undefined {
  if (shared === undefined || redis !== undefined) return shared?.store;
  return new LeasedStore({ store: shared.store, holders: server.workers });
}

interface Shared {
  readonly store: RedisStore;
  readonly link: LimitLink;
}

/** Where limits are counted for several processes; undefined for one that is alone. */
function createShared({ config, limitLink, report }: LimitingInputs, local: MemoryStore): Shared | undefined {
  const { workers } = config.server;
  if (config.redis !== undefined) return createRedisShared(config.redis, workers, local, report);
  if (limitLink === undefined) return undefined;
  const onFault = (cause: unknown): void => report(countingFault("The process that counts limits is late", cause));
  // On the same machine: late is what the whole machine is.
  const options = { prefix: "", timeoutMs: 1000, onFailure: "local", instances: workers } as const;
  return { store: new RedisStore({ link: limitLink, local, onFault, ...options }), link: limitLink };
}

function createRedisShared(
  redis: RedisConfig,
  workers: number,
  local: MemoryStore,
  report: (error: GatewayError) => void,
): Shared {
  const { prefix, timeoutMs, onFailure } = redis;
  const tell = (what: string) => (cause: unknown) =>
    report(countingFault(`${what}; ${consequences[onFailure]}`, cause));
  const link = createRedisLink(toRedisOptions(redis, tell("Redis is not there")));
  const onFault = tell("Redis does not answer in time");
  // Workers count by themselves, too, when there is nobody to count for all.
  const rest = { prefix, timeoutMs, onFailure, instances: redis.instances * workers, onFault };
  return { store: new RedisStore({ link, local, ...rest }), link };
}

const consequences = {
  local: "limits are counted by this gateway alone until it is back",
  closed: "calls with limits are refused until it is back",
};

/** For the log only: no call fails by it. */
function countingFault(message: string, cause: unknown): GatewayError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new GatewayError(Code.UNAVAILABLE, message, {
    reason: "LIMITS_UNAVAILABLE",
    cause: new Error(`${message} (${text})`),
  });
}
