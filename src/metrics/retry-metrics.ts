// Calls that were made again as metrics, those that were not although they failed, and what is left of the budgets.
import type { Labels, Metric } from "../exposition.ts";
import { omissions } from "../upstream/retry/attempts.ts";
import type { Retries } from "../upstream/retry/retries.ts";

/** Nothing where no method has a policy. */
export function retryMetrics({ tallies, budgets }: Pick<Retries, "tallies" | "budgets">): Metric[] {
  if (tallies.length === 0) return [];
  return [
    {
      name: "sluice_upstream_retries_total",
      type: "counter",
      help: "Calls to an upstream that were made again, by what came of it: answered, failed.",
      samples: tallies.flatMap(({ method, answered, failed }): [Labels, number][] => [
        [{ method, result: "answered" }, answered],
        [{ method, result: "failed" }, failed],
      ]),
    },
    {
      name: "sluice_upstream_retries_omitted_total",
      type: "counter",
      help: "Failed calls that were not made again, by why: no attempts left, pushback, begun (an answer, or more of a stream than is kept), budget, deadline.",
      samples: tallies.flatMap(({ method, omitted }) =>
        omissions.map((reason): [Labels, number] => [{ method, reason }, omitted[reason]]),
      ),
    },
    {
      name: "sluice_upstream_retry_budget",
      type: "gauge",
      help: "What is left of an upstream's budget of failures, 0 to 10; at 5 and below no call is made again.",
      samples: [...budgets].map(([target, { tokens }]) => [{ target }, tokens]),
    },
  ];
}
