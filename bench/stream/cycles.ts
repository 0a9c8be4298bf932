// Whether memory comes back by itself: thousands of sockets with a stream each, opened and closed again and again.
import { settledBytes, type Stage, type Stages, type StreamOptions } from "./run-subject.ts";
import { manySockets } from "./sockets.ts";
import { sluice } from "./subjects.ts";

export interface CyclesResult {
  readonly sockets: number;
  readonly date: string;
  /** MiB resident of the process as it came up. */
  readonly startMiB: number;
  /** And when it has had nothing to do for so long that it has given back what its start left behind. */
  readonly restedMiB: number;
  /** With all sockets open, and some seconds after all have closed, of each cycle. */
  readonly openMiB: readonly number[];
  readonly closedMiB: readonly number[];
  /** When it has rested after the last. */
  readonly lastMiB: number;
}

const mib = 2 ** 20;
/** What a process that has nothing to do takes to give back what it can. */
const restMs = 25_000;

export async function measureCycles(stages: Stages): Promise<CyclesResult> {
  return stages.on(sluice, (stage) => measure(stage, stages.options));
}

async function measure({ gateway, clients }: Stage, { quick, progress }: StreamOptions): Promise<CyclesResult> {
  const sockets = manySockets(quick);
  const cycles = quick ? 2 : 20;
  const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, quick ? 10 : restMs));
  const startMiB = gateway.residentBytes() / mib;
  await rest();
  const restedMiB = gateway.residentBytes() / mib;
  const openMiB: number[] = [];
  const closedMiB: number[] = [];
  for (let cycle = 1; cycle <= cycles; cycle++) {
    await clients.open({ port: gateway.port, form: "simple", task: "hold", sockets });
    openMiB.push(gateway.residentBytes() / mib);
    const { codes } = await clients.close();
    if (codes[1000] !== sockets) throw new Error(`sockets ended with ${JSON.stringify(codes)} instead of 1000`);
    closedMiB.push((await settledBytes(gateway, quick)) / mib);
    progress(
      `stream-cycles  ${cycle}/${cycles}: ${openMiB[cycle - 1].toFixed(0)} MiB open, ${closedMiB[cycle - 1].toFixed(0)} closed`,
    );
  }
  await rest();
  const lastMiB = gateway.residentBytes() / mib;
  return { sockets, date: new Date().toISOString(), startMiB, restedMiB, openMiB, closedMiB, lastMiB };
}
