// The bench `stream`: messages to browsers per core, memory of thousands of open streams, slow clients, memory that comes back.
import { saveResult } from "./load/results.ts";
import { accountingFault } from "./load/accounting.ts";
import { Missing } from "./load/missing.ts";
import { type CyclesResult, measureCycles } from "./stream/cycles.ts";
import { measureRate, rateCells, type RateResult, rateSockets } from "./stream/rates.ts";
import { Stages, type StreamOptions } from "./stream/run-subject.ts";
import { measureSlowClients, type SlowResult } from "./stream/slow-clients.ts";
import { measureSockets, type SocketsResult } from "./stream/sockets.ts";
import { judgeCycles, judgeRate, judgeSlow, judgeSockets, type StreamVerdict } from "./stream/verdicts.ts";
import type { BenchTable } from "./table.ts";

type StreamResult = RateResult | SocketsResult | SlowResult | CyclesResult;

export async function benchStream(options: StreamOptions): Promise<BenchTable[]> {
  const fault = accountingFault();
  if (fault !== undefined) throw new Missing(fault);
  const stages = new Stages(options);
  const tables: BenchTable[] = [];
  try {
    for (const part of parts(options)) {
      if (!`${part.id}: ${part.title}`.includes(options.only ?? "")) continue;
      const { result, table } = await part.measure(stages);
      const left = "left" in result ? result.left : [];
      for (const { subject, reason } of left) options.progress(`${part.id}: without ${subject}: ${reason}`);
      if (!options.quick) saveResult(part.id + options.suffix, result);
      tables.push(table);
    }
  } finally {
    await stages.stop();
  }
  return tables;
}

interface Part {
  readonly id: string;
  readonly title: string;
  readonly measure: (stages: Stages) => Promise<{ readonly result: StreamResult; readonly table: BenchTable }>;
}

/** The one that ends the gateway is the last. */
function parts(options: StreamOptions): Part[] {
  const toPart = <Result extends StreamResult>(
    { id, title }: { readonly id: string; readonly title: string },
    measure: (stages: Stages) => Promise<Result>,
    toTable: (result: Result) => BenchTable,
  ): Part => ({
    id,
    title,
    measure: async (stages) => {
      const result = await measure(stages);
      const table = toTable(result);
      // One short look at processes that did something else before says nothing about bounds.
      return { result, table: options.quick ? { ...table, facts: {} } : table };
    },
  });
  return [
    ...rateCells.map((cell) =>
      toPart(
        cell,
        (stages) => measureRate(cell, stages),
        (result) => rateTable(result, options),
      ),
    ),
    toPart({ id: "stream-slow", title: "slow clients" }, measureSlowClients, slowTable),
    toPart({ id: "stream-cycles", title: "opening and closing" }, measureCycles, cyclesTable),
    toPart({ id: "stream-sockets", title: "many sockets" }, measureSockets, socketsTable),
  ];
}

function toFacts(verdicts: readonly StreamVerdict[]): Record<string, number | boolean> {
  return Object.fromEntries(
    verdicts.flatMap(({ question, asked, measured, holds }) => [
      [`${question} (${asked})`, Math.round(measured * 100) / 100],
      [`${question} holds`, holds],
    ]),
  );
}

function rateTable(result: RateResult, { quick }: StreamOptions): BenchTable {
  const isEcho = result.rows.some((row) => row.p50 > 0);
  return {
    title: `${result.id}: ${result.title}; messages of 200 bytes of JSON, ${rateSockets(quick)} sockets, medians of ${result.runs}`,
    columns: [
      "subject",
      "messages/s of gateway CPU",
      "CPU µs/message",
      "messages/s",
      "busy cores",
      ...(isEcho ? ["p50 µs", "p99 µs"] : []),
    ],
    rows: result.rows.map((row) => [
      row.label,
      row.perCore,
      1e6 / row.perCore,
      row.perSecond,
      row.busy,
      ...(isEcho ? [row.p50, row.p99] : []),
    ]),
    facts: toFacts(judgeRate(result)),
  };
}

function socketsTable(result: SocketsResult): BenchTable {
  return {
    title: `stream-sockets: ${result.sockets} WebSockets with one open backend stream each`,
    columns: ["subject", "KiB/socket", "heap KiB", "external KiB", "opened/s", "end s", "idle MiB", "close codes"],
    rows: result.rows.map((row) => [
      row.label,
      row.kibPerSocket,
      row.heapKibPerSocket ?? "",
      row.externalKibPerSocket ?? "",
      row.openedPerSecond,
      row.drainSeconds,
      row.beforeMiB,
      Object.entries(row.codes)
        .map(([code, count]) => `${code}: ${count}`)
        .join(", "),
    ]),
    facts: toFacts(judgeSockets(result)),
  };
}

function slowTable(result: SlowResult): BenchTable {
  const { before, during } = result;
  return {
    title: `stream-slow: ${result.slow} clients that read nothing of a flood, beside ${result.others} that echo`,
    columns: ["echoes of the others", "CPU µs", "p50 µs", "p99 µs", "echoes/s"],
    rows: [
      ["without slow clients", before.cpu, before.p50, before.p99, before.perSecond],
      ["beside them", during.cpu, during.p50, during.p99, during.perSecond],
    ],
    facts: {
      "KiB of heap each": result.heapKib,
      "KiB beside the heap each": result.externalKib,
      ...toFacts(judgeSlow(result)),
    },
  };
}

function cyclesTable(result: CyclesResult): BenchTable {
  return {
    title: `stream-cycles: ${result.sockets} sockets opened and closed ${result.closedMiB.length} times; MiB resident: ${result.startMiB.toFixed(0)} at the start, ${result.restedMiB.toFixed(0)} rested, ${result.lastMiB.toFixed(0)} rested after all`,
    columns: ["cycle", "MiB open", "MiB closed"],
    rows: result.closedMiB.map((closed, at) => [at + 1, result.openMiB[at], closed]),
    facts: toFacts(judgeCycles(result)),
  };
}
