// Sockets and streams as metrics: how many, how they ended, what passed, who waits for whom.
import type { Census, StreamTally } from "../front/stream/census.ts";
import type { Labels, Metric, NumberMetric } from "../exposition.ts";
import { byCode } from "./call-metrics.ts";

type Samples = NumberMetric["samples"];

export function socketMetrics(census: Census): Metric[] {
  return [
    {
      name: "sluice_websocket_sockets",
      type: "gauge",
      help: "Open WebSocket connections.",
      samples: [[{}, census.sockets]],
    },
    {
      name: "sluice_websocket_closes_total",
      type: "counter",
      help: "WebSocket connections that ended, by close code; code 0 is one there is no name for.",
      samples: census.closes().map(([code, count]) => [{ code }, count]),
    },
    {
      name: "sluice_websocket_refusals_total",
      type: "counter",
      help: "WebSocket handshakes that were refused.",
      samples: census.refusals().map(([reason, count]) => [{ reason }, count]),
    },
    {
      name: "sluice_websocket_pauses_total",
      type: "counter",
      help: "Times that a socket was not read from for a while because its client sent too fast.",
      samples: [[{}, census.pauses]],
    },
    {
      name: "sluice_streams_kept_bytes",
      type: "gauge",
      help: "Memory of messages that overflow policies keep for slow clients, of all streams.",
      samples: [[{}, census.backlogs.bytes]],
    },
  ];
}

export function connectionMetrics(listener: { readonly connections: number }): Metric[] {
  return [
    {
      name: "sluice_connections",
      type: "gauge",
      help: "Open connections of clients.",
      samples: [[{}, listener.connections]],
    },
  ];
}

export function streamMetrics(tallies: readonly StreamTally[]): Metric[] {
  const labelsOf = ({ method, kind, way }: StreamTally): Labels => ({ method, kind, way });
  const each = (value: (tally: StreamTally) => number): Samples =>
    tallies.map((tally) => [labelsOf(tally), value(tally)]);
  const messages = tallies.flatMap((tally): Samples => [
    [{ ...labelsOf(tally), direction: "in" }, tally.messagesIn],
    [{ ...labelsOf(tally), direction: "out" }, tally.messagesOut],
  ]);
  const counter = (name: string, help: string, samples: Samples): Metric => ({
    name: `sluice_stream${name}_total`,
    type: "counter",
    help,
    samples,
  });
  return [
    { name: "sluice_streams", type: "gauge", help: "Open streams.", samples: each(({ open }) => open) },
    counter(
      "s_opened",
      "Streams that were opened.",
      each(({ opened }) => opened),
    ),
    counter(
      "s_resumed",
      "Streams taken up where an earlier one was cut off.",
      each(({ resumed }) => resumed),
    ),
    counter(
      "s_ended",
      "Streams that ended, by gRPC status code.",
      tallies.flatMap((tally) => byCode(labelsOf(tally), tally.endedBy)),
    ),
    counter("_messages", "Messages from clients (in) and to them (out).", messages),
    counter(
      "_messages_dropped",
      "Messages that a slow client did not get, as its method allows.",
      each(({ dropped }) => dropped),
    ),
    counter(
      "_waits",
      "Times that a backend had to wait for a client's room or credit.",
      each(({ waits }) => waits),
    ),
    counter(
      "_waited_seconds",
      "Time that messages of backends waited for a client's room or credit.",
      each(({ waitedMs }) => waitedMs / 1000),
    ),
    {
      name: "sluice_streams_waiting",
      type: "gauge",
      help: "Streams of which a message waits for the client's room or credit.",
      samples: each(({ waiting }) => waiting),
    },
  ];
}
