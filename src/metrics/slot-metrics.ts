// Bounds that hold for all workers, as metrics of one of them.
import type { Labels, Metric } from "../exposition.ts";
import type { SlotLink } from "../slots.ts";

/** Nothing where there is one process. */
export function slotMetrics(link: Pick<SlotLink, "counts"> | undefined): Metric[] {
  if (link === undefined) return [];
  const samples = link.counts().flatMap(({ name, granted, refused, late }): [Labels, number][] => [
    [{ bound: name, result: "granted" }, granted],
    [{ bound: name, result: "refused" }, refused],
    [{ bound: name, result: "late" }, late],
  ]);
  return [
    {
      name: "sluice_shared_bound_questions_total",
      type: "counter",
      help: "Times that a worker had to ask for room under a bound of all workers, by what came of it: granted, refused, late (decided by its share).",
      samples,
    },
  ];
}
