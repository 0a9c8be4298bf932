// Backends as metrics: whether they are connected, what is under way there, how it ended, what waits for a connection.
import type { Metric } from "../exposition.ts";
import type { Upstreams } from "../upstream/upstreams.ts";
import type { AttemptCounts } from "./attempt-counts.ts";
import { byCode } from "./call-metrics.ts";

export function upstreamMetrics({ transports }: Pick<Upstreams, "transports">): Metric[] {
  // One target may be called in several ways: with TLS for one service, without for another.
  const byTarget = new Map<string, { isReady: boolean; waiting: number }>();
  for (const { target, transport } of transports) {
    const { isReady, waiting } = byTarget.get(target) ?? { isReady: true, waiting: 0 };
    byTarget.set(target, {
      isReady: isReady && transport.state === "ready",
      waiting: waiting + (transport.waiting ?? 0),
    });
  }
  const each = [...byTarget];
  return [
    {
      name: "sluice_upstream_ready",
      type: "gauge",
      help: "Whether an upstream is connected.",
      samples: each.map(([target, { isReady }]) => [{ target }, isReady ? 1 : 0]),
    },
    {
      name: "sluice_upstream_waiting",
      type: "gauge",
      help: "Calls that wait for a connection to an upstream, or for a stream on one.",
      samples: each.map(([target, { waiting }]) => [{ target }, waiting]),
    },
  ];
}

export function attemptMetrics(counts: AttemptCounts): Metric[] {
  const tallies = counts.tallies();
  return [
    {
      name: "sluice_upstream_calls_in_flight",
      type: "gauge",
      help: "Calls to an upstream under way.",
      samples: tallies.map(({ target, open }) => [{ target }, open]),
    },
    {
      name: "sluice_upstream_calls_total",
      type: "counter",
      help: "Calls to an upstream that ended, by gRPC status code.",
      samples: tallies.flatMap(({ target, endedBy }) => byCode({ target }, endedBy)),
    },
    {
      name: "sluice_upstream_call_duration_seconds",
      type: "histogram",
      help: "Time from asking an upstream to the end of its answer.",
      samples: tallies.map(({ target, durations, durationSeconds }) => [
        { target },
        { bounds: counts.bounds, counts: durations, sum: durationSeconds },
      ]),
    },
  ];
}
