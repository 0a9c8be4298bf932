// What clients cost that read nothing while their backends send without an end, and what the others notice of it.
import type { Counted } from "./order.ts";
import { startClients } from "./client-process.ts";
import { settledBytes, type Stage, type Stages, type StreamOptions } from "./run-subject.ts";
import { sluice } from "./subjects.ts";

/** µs, and echoes a second, of the clients that do read. */
export interface Echoes {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

export interface SlowResult {
  readonly slow: number;
  readonly others: number;
  readonly date: string;
  readonly kibPerSlowClient: number;
  readonly before: Echoes;
  readonly during: Echoes;
  /** Of a core, while nobody but the others took anything. */
  readonly busyBefore: number;
  readonly busyDuring: number;
}

export async function measureSlowClients(stages: Stages): Promise<SlowResult> {
  return stages.on(sluice, (stage) => measure(stage, stages.options));
}

async function measure(
  { gateway, clients }: Stage,
  { quick, seconds = quick ? 0.5 : 3 }: StreamOptions,
): Promise<SlowResult> {
  const slow = quick ? 20 : 200;
  const others = 20;
  const { port, pid } = gateway;
  const slowClients = startClients();
  try {
    await clients.open({ port, form: "simple", task: "echo", sockets: others, inFlight: 1 });
    await clients.count(quick ? 200 : 2000, pid);
    const before = await clients.count(seconds * 1000, pid);
    const bytesBefore = await settledBytes(gateway, quick);
    await slowClients.open({ port, form: "simple", task: "flood", sockets: slow, isStalled: true });
    const bytesAfter = await settledBytes(gateway, quick);
    const during = await clients.count(seconds * 1000, pid);
    await clients.close();
    await slowClients.close();
    return {
      slow,
      others,
      date: new Date().toISOString(),
      kibPerSlowClient: (bytesAfter - bytesBefore) / slow / 1024,
      before: toEchoes(before),
      during: toEchoes(during),
      busyBefore: before.cpuMicros / 1000 / before.milliseconds,
      busyDuring: during.cpuMicros / 1000 / during.milliseconds,
    };
  } finally {
    await slowClients.stop();
  }
}

function toEchoes({ p50, p99, frames, milliseconds }: Counted): Echoes {
  return { p50: Math.round(p50), p99: Math.round(p99), perSecond: Math.round(frames / (milliseconds / 1000)) };
}
