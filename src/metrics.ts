// What GET /metrics of the admin listener says, in the format that was asked for. Its labels are methods and codes, never a client's text.
import type { CallCounts } from "./chain/call-counts.ts";
import { formatMetrics } from "./exposition.ts";
import type { Metric, MetricsFormat, MetricSource } from "./exposition.ts";
import type { Census } from "./front/stream/census.ts";
import { callMetrics } from "./metrics/call-metrics.ts";
import { socketMetrics, streamMetrics } from "./metrics/stream-metrics.ts";
import { upstreamMetrics } from "./metrics/upstream-metrics.ts";
import type { Upstreams } from "./upstream/upstreams.ts";

export interface MetricParts {
  /** Undefined where calls are not counted. */
  readonly calls?: CallCounts | undefined;
  /** Of the process, and of interceptors that have their own. */
  readonly more?: readonly MetricSource[];
  readonly format?: MetricsFormat | undefined;
}

/** Never throws: a source that does is left out. */
export function writeMetrics(
  census: Census,
  upstreams: Pick<Upstreams, "transports">,
  { calls, more = [], format }: MetricParts = {},
): string {
  const sources: readonly MetricSource[] = [
    () => (calls === undefined ? [] : callMetrics(calls)),
    () => socketMetrics(census),
    () => streamMetrics(census.tallies()),
    () => upstreamMetrics(upstreams),
    ...more,
  ];
  return formatMetrics(sources.flatMap(ask), format);
}

function ask(source: MetricSource): readonly Metric[] {
  try {
    return source();
  } catch {
    return [];
  }
}
