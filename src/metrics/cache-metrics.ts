// The cache as metrics. Its labels are methods with a cache policy, and how calls were answered.
import type { Cache } from "../chain/cache/cache.ts";
import { cacheResults } from "../chain/cache/cache-counts.ts";
import type { Labels, Metric } from "../exposition.ts";

/** Nothing where no method has a cache. */
export function cacheMetrics({ store, counts }: Pick<Cache, "store" | "counts">): Metric[] {
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
  ];
}
