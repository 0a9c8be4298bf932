// Run by bounded.test.ts as a process of its own: a gateway that tells what it has cost since it was asked last.
import { GCProfiler } from "node:v8";
import { startGateway } from "../support/gateway.ts";
import { boundedProtos } from "./bounded-cases.ts";

export interface Cost {
  readonly cpuMicroseconds: number;
  /** Heap and buffers, garbage left out: at its highest, and at the end; beyond what there was at the beginning. */
  readonly peakBytes: number;
  readonly heldBytes: number;
}

const collect = globalThis.gc as () => void;

function used(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function settle(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return used();
}

const gateway = await startGateway({
  protos: boundedProtos,
  // In another process: what it costs to answer is not the gateway's.
  upstream: process.argv[2],
  yaml: [
    "server: { max_connections_per_ip: off }",
    "websocket: { max_sockets_per_principal: 1000, handshakes_per_second: 100000 }",
    // Whoever brings a token is looked at.
    `auth: { default: optional, issuers: [{ issuer: 'https://idp.example', jwks: '${process.argv[3]}', audience: shop, algorithms: [RS256] }] }`,
    // What is measured is what calls cost that are served.
    "shedding: { enabled: false }",
  ].join("\n"),
});
let profiler: GCProfiler | undefined;
let before = 0;
let started = process.cpuUsage();

process.on("message", (word) => {
  void (word === "begin" ? begin() : tell());
});

async function begin(): Promise<void> {
  before = await settle();
  profiler = new GCProfiler();
  profiler.start();
  started = process.cpuUsage();
  process.send?.("begun");
}

async function tell(): Promise<void> {
  const { user, system } = process.cpuUsage(started);
  const highest = (profiler?.stop().statistics ?? [])
    .filter(({ gcType }) => gcType === "MarkSweepCompact")
    .map(({ afterGC: { heapStatistics } }) => heapStatistics.usedHeapSize + heapStatistics.externalMemory);
  const held = await settle();
  const cost: Cost = {
    cpuMicroseconds: user + system,
    peakBytes: Math.max(held, ...highest) - before,
    heldBytes: held - before,
  };
  process.send?.(cost);
}

process.send?.({ host: gateway.host, port: gateway.port });
