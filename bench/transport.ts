// The bench `transport`: CPU of this process for a unary call, and memory of an idle stream, native beside grpc-js, on one cheap backend.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Transport } from "../src/upstream/transport.ts";
import { median } from "./measure.ts";
import type { BenchTable } from "./table.ts";
import { openTransport, unaryCall } from "./transport-calls.ts";

const names = ["native", "grpc-js"] as const;
const inFlight = 50;
const sizes = [40, 4000, 100_000];

export async function benchTransport({ quick }: { readonly quick: boolean }): Promise<BenchTable> {
  const backend = spawn(process.execPath, [fileURLToPath(new URL("transport-backend.js", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(backend.stdout, "data")) as [Buffer];
    const target = `127.0.0.1:${line.toString().trim()}`;
    return await measure(target, quick);
  } finally {
    backend.kill();
  }
}

async function measure(target: string, quick: boolean): Promise<BenchTable> {
  const transports = names.map((name) => openTransport(name, target));
  const rows: (string | number)[][] = [];
  const facts: Record<string, number | boolean> = {};
  for (const size of sizes) {
    const message = new Uint8Array(size).fill(7);
    for (const transport of transports) await check(transport, message);
    const [native, grpcJs] = await measureCpu(transports, message, quick);
    rows.push([`CPU µs per unary call, ${size} bytes each way`, native, grpcJs, grpcJs / native]);
    if (size === sizes[0]) {
      facts["native µs per small call"] = native;
      facts["grpc-js / native"] = grpcJs / native;
      facts["at least 4 times less"] = grpcJs >= native * 4;
    }
  }
  await Promise.all(transports.map((transport) => transport.close()));
  const idle = names.map((name) => measureIdle(name, target, quick));
  rows.push(["heap bytes per idle stream", ...idle.map(({ heap }) => Math.round(heap)), idle[1].heap / idle[0].heap]);
  rows.push(["resident bytes per idle stream", ...idle.map(({ rss }) => Math.round(rss)), idle[1].rss / idle[0].rss]);
  facts["idle stream within 8 KiB"] = Math.max(idle[0].heap, idle[0].rss) <= 8192;
  return {
    title: `transport: ${inFlight} unary calls in flight on one connection, medians of alternated rounds; idle streams in fresh processes`,
    columns: ["what", "native", "grpc-js", "ratio"],
    rows,
    facts,
  };
}

async function check(transport: Transport, message: Uint8Array): Promise<void> {
  const reply = await transport.unary(unaryCall("/t.S/Echo", message));
  assert.equal(Buffer.compare(reply.message, message), 0);
}

/** Median µs of this process per call of each; what disturbs the machine disturbs all of them. */
async function measureCpu(transports: readonly Transport[], message: Uint8Array, quick: boolean): Promise<number[]> {
  const calls = Math.round((quick ? 2000 : 10_000) / (1 + message.length / 20_000));
  const samples: number[][] = transports.map(() => []);
  for (let round = -2; round < (quick ? 3 : 9); round++) {
    for (const [index, transport] of transports.entries()) {
      const cost = await cpuPerCall(transport, message, calls);
      if (round >= 0) samples[index].push(cost);
    }
  }
  return samples.map(median);
}

async function cpuPerCall(transport: Transport, message: Uint8Array, calls: number): Promise<number> {
  const before = process.cpuUsage();
  let left = calls;
  const runner = async (): Promise<void> => {
    while (left-- > 0) await transport.unary(unaryCall("/t.S/Echo", message));
  };
  await Promise.all(Array.from({ length: inFlight }, runner));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

function measureIdle(name: string, target: string, quick: boolean): { readonly heap: number; readonly rss: number } {
  const child = fileURLToPath(new URL("transport-idle.js", import.meta.url));
  const count = String(quick ? 500 : 5000);
  return JSON.parse(execFileSync(process.execPath, [child, name, target, count], { encoding: "utf8" })) as {
    heap: number;
    rss: number;
  };
}
