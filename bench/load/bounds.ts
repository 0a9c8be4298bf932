// What was asked of a cell, held against what was measured.
import type { Bound, CellResult, Row } from "./run-cell.ts";

export interface Verdict {
  readonly text: string;
  readonly asked: number;
  readonly measured: number;
  readonly holds: boolean;
}

const metricName = { cpu: "CPU per request", p50: "p50", p99: "p99" };

export function boundText({ against, metric, isAdded }: Bound): string {
  return `${isAdded === true ? "added " : ""}${metricName[metric]} / ${against}`;
}

/** Nothing when one of the two was not measured. */
export function judge(bound: Bound, { rows }: CellResult): Verdict | undefined {
  const ours = rows.find((row) => row.subject === (bound.subject ?? "sluice"));
  const theirs = rows.find((row) => row.subject === bound.against);
  const bare = rows.find((row) => row.subject === "backend");
  const ratio = ours && theirs && quotient(bound, ours, theirs, bare);
  if (ratio === undefined) return undefined;
  return { text: boundText(bound), asked: bound.atMost, measured: ratio, holds: ratio <= bound.atMost };
}

function quotient(bound: Bound, ours: Row, theirs: Row, bare: Row | undefined): number | undefined {
  const [our, their] = [ours[bound.metric], theirs[bound.metric]];
  if (our === undefined || their === undefined) return undefined;
  if (bound.isAdded !== true) return our / their;
  const floor = bare?.[bound.metric];
  return floor === undefined ? undefined : (our - floor) / (their - floor);
}
