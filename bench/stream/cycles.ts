// Whether memory comes back: thousands of sockets with a stream each, opened and closed again and again.
import { collected } from "./collected.ts";
import { settledBytes, type Stage, type Stages, type StreamOptions } from "./run-subject.ts";
import { manySockets } from "./sockets.ts";
import { sluice } from "./subjects.ts";

export interface CyclesResult {
  readonly sockets: number;
  readonly date: string;
  /** MiB resident with all sockets open, and with none, of each cycle as it comes. */
  readonly openMiB: readonly number[];
  readonly closedMiB: readonly number[];
  /** MiB resident when garbage has been collected: before the first cycle, after it, after the last. */
  readonly startMiB: number;
  readonly firstMiB: number;
  readonly lastMiB: number;
  /** MiB of the heap without garbage, before and after all. */
  readonly heapStartMiB: number;
  readonly heapEndMiB: number;
}

const mib = 2 ** 20;

export async function measureCycles(stages: Stages): Promise<CyclesResult> {
  return stages.on(sluice, (stage) => measure(stage, stages.options));
}

async function measure({ gateway, clients }: Stage, { quick, progress }: StreamOptions): Promise<CyclesResult> {
  const sockets = manySockets(quick);
  const cycles = quick ? 2 : 20;
  const task = { port: gateway.port, form: "simple", task: "hold" } as const;
  await clients.open({ ...task, sockets: 50 });
  await clients.close();
  const start = await collected(gateway, quick);
  let first = start;
  const openMiB: number[] = [];
  const closedMiB: number[] = [];
  for (let cycle = 1; cycle <= cycles; cycle++) {
    await clients.open({ ...task, sockets });
    openMiB.push(gateway.residentBytes() / mib);
    const { codes } = await clients.close();
    if (codes[1000] !== sockets) throw new Error(`sockets ended with ${JSON.stringify(codes)} instead of 1000`);
    closedMiB.push((await settledBytes(gateway, quick)) / mib);
    if (cycle === 1) first = await collected(gateway, quick);
    progress(
      `stream-cycles  ${cycle}/${cycles}: ${openMiB[cycle - 1].toFixed(0)} MiB open, ${closedMiB[cycle - 1].toFixed(0)} closed`,
    );
  }
  const last = await collected(gateway, quick);
  return {
    sockets,
    date: new Date().toISOString(),
    openMiB,
    closedMiB,
    startMiB: start.resident / mib,
    firstMiB: first.resident / mib,
    lastMiB: last.resident / mib,
    heapStartMiB: start.heap.heapUsed / mib,
    heapEndMiB: last.heap.heapUsed / mib,
  };
}
