// What thousands of sockets with an open backend stream each cost: memory, the time to open them and to let them go.
import type { Left } from "../load/run-cell.ts";
import { type Heap, readHeap } from "./heap.ts";
import {
  chosenSubjects,
  eachSubject,
  settledBytes,
  type Stage,
  type Stages,
  type StreamOptions,
} from "./run-subject.ts";

export interface SocketsRow {
  readonly subject: string;
  readonly label: string;
  readonly openedPerSecond: number;
  readonly beforeMiB: number;
  readonly kibPerSocket: number;
  /** Of the heap without garbage, and of memory beside it; where the subject tells. */
  readonly heapKibPerSocket: number | undefined;
  readonly externalKibPerSocket: number | undefined;
  /** From the signal to stop to the end of the process. */
  readonly drainSeconds: number;
  /** How many sockets got which close code; 0: none. */
  readonly codes: Readonly<Record<string, number>>;
}

export interface SocketsResult {
  readonly sockets: number;
  readonly date: string;
  readonly rows: readonly SocketsRow[];
  readonly left: readonly Left[];
}

export function manySockets(isQuick: boolean): number {
  return isQuick ? 200 : 10_000;
}

export async function measureSockets(stages: Stages): Promise<SocketsResult> {
  const { options } = stages;
  const sockets = manySockets(options.quick);
  const subjects = chosenSubjects(options, ["sluice", "websocket-proxy"]);
  const { results, left } = await eachSubject(subjects, (subject) =>
    stages.on(subject, (stage) => measureSubject(stage, sockets, options)),
  );
  return { sockets, date: new Date().toISOString(), rows: results, left };
}

async function measureSubject(
  { subject, gateway, clients }: Stage,
  sockets: number,
  { quick, progress }: StreamOptions,
): Promise<SocketsRow> {
  const { isWrapped, label } = subject;
  const task = { port: gateway.port, form: "simple", task: "hold", isWrapped } as const;
  const isNode = subject.name === "sluice";
  // What the first use of a way costs is not what a socket costs.
  await clients.open({ ...task, sockets: 50 });
  await clients.close();
  const before = await settledBytes(gateway, quick);
  const heapBefore = isNode ? await readHeap(gateway.pid) : undefined;
  const { milliseconds } = await clients.open({ ...task, sockets });
  const after = await settledBytes(gateway, quick);
  const heapAfter = isNode ? await readHeap(gateway.pid) : undefined;
  const ended = clients.awaitEnd(60_000);
  const drainMs = await gateway.end();
  const { codes } = await ended;
  const grown = (pick: (heap: Heap) => number): number | undefined =>
    heapBefore && heapAfter && (pick(heapAfter) - pick(heapBefore)) / sockets / 1024;
  const kibPerSocket = (after - before) / sockets / 1024;
  progress(`stream-sockets  ${label}: ${kibPerSocket.toFixed(1)} KiB a socket`);
  return {
    subject: subject.name,
    label,
    openedPerSecond: Math.round(sockets / (milliseconds / 1000)),
    beforeMiB: before / 2 ** 20,
    kibPerSocket,
    heapKibPerSocket: grown((heap) => heap.heapUsed),
    externalKibPerSocket: grown((heap) => heap.external),
    drainSeconds: drainMs / 1000,
    codes,
  };
}
