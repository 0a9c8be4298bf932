// The saved results by what they are.
import type { GhzResult } from "../ghz.ts";
import { savedResult } from "../load/results.ts";
import type { CellResult } from "../load/run-cell.ts";
import type { MemoryResult } from "../memory.ts";
import type { CyclesResult } from "../stream/cycles.ts";
import type { RateResult } from "../stream/rates.ts";
import type { SlowResult } from "../stream/slow-clients.ts";
import type { SocketsResult } from "../stream/sockets.ts";
import type { BenchTable } from "../table.ts";

export function savedCell(id: string): CellResult | undefined {
  return savedResult(id) as CellResult | undefined;
}

export function savedTable(id: string): BenchTable | undefined {
  return savedResult(id) as BenchTable | undefined;
}

export function savedMemory(): MemoryResult | undefined {
  return savedResult("memory") as MemoryResult | undefined;
}

export function savedGhz(): GhzResult | undefined {
  return savedResult("ghz") as GhzResult | undefined;
}

export function savedRate(id: string): RateResult | undefined {
  return savedResult(id) as RateResult | undefined;
}

export function savedSockets(): SocketsResult | undefined {
  return savedResult("stream-sockets") as SocketsResult | undefined;
}

export function savedSlow(): SlowResult | undefined {
  return savedResult("stream-slow") as SlowResult | undefined;
}

export function savedCycles(): CyclesResult | undefined {
  return savedResult("stream-cycles") as CyclesResult | undefined;
}
