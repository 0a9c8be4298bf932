// The bench `ghz`: the load test of a user, in one line. ghz calls the example backend, then the same through the gateway.
import { checkProductOverGrpc } from "./load/answers.ts";
import { dist, root } from "./load/folders.ts";
import { freePort } from "../test/support/free-port.ts";
import { leaveUnpinned, type Running, startProcess } from "./load/process.ts";
import { writeProtoset } from "./load/protoset.ts";
import { saveResult } from "./load/results.ts";
import { ghz, needTool, type Seen } from "./load/tools.ts";
import type { BenchTable } from "./table.ts";

export interface GhzOptions {
  readonly quick: boolean;
  readonly calls: number | undefined;
  readonly progress: (line: string) => void;
}

const call = "shop.v1.Catalog/GetProduct";
const data = { name: "products/mug" };
const concurrency = 50;

export async function benchGhz({ quick, calls = quick ? 500 : 50_000, progress }: GhzOptions): Promise<BenchTable[]> {
  needTool("ghz");
  leaveUnpinned();
  const backend = await startExamples();
  let gateway: Running | undefined;
  try {
    gateway = await startGateway(backend.port);
    await checkProductOverGrpc(gateway.port, data.name).catch((error: unknown) => {
      throw new Error(`the gateway does not answer gRPC: ${error instanceof Error ? error.message : String(error)}`);
    });
    progress(`ghz: ${calls} calls to the backend …`);
    const direct = await load(backend.port, calls);
    progress(`ghz: ${calls} calls through the gateway …`);
    const cpuBefore = gateway.cpuMicros();
    const through = await load(gateway.port, calls);
    const cpu = (gateway.cpuMicros() - cpuBefore) / calls;
    const result = { calls, concurrency, call, direct, through, cpu };
    if (!quick) saveResult("ghz", result);
    return [toTable(result)];
  } finally {
    await gateway?.stop();
    await backend.stop();
  }
}

/** The examples take five ports in a row; the catalogue is served on the first. */
async function startExamples(): Promise<Running> {
  const port = await freePort(5);
  const args = [`${dist}examples/main.js`, "--port", String(port)];
  return startProcess("backend", "the example backend", port, { command: process.execPath, args });
}

async function startGateway(backend: number): Promise<Running> {
  const port = await freePort();
  const addresses = ["--upstream", `127.0.0.1:${backend}`, "--listen", `127.0.0.1:${port}`, "--admin", "off"];
  const args = [`${dist}src/main.js`, "serve", `${root}protos/examples`, ...addresses, "--quiet"];
  return startProcess("gateway", "the gateway", port, { command: process.execPath, args });
}

function load(port: number, calls: number): Promise<Seen> {
  return ghz({
    target: `127.0.0.1:${port}`,
    call,
    data: JSON.stringify(data),
    concurrency,
    calls,
    protoset: writeProtoset(`${root}protos/examples/shop/v1/catalog.proto`, `${root}protos/examples`),
  });
}

export interface GhzResult {
  readonly calls: number;
  readonly concurrency: number;
  readonly call: string;
  readonly direct: Seen;
  readonly through: Seen;
  /** µs of the gateway's CPU per call. */
  readonly cpu: number;
}

function toTable({ calls, direct, through, cpu }: GhzResult): BenchTable {
  const rate = (seen: Seen): number => Math.round(seen.requests / seen.seconds);
  const line = (name: string, of: (seen: Seen) => number): (string | number)[] => [
    name,
    of(direct),
    of(through),
    of(through) - of(direct),
  ];
  return {
    title: `ghz: ${calls} × ${call}, ${concurrency} at once, 4 connections`,
    columns: ["", "backend", "through the gateway", "difference"],
    rows: [
      line("calls/s", rate),
      line("p50 µs", (seen) => Math.round(seen.p50 ?? 0)),
      line("p99 µs", (seen) => Math.round(seen.p99 ?? 0)),
      line("errors", (seen) => seen.errors),
    ],
    facts: { "gateway CPU µs/call": Math.round(cpu * 10) / 10, "no errors": direct.errors + through.errors === 0 },
  };
}
