// The section about streams: messages per core, sockets by the thousand, slow clients, opening and closing.
import type { CyclesResult } from "../stream/cycles.ts";
import { rateCells, type RateResult, rateSockets } from "../stream/rates.ts";
import type { SlowResult } from "../stream/slow-clients.ts";
import type { SocketsResult } from "../stream/sockets.ts";
import { judgeCycles, judgeRate, judgeSlow, judgeSockets, type StreamVerdict } from "../stream/verdicts.ts";
import { figure, markdownTable } from "./markdown.ts";
import { savedCycles, savedRate, savedSlow, savedSockets } from "./saved.ts";

export function streamVerdicts(): StreamVerdict[] {
  const [sockets, slow, cycles] = [savedSockets(), savedSlow(), savedCycles()];
  return [
    ...rateCells.flatMap(({ id }) => {
      const result = savedRate(id);
      return result === undefined ? [] : judgeRate(result);
    }),
    ...(sockets === undefined ? [] : judgeSockets(sockets)),
    ...(slow === undefined ? [] : judgeSlow(slow)),
    ...(cycles === undefined ? [] : judgeCycles(cycles)),
  ];
}

/** Nothing when nothing of it was measured. */
export function streamSection(): string | undefined {
  const [sockets, slow, cycles] = [savedSockets(), savedSlow(), savedCycles()];
  const parts = [
    ratesPart(),
    sockets && socketsPart(sockets),
    slow && slowPart(slow),
    cycles && cyclesPart(cycles),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : [`## Streams`, introduction, ...parts].join("\n\n");
}

const introduction = `\`npm run bench -- stream\`. Backends send ticks of 200 bytes of JSON (93 bytes of protobuf); a gateway reads each from its gRPC
stream, writes it as JSON and sends it as a WebSocket text frame, a line or an event. Clients are sockets that count frames by
their lengths, and look at every thousandth message to see that it is the one it should be; each subject must first bring
finite streams to a good end with every message in it. Sluice's limits for sockets of one address are raised in its
configuration. grpc-websocket-proxy stands around the mux of grpc-gateway in one process, as its documentation has it, with one
addition: the body of a GET is taken away, as grpc-gateway 2.30 reads it to its end before it calls the backend, and the proxy's
has none before the socket is closed.`;

function ratesPart(): string | undefined {
  const results = rateCells.map(({ id }) => savedRate(id)).filter((result) => result !== undefined);
  if (results.length === 0) return undefined;
  const columns = ["", "subject", "messages/s of gateway CPU", "CPU µs/message", "messages/s", "busy cores", "runs"];
  const head = `Messages from a backend's stream to its client, ${rateSockets(false)} sockets, medians of the runs in the last column; ${measuredOn(results)}. The
gateway has one core, and backend and clients share the other: where it is not busy, they are. Echoes count once there and back.`;
  const left = results.flatMap((result) => result.left.map(({ subject, reason }) => `Without ${subject}: ${reason}.`));
  const table = markdownTable(columns, results.flatMap(rateRows));
  return [`### Messages per core`, head, table, echoLine(results), ...new Set(left)].filter(Boolean).join("\n\n");
}

function measuredOn(results: readonly RateResult[]): string {
  const dates = results.map(({ date }) => `${date.slice(0, 10)} ${date.slice(11, 16)} UTC`).sort();
  return `measured from ${dates[0]} to ${dates[dates.length - 1]}`;
}

function rateRows(result: RateResult): (string | number)[][] {
  return result.rows.map((row) => [
    result.title,
    row.subject === "sluice" ? `**${row.label}**` : row.label,
    row.perCore,
    1e6 / row.perCore,
    row.perSecond,
    row.busy,
    row.samples.map((sample) => figure(sample)).join(" "),
  ]);
}

function echoLine(results: readonly RateResult[]): string | undefined {
  const rows = results.flatMap((result) => result.rows).filter((row) => row.p50 > 0);
  if (rows.length === 0) return undefined;
  const texts = rows.map(({ label, p50, p99 }) => `${label} p50 ${figure(p50)} µs, p99 ${figure(p99)} µs`);
  return `Echoes there and back, gateway and clients saturated: ${texts.join("; ")}.`;
}

function socketsPart({ sockets, rows, left }: SocketsResult): string {
  const columns = ["subject", "KiB/socket", "of it heap", "beside the heap", "opened/s", "end s", "idle MiB", "codes"];
  const head = `${sockets.toLocaleString("en")} WebSockets in simple mode, each with a backend stream that has brought one message and stays open. Resident memory
after that less before, divided; then SIGTERM, and the time to the end of the process. Sluice closes each socket with 1001 and
waits for the answer; the Go program ends at once.`;
  const cells = rows.map((row) => [
    row.subject === "sluice" ? `**${row.label}**` : row.label,
    row.kibPerSocket,
    row.heapKibPerSocket,
    row.externalKibPerSocket,
    row.openedPerSecond,
    row.drainSeconds,
    row.beforeMiB,
    Object.entries(row.codes)
      .map(([code, count]) => `${code === "0" ? "none" : code}: ${count.toLocaleString("en")}`)
      .join(", "),
  ]);
  const missing = left.map(({ subject, reason }) => `Without ${subject}: ${reason}.`);
  return [`### Many sockets`, head, markdownTable(columns, cells), ...missing].join("\n\n");
}

function slowPart({ slow, others, before, during, ...result }: SlowResult): string {
  const columns = ["echoes of the others", "CPU µs", "p50 µs", "p99 µs", "echoes/s"];
  const rows = [
    ["without slow clients", before.cpu, before.p50, before.p99, before.perSecond],
    ["beside them", during.cpu, during.p50, during.p99, during.perSecond],
  ];
  const head = `${slow} clients ask for a flood and read nothing of it. Each costs the gateway ${figure(result.kibPerSlowClient)} KiB of resident memory, as it
comes, against the gateway before them with its garbage collected; ${figure(result.heapKib)} KiB of it are heap and ${figure(result.externalKib)} KiB beside it that are in use. When the system's buffers were full too,
${others} others had one message at a time echoed, as before.`;
  return [`### Slow clients`, head, markdownTable(columns, rows)].join("\n\n");
}

function cyclesPart({ sockets, openMiB, closedMiB, ...result }: CyclesResult): string {
  const every = closedMiB.map((_, at) => at).filter((at) => at === 0 || (at + 1) % 5 === 0);
  const columns = ["cycle", ...every.map((at) => `${at + 1}`)];
  const rows = [
    ["MiB, all open", ...every.map((at) => Math.round(openMiB[at]))],
    ["MiB, all closed", ...every.map((at) => Math.round(closedMiB[at]))],
  ];
  const head = `${sockets.toLocaleString("en")} sockets with a stream each, opened and closed ${closedMiB.length} times; nobody makes the gateway collect its garbage. The process comes up with
${Math.round(result.startMiB)} MiB, has ${Math.round(result.restedMiB)} when it has rested for half a minute, and ${Math.round(result.lastMiB)} when it has rested after all. About 5 MiB of the difference
are free pages between what the C library has in use, which it does not give back; with jemalloc in its place they come back.`;
  return [`### Opening and closing`, head, markdownTable(columns, rows)].join("\n\n");
}
