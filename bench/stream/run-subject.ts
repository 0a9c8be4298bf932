// What every part of the bench `stream` needs: backend, gateway and clients of one subject, all of them ended afterwards.
import { freePort } from "../../test/support/free-port.ts";
import { type Running, startProcess } from "../load/process.ts";
import type { Left, RunOptions } from "../load/run-cell.ts";
import type { BackendKind } from "../load/subjects.ts";
import { type Clients, startClients } from "./client-process.ts";
import { streamBackend, type StreamSubject, streamSubjects } from "./subjects.ts";

export interface StreamOptions extends RunOptions {
  readonly only: string | undefined;
  readonly suffix: string;
  readonly backend: BackendKind;
}

export interface Stage {
  readonly subject: StreamSubject;
  readonly gateway: Running;
  readonly clients: Clients;
}

/** Those that were asked for. A quick run has none but ours: it installs nothing. */
export function chosenSubjects({ peers, quick }: StreamOptions, names: readonly string[]): StreamSubject[] {
  return streamSubjects.filter(
    ({ name }) => names.includes(name) && (peers === undefined ? !quick || name === "sluice" : peers.includes(name)),
  );
}

/** A part of the bench: it may end the gateway, and leaves no sockets open otherwise. */
type Act<Result> = (stage: Stage) => Promise<Result>;

interface OpenStage extends Stage {
  stop(): Promise<void>;
}

/** Fresh processes for every part; for a quick run, which wants answers only, one set for all parts. */
export class Stages {
  readonly options: StreamOptions;
  #shared: OpenStage | undefined;

  constructor(options: StreamOptions) {
    this.options = options;
  }

  async on<Result>(subject: StreamSubject, act: Act<Result>): Promise<Result> {
    if (this.options.quick) {
      this.#shared ??= await openStage(subject, this.options);
      return act(this.#shared);
    }
    const stage = await openStage(subject, this.options);
    try {
      return await act(stage);
    } finally {
      await stage.stop();
    }
  }

  async stop(): Promise<void> {
    await this.#shared?.stop();
  }
}

async function openStage(subject: StreamSubject, options: StreamOptions): Promise<OpenStage> {
  subject.install();
  const backendPort = await freePort();
  const backendProcess = streamBackend(backendPort, options.backend, options.quick);
  const backend = await startProcess("backend", "the backend", backendPort, backendProcess);
  try {
    const port = await freePort();
    const gateway = await startProcess("gateway", subject.label, port, subject.command(port, backendPort));
    const clients = startClients();
    const stop = async (): Promise<void> => {
      await clients.stop();
      await gateway.stop();
      await backend.stop();
    };
    return { subject, gateway, clients, stop };
  } catch (error) {
    await backend.stop();
    throw error;
  }
}

/** The results of all subjects that could take part; ours must. */
export async function eachSubject<Result>(
  subjects: readonly StreamSubject[],
  run: (subject: StreamSubject) => Promise<Result>,
): Promise<{ readonly results: Result[]; readonly left: Left[] }> {
  const results: Result[] = [];
  const left: Left[] = [];
  for (const subject of subjects) {
    try {
      results.push(await run(subject));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (subject.name === "sluice") throw new Error(`${subject.label}: ${reason}`, { cause: error });
      left.push({ subject: subject.label, reason });
    }
  }
  return { results, left };
}

/** Collectors give memory back a little later: waits until it no longer changes much, and says how much it is. */
export async function settledBytes(gateway: Running, isQuick: boolean): Promise<number> {
  const pauseMs = isQuick ? 30 : 1000;
  let before = gateway.residentBytes();
  for (let looks = 0; looks < 8; looks++) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const now = gateway.residentBytes();
    // A gateway gives memory back some seconds after a crowd has gone.
    if (looks > (isQuick ? 0 : 3) && Math.abs(now - before) < before / 200) return now;
    before = now;
  }
  return before;
}
