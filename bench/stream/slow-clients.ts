// What clients cost that read nothing while their backends send without an end, and what the others notice of it.
import type { Running } from "../load/process.ts";
import { collected } from "./collected.ts";
import type { Counted } from "./order.ts";
import { startClients } from "./client-process.ts";
import { settledBytes, type Stage, type Stages, type StreamOptions } from "./run-subject.ts";
import { sluice } from "./subjects.ts";

/** µs, and echoes a second, of the clients that do read: one message under way at a time. */
export interface Echoes {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  /** Of the gateway, for each. */
  readonly cpu: number;
}

export interface SlowResult {
  readonly slow: number;
  readonly others: number;
  readonly date: string;
  /** Resident, as it comes, for each of them. */
  readonly kibPerSlowClient: number;
  /** Of the heap, and of memory beside it: growth by all of them. */
  readonly heapKib: number;
  readonly externalKib: number;
  readonly before: Echoes;
  readonly during: Echoes;
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
    await clients.close();
    const none = await collected(gateway, quick);
    await slowClients.open({ port, form: "simple", task: "flood", sockets: slow, isStalled: true });
    await untilIdle(gateway);
    const resident = await settledBytes(gateway, quick);
    const all = await collected(gateway, quick);
    await clients.open({ port, form: "simple", task: "echo", sockets: others, inFlight: 1 });
    await clients.count(quick ? 200 : 2000, pid);
    const during = await clients.count(seconds * 1000, pid);
    await clients.close();
    await slowClients.close();
    return {
      slow,
      others,
      date: new Date().toISOString(),
      kibPerSlowClient: (resident - none.resident) / slow / 1024,
      heapKib: (all.heap.heapUsed - none.heap.heapUsed) / slow / 1024,
      externalKib: (all.heap.external - none.heap.external) / slow / 1024,
      before: toEchoes(before),
      during: toEchoes(during),
    };
  } finally {
    await slowClients.stop();
  }
}

const idleLimitMs = 60_000;

/** The buffers of the system take some megabytes for each client before anything waits in the gateway. */
async function untilIdle(gateway: Running): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const before = gateway.cpuMicros();
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (gateway.cpuMicros() - before <= 20_000) return;
    if (performance.now() - startedAt > idleLimitMs)
      throw new Error(`the gateway still worked for clients that read nothing after ${idleLimitMs} ms`);
  }
}

function toEchoes({ p50, p99, frames, milliseconds, cpuMicros }: Counted): Echoes {
  return {
    p50: Math.round(p50),
    p99: Math.round(p99),
    perSecond: Math.round(frames / (milliseconds / 1000)),
    cpu: cpuMicros / Math.max(1, frames),
  };
}
