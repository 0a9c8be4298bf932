// The log as a metric: what did not get into it.
import type { Metric } from "../exposition.ts";

export function logMetrics({ dropped }: { readonly dropped: number }): Metric[] {
  return [
    {
      name: "sluice_log_lines_dropped_total",
      type: "counter",
      help: "Log lines that were lost because their output was too slow or gone.",
      samples: [[{}, dropped]],
    },
  ];
}
