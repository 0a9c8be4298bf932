// Limits, bounds and shedding as metrics. Labels are names of limits and methods, from the configuration and the protos.
import type { Concurrency } from "../chain/concurrency.ts";
import type { MemoryStore } from "../chain/limit/memory-store.ts";
import type { RedisStore } from "../chain/limit/redis-store.ts";
import type { LoadWatch } from "../chain/load-watch.ts";
import type { Shed } from "../chain/shed.ts";
import type { Labels, Metric, NumberMetric } from "../exposition.ts";

export interface LimitParts {
  /** Calls and messages that were refused, by limit. */
  readonly refused: ReadonlyMap<string, number>;
  readonly local: MemoryStore;
  readonly redis: RedisStore | undefined;
  readonly concurrency: Concurrency;
  readonly shed: Shed | undefined;
  readonly watch: LoadWatch;
}

type Samples = NumberMetric["samples"];

/** What this gateway has nothing of is left out. */
export function limitMetrics({ refused, local, redis, concurrency, shed, watch }: LimitParts): Metric[] {
  const sizes = local.sizes();
  const inFlight = concurrency.inFlight();
  const byMethod = (value: (one: (typeof inFlight)[number]) => number): Samples =>
    inFlight.map((one): [Labels, number] => [{ method: one.method }, value(one)]);
  const metrics: NumberMetric[] = [
    counter(
      "sluice_rate_limited_total",
      "Calls and messages that were refused, by each limit they did not pass.",
      [...refused].map(([limit, count]) => [{ limit }, count]),
    ),
    gauge(
      "sluice_limit_keys",
      "Keys that this gateway counts at present, by limit.",
      sizes.map(([limit, size]) => [{ limit }, size]),
    ),
    gauge(
      "sluice_limit_table_full",
      "Whether new keys of a limit have to share a count, as there are more than the gateway keeps.",
      sizes.map(([limit, , isCrowded]) => [{ limit }, isCrowded ? 1 : 0]),
    ),
    gauge(
      "sluice_method_in_flight",
      "Calls under way, of methods with a bound.",
      byMethod(({ count }) => count),
    ),
    counter(
      "sluice_method_busy_total",
      "Calls that were refused as too many of their method were under way.",
      byMethod((one) => one.refused),
    ),
    counter("sluice_client_streams_refused_total", "Streams that were refused as their client had too many open.", [
      [{}, concurrency.refusedStreams],
    ]),
    ...(redis === undefined ? [] : redisMetrics(redis)),
    ...(shed === undefined ? [] : shedMetrics(shed, watch)),
  ];
  return metrics.filter(({ samples }) => samples.length > 0);
}

function redisMetrics({ counts, isShared }: RedisStore): NumberMetric[] {
  return [
    gauge("sluice_redis_up", "Whether limits are counted in Redis at present.", [[{}, isShared ? 1 : 0]]),
    counter(
      "sluice_redis_limit_questions_total",
      "Questions to Redis about limits: answered, refused from memory, failed, not answered in time, not asked.",
      Object.entries(counts).map(([name, count]): [Labels, number] => [
        { result: name === "timedOut" ? "timed_out" : name },
        Number(count),
      ]),
    ),
  ];
}

function shedMetrics(shed: Shed, watch: LoadWatch): NumberMetric[] {
  return [
    counter("sluice_shed_calls_total", "Calls that were refused as the gateway could not keep up.", [
      [{}, shed.refused],
    ]),
    gauge("sluice_shed_part", "The part of new calls that is refused at present, 0 to 1.", [[{}, watch.part]]),
    gauge("sluice_loop_delay_seconds", "How late the event loop is, averaged over a second.", [
      [{}, watch.delayMs / 1000],
    ]),
  ];
}

function counter(name: string, help: string, samples: Samples): NumberMetric {
  return { name, type: "counter", help, samples };
}

function gauge(name: string, help: string, samples: Samples): NumberMetric {
  return { name, type: "gauge", help, samples };
}
