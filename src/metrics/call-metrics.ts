// Calls as metrics: how many, how they ended, how long they took, what passed.
import type { CallCounts, CallTally } from "../chain/call-counts.ts";
import type { Labels, Metric } from "../exposition.ts";
import { codeName } from "../status.ts";

export function callMetrics(counts: CallCounts): Metric[] {
  const tallies = counts.tallies();
  const labelsOf = ({ method, front }: CallTally): Labels => ({ method, front });
  return [
    {
      name: "sluice_calls_in_flight",
      type: "gauge",
      help: "Calls under way.",
      samples: tallies.map((tally) => [labelsOf(tally), tally.open]),
    },
    {
      name: "sluice_calls_total",
      type: "counter",
      help: "Calls that ended, by gRPC status code.",
      samples: tallies.flatMap((tally) => byCode(labelsOf(tally), tally.endedBy)),
    },
    {
      name: "sluice_call_duration_seconds",
      type: "histogram",
      help: "Time from the head of the request to the end of the answer; of a stream, to its end.",
      samples: tallies.map((tally) => [
        labelsOf(tally),
        { bounds: counts.bounds, counts: tally.durations, sum: tally.durationSeconds, exemplars: tally.exemplars },
      ]),
    },
    {
      name: "sluice_call_messages_total",
      type: "counter",
      help: "Messages of calls that ended, from clients (in) and to them (out).",
      samples: tallies.flatMap((tally) => bothWays(labelsOf(tally), tally.messagesIn, tally.messagesOut)),
    },
    {
      name: "sluice_call_bytes_total",
      type: "counter",
      help: "Bytes of those messages, as protobuf.",
      samples: tallies.flatMap((tally) => bothWays(labelsOf(tally), tally.bytesIn, tally.bytesOut)),
    },
    {
      name: "sluice_refusals_total",
      type: "counter",
      help: "Calls that an interceptor did not let pass, by gRPC status code.",
      samples: counts.refusals().flatMap(([interceptor, endedBy]) => byCode({ interceptor }, endedBy)),
    },
    {
      name: "sluice_misses_total",
      type: "counter",
      help: "Requests that did not come to be a call: no route, or a head that cannot be read.",
      samples: counts.misses().flatMap(([front, endedBy]) => byCode({ front }, endedBy)),
    },
  ];
}

/** Those that occurred. */
export function byCode(labels: Labels, counts: readonly number[]): (readonly [Labels, number])[] {
  return counts.flatMap((count, code) => (count === 0 ? [] : [[{ ...labels, code: codeName(code) }, count] as const]));
}

function bothWays(labels: Labels, inwards: number, outwards: number): (readonly [Labels, number])[] {
  return [
    [{ ...labels, direction: "in" }, inwards],
    [{ ...labels, direction: "out" }, outwards],
  ];
}
