// What GET /metrics of the admin listener says, in the text format of Prometheus. Its labels are methods and codes, never a client's text.
import type { Census, StreamTally } from "./front/stream/census.ts";
import type { UpstreamState } from "./upstream/upstreams.ts";

type Labels = Readonly<Record<string, string | number>>;
type Sample = readonly [labels: Labels, value: number];

interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly Sample[];
}

export function writeMetrics(census: Census, upstreams: readonly UpstreamState[]): string {
  return [...socketMetrics(census), ...streamMetrics(census.tallies()), ...upstreamMetrics(upstreams), ...own()]
    .map(formatMetric)
    .join("");
}

function socketMetrics(census: Census): Metric[] {
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
  ];
}

function streamMetrics(tallies: readonly StreamTally[]): Metric[] {
  const each = (value: (tally: StreamTally) => number): Sample[] =>
    tallies.map((tally) => [{ method: tally.method, kind: tally.kind, way: tally.way }, value(tally)]);
  const messages = tallies.flatMap(({ method, kind, way, messagesIn, messagesOut }): Sample[] => [
    [{ method, kind, way, direction: "in" }, messagesIn],
    [{ method, kind, way, direction: "out" }, messagesOut],
  ]);
  const endings = tallies.flatMap(({ method, kind, way, endedBy }) =>
    endedBy.flatMap((count, code): Sample[] => (count === 0 ? [] : [[{ method, kind, way, code }, count]])),
  );
  const counter = (name: string, help: string, samples: readonly Sample[]): Metric => ({
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
    counter("s_ended", "Streams that ended, by gRPC status code.", endings),
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
  ];
}

function upstreamMetrics(upstreams: readonly UpstreamState[]): Metric[] {
  return [
    {
      name: "sluice_upstream_ready",
      type: "gauge",
      help: "Whether an upstream is connected.",
      samples: upstreams.map(({ target, state }) => [{ target }, state === "ready" ? 1 : 0]),
    },
  ];
}

function own(): Metric[] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return [
    {
      name: "process_resident_memory_bytes",
      type: "gauge",
      help: "Resident memory of the gateway.",
      samples: [[{}, rss]],
    },
    {
      name: "nodejs_heap_size_used_bytes",
      type: "gauge",
      help: "Used heap of the gateway.",
      samples: [[{}, heapUsed]],
    },
    {
      name: "process_cpu_seconds_total",
      type: "counter",
      help: "CPU time of the gateway.",
      samples: [[{}, (user + system) / 1e6]],
    },
  ];
}

function formatMetric({ name, type, help, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}${formatLabels(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function formatLabels(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(String(value))}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
