// The bench `memory`: what a gateway holds when idle, for each idle connection and for each idle gRPC stream.
import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { type Socket, connect } from "node:net";
import { itemPath, itemRequest, watchMethod } from "./corpus/load-messages.ts";
import { type Check, checkGet, checkGrpc } from "./load/answers.ts";
import { freePort } from "../test/support/free-port.ts";
import { type Running, startProcess } from "./load/process.ts";
import { saveResult } from "./load/results.ts";
import { enter, type Left, type RunOptions } from "./load/run-cell.ts";
import { backendCommand, type Subject, subjects } from "./load/subjects.ts";
import { median } from "./measure.ts";
import type { BenchTable } from "./table.ts";

export interface MemoryRow {
  readonly subject: string;
  readonly label: string;
  /** After the start, nothing asked yet but one answer. */
  readonly idleMiB: number;
  readonly connectionKiB: number | undefined;
  readonly streamKiB: number | undefined;
}

export interface MemoryResult {
  readonly rows: readonly MemoryRow[];
  readonly left: readonly Left[];
  readonly connections: number;
  readonly streams: number;
  readonly runs: number;
}

const streamsPerConnection = 100;

export async function benchMemory(options: RunOptions): Promise<BenchTable[]> {
  const count = options.quick ? 400 : 8000;
  const rows: MemoryRow[] = [];
  const left: Left[] = [];
  for (const subject of subjects) {
    if (subject.isFloor === true || (options.peers !== undefined && !options.peers.includes(subject.name))) continue;
    const measured = await measureSubject(subject, count, options);
    if ("reason" in measured) left.push(measured);
    else rows.push(measured);
  }
  for (const { subject, reason } of left) options.progress(`memory: without ${subject}: ${reason}`);
  const result: MemoryResult = { rows, left, connections: count / 2, streams: count, runs: options.runs };
  if (!options.quick) saveResult("memory", result);
  return [
    {
      title: `memory: resident, medians of ${options.runs} fresh processes; growth by the second half of ${count / 2} idle connections and of ${count} idle gRPC streams, ${streamsPerConnection} on a connection`,
      columns: ["subject", "idle MiB", "KiB per idle connection", "KiB per idle gRPC stream"],
      rows: rows.map((row) => [row.label, row.idleMiB, row.connectionKiB ?? "", row.streamKiB ?? ""]),
      facts: {},
    },
  ];
}

interface Measured {
  readonly idle: number;
  readonly connection: number | undefined;
  readonly stream: number | undefined;
}

async function measureSubject(subject: Subject, count: number, options: RunOptions): Promise<MemoryRow | Left> {
  const runs: Measured[] = [];
  for (let run = 1; run <= options.runs; run++) {
    const measured = await measureOnce(subject, count, options.quick);
    if ("reason" in measured) return measured;
    runs.push(measured);
    options.progress(
      `memory  ${run}/${options.runs}  ${subject.label}: ${(measured.idle / 2 ** 20).toFixed(0)} MiB idle`,
    );
  }
  const middle = (pick: (run: Measured) => number | undefined, unit: number): number | undefined =>
    runs.every((run) => pick(run) !== undefined) ? median(runs.map((run) => pick(run) ?? 0)) / unit : undefined;
  return {
    subject: subject.name,
    label: subject.label,
    idleMiB: middle((run) => run.idle, 2 ** 20) ?? 0,
    connectionKiB: middle((run) => run.connection, 1024),
    streamKiB: middle((run) => run.stream, 1024),
  };
}

/** Connections and streams in a process each: room left by the ones would hide the cost of the others. */
async function measureOnce(subject: Subject, count: number, quick: boolean): Promise<Measured | Left> {
  const isRest = subject.speaks.includes("http1");
  const ask = { check: isRest ? checkGet() : checkGrpc, quick };
  const first = await inFreshProcess(subject, ask, async (running) => ({
    idle: await settled(running),
    connection: isRest ? await perConnection(running, count / 2) : undefined,
  }));
  if ("reason" in first || !subject.speaks.includes("grpc")) return { stream: undefined, ...first };
  const second = await inFreshProcess(subject, ask, async (running) => ({ stream: await perStream(running, count) }));
  return "reason" in second ? second : { ...first, ...second };
}

async function inFreshProcess<Figures extends object>(
  subject: Subject,
  { check, quick }: { readonly check: Check; readonly quick: boolean },
  measure: (running: Running) => Promise<Figures>,
): Promise<Figures | Left> {
  const port = await freePort();
  const backend = await startProcess("backend", "the backend", port, backendCommand(port).command);
  const entry = await enter({ check }, subject, { backend: port, quick });
  try {
    return "reason" in entry ? entry : await measure(entry.running);
  } finally {
    if (!("reason" in entry)) await entry.running.stop();
    await backend.stop();
  }
}

/** Collectors give memory back a little later. */
async function settled(running: Running): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return running.residentBytes();
}

/** From half of them to all: the first half fills the room that a process allots in advance. */
async function perConnection(running: Running, count: number): Promise<number> {
  const sockets: Socket[] = [];
  const open = async (upTo: number): Promise<number> => {
    while (sockets.length < upTo) sockets.push(await idleConnection(running.port));
    return settled(running);
  };
  const before = await open(count / 2);
  const after = await open(count);
  for (const socket of sockets) socket.destroy();
  return (after - before) / (count / 2);
}

/** Open, answered once, silent. */
async function idleConnection(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(`GET ${itemPath} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
  await once(socket, "data", { signal: AbortSignal.timeout(10_000) });
  return socket;
}

/** Undefined when the subject takes no gRPC streams. */
async function perStream(running: Running, count: number): Promise<number | undefined> {
  try {
    await checkGrpc(running.port);
    const first = await idleStreams(running.port, 1);
    first.destroy();
  } catch {
    return undefined;
  }
  const sessions: ClientHttp2Session[] = [];
  const open = async (upTo: number): Promise<number> => {
    while (sessions.length * streamsPerConnection < upTo)
      sessions.push(await idleStreams(running.port, streamsPerConnection));
    return settled(running);
  };
  const before = await open(count / 2);
  const after = await open(count);
  for (const session of sessions) session.destroy();
  return (after - before) / (count / 2);
}

/** Calls of WatchItem that have had their one message. */
async function idleStreams(port: number, count: number): Promise<ClientHttp2Session> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  const headers = { ":path": watchMethod, ":method": "POST", "content-type": "application/grpc", te: "trailers" };
  const first: Promise<unknown>[] = [];
  for (let at = 0; at < count; at++) {
    const stream = session.request(headers);
    stream.on("error", () => undefined);
    stream.end(itemRequest);
    first.push(once(stream, "data", { signal: AbortSignal.timeout(10_000) }));
  }
  await Promise.all(first).catch((error: unknown) => {
    session.destroy();
    throw error;
  });
  return session;
}
