// The saved results by what they are.
import type { GhzResult } from "../ghz.ts";
import { savedResult } from "../load/results.ts";
import type { CellResult } from "../load/run-cell.ts";
import type { MemoryResult } from "../memory.ts";
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
