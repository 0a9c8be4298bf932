// One cell of the load bench: the same load on each subject in turns, in front of one backend; medians over the turns.
import { median } from "../measure.ts";
import { accountingFault } from "./accounting.ts";
import type { Check } from "./answers.ts";
import { freePort } from "../../test/support/free-port.ts";
import { Missing } from "./missing.ts";
import { type Running, startProcess } from "./process.ts";
import { type BackendKind, bareBackend, backendCommand, type Subject, subjects } from "./subjects.ts";
import type { Seen } from "./tools.ts";

export interface Bound {
  readonly subject?: string;
  readonly against: string;
  readonly metric: "cpu" | "p50" | "p99";
  /** Of the other's figure. */
  readonly atMost: number;
  /** The bound is on the other's figure less the bare backend's, and on ours likewise: what the gateway adds. */
  readonly isAdded?: boolean;
}

export interface Cell {
  readonly id: string;
  readonly title: string;
  readonly bench: "rest" | "grpc" | "chain";
  readonly subjects: readonly string[];
  readonly routes?: number;
  readonly check: Check;
  readonly load: (port: number, seconds: number) => Promise<Seen>;
  /** Before the first run; the load itself by default, which is not enough where it is a light one. */
  readonly warmUp?: (port: number, seconds: number) => Promise<Seen>;
  /** 2 by default. */
  readonly warmUpSeconds?: number;
  /** Of one run; 3 by default. */
  readonly seconds?: number;
  readonly bounds?: readonly Bound[];
  /** A point of a plotted curve. */
  readonly point?: { readonly curve: string; readonly x: number };
}

export interface Row {
  readonly subject: string;
  readonly label: string;
  /** µs of CPU of the gateway with its children, per request. */
  readonly cpu: number;
  readonly rps: number;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly rssMiB: number;
  readonly requests: number;
  readonly errors: number;
  /** CPU per request of each run. */
  readonly samples: readonly number[];
}

export interface Left {
  readonly subject: string;
  readonly reason: string;
}

export interface CellResult {
  readonly id: string;
  readonly title: string;
  readonly runs: number;
  readonly date: string;
  readonly rows: readonly Row[];
  readonly left: readonly Left[];
}

export interface RunOptions {
  readonly quick: boolean;
  readonly runs: number;
  /** Names of subjects; all of the cell's without it. */
  readonly peers: readonly string[] | undefined;
  readonly progress: (line: string) => void;
  /** Of one run, instead of the cell's own. */
  readonly seconds?: number | undefined;
  readonly backend?: BackendKind;
}

interface Contestant {
  readonly subject: Subject;
  readonly running: Running;
  readonly samples: Sample[];
}

interface Sample extends Seen {
  readonly cpu: number;
}

export async function runCell(cell: Cell, options: RunOptions): Promise<CellResult> {
  const fault = accountingFault();
  if (fault !== undefined) throw new Missing(fault);
  const backendPort = await freePort();
  const { command } = backendCommand(backendPort, options.backend);
  const backend = await startProcess("backend", "the backend", backendPort, command);
  const left: Left[] = [];
  const contestants: Contestant[] = [];
  try {
    for (const subject of chosen(cell, options)) {
      const entry = await enter(cell, subject, { backend: backendPort, quick: options.quick });
      if ("reason" in entry && subject.name === "sluice")
        throw new Error(`${cell.id}: ${subject.label}: ${entry.reason}`);
      if ("reason" in entry) left.push(entry);
      else contestants.push(entry);
    }
    await alternate(cell, contestants, options);
    for (const { running } of contestants) await cell.check(running.port);
    const rows = contestants.map(toRow);
    return { id: cell.id, title: cell.title, runs: options.runs, date: new Date().toISOString(), rows, left };
  } finally {
    for (const { running } of contestants) await running.stop();
    await backend.stop();
  }
}

function chosen(cell: Cell, { peers }: RunOptions): Subject[] {
  return [...subjects, bareBackend].filter(
    ({ name }) => cell.subjects.includes(name) && (peers === undefined || peers.includes(name)),
  );
}

/** Starts a subject and asks it; a subject that cannot take part says why. Its own mistakes are no reason to stop the others. */
export async function enter(
  cell: Pick<Cell, "check" | "routes">,
  subject: Subject,
  place: { readonly backend: number; readonly quick: boolean },
): Promise<Contestant | Left> {
  let running: Running | undefined;
  try {
    if (!subject.isInstalled()) {
      if (place.quick) return { subject: subject.name, reason: "not installed; --quick installs nothing" };
      subject.install();
    }
    const port = await freePort();
    const command = subject.command({ port, backend: place.backend, routes: cell.routes ?? 0 });
    running = await startProcess("gateway", subject.label, port, command);
    await answers(cell.check, port);
    return { subject, running, samples: [] };
  } catch (error) {
    await running?.stop();
    return { subject: subject.name, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A gateway that listens may not be connected to its backend yet. */
async function answers(check: Check, port: number): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await check(port);
      return;
    } catch (error) {
      if (attempt === 5) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function alternate(cell: Cell, contestants: readonly Contestant[], options: RunOptions): Promise<void> {
  const seconds = options.seconds ?? (options.quick ? 1 : (cell.seconds ?? 3));
  // Compilers that work at run time need the warm-up; a quick run wants answers only.
  if (!options.quick)
    for (const { running } of contestants) await (cell.warmUp ?? cell.load)(running.port, cell.warmUpSeconds ?? 2);
  for (let run = 1; run <= options.runs; run++)
    for (const { subject, running, samples } of contestants) {
      const before = running.cpuMicros();
      const seen = await cell.load(running.port, seconds);
      const cpu = (running.cpuMicros() - before) / seen.requests;
      if (seen.requests === 0) throw new Error(`${cell.id}: ${subject.label} answered nothing`);
      samples.push({ ...seen, cpu });
      options.progress(`${cell.id}  ${run}/${options.runs}  ${subject.label}: ${cpu.toFixed(1)} µs`);
    }
}

function toRow({ subject, running, samples }: Contestant): Row {
  const middle = (pick: (sample: Sample) => number): number => median(samples.map(pick));
  const latency = (pick: (sample: Sample) => number | undefined): number | undefined =>
    samples.every((sample) => pick(sample) !== undefined) ? middle((sample) => pick(sample) ?? 0) : undefined;
  const sum = (pick: (sample: Sample) => number): number => samples.reduce((total, sample) => total + pick(sample), 0);
  return {
    subject: subject.name,
    label: subject.label,
    cpu: middle((sample) => sample.cpu),
    rps: Math.round(middle((sample) => sample.requests / sample.seconds)),
    p50: latency((sample) => sample.p50),
    p99: latency((sample) => sample.p99),
    rssMiB: running.residentBytes() / 2 ** 20,
    requests: sum((sample) => sample.requests),
    errors: sum((sample) => sample.errors),
    samples: samples.map((sample) => Math.round(sample.cpu * 10) / 10),
  };
}
