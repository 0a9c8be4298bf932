// How many messages a second of the gateway's CPU carries from a backend's stream to its clients, in every form.
import { median } from "../measure.ts";
import type { Left } from "../load/run-cell.ts";
import type { Form, Task } from "./order.ts";
import { chosenSubjects, eachSubject, type Stage, type Stages, type StreamOptions } from "./run-subject.ts";
import type { StreamSubject } from "./subjects.ts";

export interface RateCell {
  readonly id: string;
  readonly title: string;
  readonly form: Form;
  readonly task: Task;
  readonly streams?: number;
  readonly subjects: readonly string[];
  /** Messages per second of CPU that are asked for. */
  readonly asked?: number;
}

export interface RateRow {
  readonly subject: string;
  readonly label: string;
  /** Messages a second of CPU. */
  readonly perCore: number;
  /** Messages a second by the clock. */
  readonly perSecond: number;
  /** Of one core, how much the gateway was busy. */
  readonly busy: number;
  /** Of echoes, µs. */
  readonly p50: number;
  readonly p99: number;
  readonly samples: readonly number[];
}

export interface RateResult {
  readonly id: string;
  readonly title: string;
  readonly asked: number | undefined;
  readonly runs: number;
  readonly date: string;
  readonly rows: readonly RateRow[];
  readonly left: readonly Left[];
}

const both = ["sluice", "websocket-proxy"];
const asked = 60_000;
const muxStreams = 4;
const inFlight = 8;

export const rateCells: readonly RateCell[] = [
  { id: "stream-simple", title: "WebSocket, JSON", form: "simple", task: "flood", subjects: both, asked },
  {
    id: "stream-mux",
    title: `multiplexed WebSocket, ${muxStreams} streams on each, JSON`,
    form: "mux",
    task: "flood",
    streams: muxStreams,
    subjects: ["sluice"],
    asked,
  },
  { id: "stream-ndjson", title: "newline-delimited JSON over HTTP/1.1", form: "ndjson", task: "flood", subjects: both },
  { id: "stream-sse", title: "server-sent events over HTTP/1.1", form: "sse", task: "flood", subjects: ["sluice"] },
  { id: "stream-proto", title: "WebSocket, protobuf", form: "simple-proto", task: "flood", subjects: ["sluice"] },
  {
    id: "stream-mux-proto",
    title: `multiplexed WebSocket, ${muxStreams} streams on each, protobuf`,
    form: "mux-proto",
    task: "flood",
    streams: muxStreams,
    subjects: ["sluice"],
  },
  {
    id: "stream-echo",
    title: `WebSocket, JSON, bidirectional, ${inFlight} under way on each: there and back`,
    form: "simple",
    task: "echo",
    subjects: both,
  },
];

interface Sample {
  readonly perCore: number;
  readonly perSecond: number;
  readonly busy: number;
  readonly p50: number;
  readonly p99: number;
}

export function rateSockets(isQuick: boolean): number {
  return isQuick ? 20 : 100;
}

export async function measureRate(cell: RateCell, stages: Stages): Promise<RateResult> {
  const { options } = stages;
  const { results, left } = await eachSubject(chosenSubjects(options, cell.subjects), (subject) =>
    stages.on(subject, (stage) => measureSubject(cell, stage, options)),
  );
  const { id, title } = cell;
  return { id, title, asked: cell.asked, runs: options.runs, date: new Date().toISOString(), rows: results, left };
}

async function measureSubject(cell: RateCell, stage: Stage, options: StreamOptions): Promise<RateRow> {
  const { subject } = stage;
  if (cell.task === "flood") await checkCount(cell, stage);
  const samples: Sample[] = [];
  for (let run = 1; run <= options.runs; run++) {
    const sample = await measureOnce(cell, stage, options);
    samples.push(sample);
    options.progress(`${cell.id}  ${run}/${options.runs}  ${subject.label}: ${Math.round(sample.perCore)} a core`);
  }
  return toRow(subject, samples);
}

function toRow(subject: StreamSubject, samples: readonly Sample[]): RateRow {
  const middle = (pick: (sample: Sample) => number): number => median(samples.map(pick));
  return {
    subject: subject.name,
    label: subject.label,
    perCore: Math.round(middle((sample) => sample.perCore)),
    perSecond: Math.round(middle((sample) => sample.perSecond)),
    busy: middle((sample) => sample.busy),
    p50: Math.round(middle((sample) => sample.p50)),
    p99: Math.round(middle((sample) => sample.p99)),
    samples: samples.map((sample) => Math.round(sample.perCore)),
  };
}

/** A stream with an end: every message comes, once, and a good end follows. */
async function checkCount({ form, streams = 1 }: RateCell, { subject, gateway, clients }: Stage): Promise<void> {
  const sockets = 4;
  const count = 2500;
  const { port } = gateway;
  await clients.open({ port, form, task: "flood", sockets, streams, count, isWrapped: subject.isWrapped });
  const { frames, codes } = await clients.awaitEnd(10_000);
  const expected = sockets * streams * count;
  if (frames !== expected) throw new Error(`${frames} messages came instead of ${expected}`);
  // grpc-websocket-proxy ends its sockets without a word, as plain HTTP does.
  const code = form === "ndjson" || form === "sse" || subject.isWrapped ? 0 : 1000;
  if (codes[code] !== sockets) throw new Error(`streams ended with ${JSON.stringify(codes)} instead of ${code}`);
}

async function measureOnce(
  cell: RateCell,
  { subject, gateway, clients }: Stage,
  options: StreamOptions,
): Promise<Sample> {
  const { form, task, streams } = cell;
  const { quick, seconds = quick ? 0.3 : 3 } = options;
  const { isWrapped } = subject;
  await clients.open({ port: gateway.port, form, task, sockets: rateSockets(quick), streams, isWrapped, inFlight });
  // Compilers that work at run time need it.
  await clients.count(quick ? 200 : 2000, gateway.pid);
  const counted = await clients.count(seconds * 1000, gateway.pid);
  await clients.close();
  if (counted.frames === 0) throw new Error("no message came");
  const { frames, milliseconds, cpuMicros, p50, p99 } = counted;
  return {
    perCore: frames / (Math.max(1, cpuMicros) / 1e6),
    perSecond: frames / (milliseconds / 1000),
    busy: cpuMicros / 1000 / milliseconds,
    p50,
    p99,
  };
}
