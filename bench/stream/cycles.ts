// Whether memory comes back: thousands of sockets with a stream each, opened and closed again and again.
import { type Heap, readHeap } from "./heap.ts";
import { settledBytes, type Stage, type Stages, type StreamOptions } from "./run-subject.ts";
import { manySockets } from "./sockets.ts";
import { sluice } from "./subjects.ts";

export interface CyclesResult {
  readonly sockets: number;
  readonly date: string;
  /** MiB resident: before the first, with all sockets open, and after each cycle with none. */
  readonly startMiB: number;
  readonly openMiB: readonly number[];
  readonly closedMiB: readonly number[];
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
  const cycles = quick ? 3 : 20;
  const task = { port: gateway.port, form: "simple", task: "hold" } as const;
  await clients.open({ ...task, sockets: 50 });
  await clients.close();
  const startMiB = (await settledBytes(gateway, quick)) / mib;
  const heapStart: Heap = await readHeap(gateway.pid);
  const openMiB: number[] = [];
  const closedMiB: number[] = [];
  for (let cycle = 1; cycle <= cycles; cycle++) {
    await clients.open({ ...task, sockets });
    openMiB.push(gateway.residentBytes() / mib);
    const { codes } = await clients.close();
    if (codes[1000] !== sockets) throw new Error(`sockets ended with ${JSON.stringify(codes)} instead of 1000`);
    closedMiB.push((await settledBytes(gateway, quick)) / mib);
    progress(
      `stream-cycles  ${cycle}/${cycles}: ${openMiB[cycle - 1].toFixed(0)} MiB open, ${closedMiB[cycle - 1].toFixed(0)} closed`,
    );
  }
  const heapEnd = await readHeap(gateway.pid);
  return {
    sockets,
    date: new Date().toISOString(),
    startMiB,
    openMiB,
    closedMiB,
    heapStartMiB: heapStart.heapUsed / mib,
    heapEndMiB: heapEnd.heapUsed / mib,
  };
}
