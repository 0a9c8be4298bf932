// The cache as metrics. Its labels are methods with a cache policy, and how calls were answered.
import type { Cache } from "../chain/cache/cache.ts";
import { cacheResults } from "../chain/cache/cache-counts.ts";
import type { SharedEntries } from "../chain/cache/shared-entries.ts";
import type { Labels, Metric, NumberMetric } from "../exposition.ts";

/** Nothing where no method has a cache. */
export function cacheMetrics({ store, counts, shared }: Pick<Cache, "store" | "counts" | "shared">): Metric[] {
  if (counts.tallies.size === 0) return [];
  const answers = [...counts.tallies].flatMap(([method, tally]) =>
    cacheResults.map((result): [Labels, number] => [{ method, result }, tally[result]]),
  );
  return [
    {
      name: "sluice_cache_answers_total",
      type: "counter",
      help: "Calls of methods with a cache, by what they were answered from.",
      samples: answers,
    },
    { name: "sluice_cache_entries", type: "gauge", help: "Answers that are kept.", samples: [[{}, store.size]] },
    {
      name: "sluice_cache_bytes",
      type: "gauge",
      help: "What they take of cache.max_bytes.",
      samples: [[{}, store.bytes]],
    },
    {
      name: "sluice_cache_evictions_total",
      type: "counter",
      help: "Answers that were still good and had to make room.",
      samples: [[{}, store.evictions]],
    },
    ...(shared === undefined ? [] : sharedMetrics(shared)),
  ];
}

function sharedMetrics({ isUp, lookups, writes }: SharedEntries): NumberMetric[] {
  return [
    {
      name: "sluice_cache_redis_up",
      type: "gauge",
      help: "Whether answers are looked up in Redis at present.",
      samples: [[{}, isUp ? 1 : 0]],
    },
    {
      name: "sluice_cache_redis_lookups_total",
      type: "counter",
      help: "Lookups in Redis of answers that were not in memory, one for all who wait.",
      samples: toSamples(lookups),
    },
    {
      name: "sluice_cache_redis_writes_total",
      type: "counter",
      help: "Answers that were to be kept in Redis, or taken out.",
      samples: toSamples(writes),
    },
  ];
}

function toSamples(counts: SharedEntries["lookups"] | SharedEntries["writes"]): NumberMetric["samples"] {
  return Object.entries(counts).map(([name, count]: [string, number]) => [
    { result: name === "timedOut" ? "timed_out" : name },
    count,
  ]);
}
