// The benches `rest` and `grpc`: the cells of the load bench, one table each.
import { judge } from "./load/bounds.ts";
import { cells } from "./load/cells.ts";
import { saveResult } from "./load/results.ts";
import { type Cell, type CellResult, type RunOptions, runCell } from "./load/run-cell.ts";
import { findTool, toolNames } from "./load/tools.ts";
import type { BenchTable } from "./table.ts";

export interface LoadOptions extends RunOptions {
  /** Part of a cell's id or title; all cells without it. */
  readonly only: string | undefined;
  /** What goes behind the id of a saved result; "" for the ordinary way. */
  readonly suffix: string;
}

export async function benchLoad(bench: "rest" | "grpc", options: LoadOptions): Promise<BenchTable[]> {
  return benchCells(
    cells.filter((cell) => cell.bench === bench),
    options,
  );
}

export async function benchCells(all: readonly Cell[], options: LoadOptions): Promise<BenchTable[]> {
  const tables: BenchTable[] = [];
  const chosen = all.filter(({ id, title }) => `${id}: ${title}`.includes(options.only ?? ""));
  for (const cell of chosen) {
    const missing = missingTool(cell);
    if (missing !== undefined && options.quick) {
      options.progress(`${cell.id}: left out, ${missing}`);
      continue;
    }
    const result = await runCell(cell, options);
    for (const { subject, reason } of result.left) options.progress(`${cell.id}: without ${subject}: ${reason}`);
    const errors = result.rows.filter((row) => row.errors > 0);
    for (const row of errors) options.progress(`${cell.id}: ${row.label} had ${row.errors} errors`);
    if (!options.quick) saveResult(cell.id + options.suffix, result);
    tables.push(toTable(cell, result));
  }
  return tables;
}

/** A quick run, as CI has it, goes on without the load tools it lacks. */
function missingTool(cell: Cell): string | undefined {
  const name = toolNames.find((tool) => cell.title.endsWith(tool));
  return name === undefined || findTool(name) !== undefined ? undefined : `${name} is not on PATH`;
}

function toTable(cell: Cell, result: CellResult): BenchTable {
  const ours = result.rows.find((row) => row.subject === "sluice");
  const rows = result.rows.map((row) => [
    row.label,
    row.cpu,
    ours === undefined ? "" : row.cpu / ours.cpu,
    row.rps,
    row.p50 ?? "",
    row.p99 ?? "",
    Math.round(row.rssMiB),
    row.errors,
  ]);
  const facts: Record<string, number | boolean> = {};
  for (const bound of cell.bounds ?? []) {
    const verdict = judge(bound, result);
    if (verdict === undefined) continue;
    const name = `${verdict.text} (at most ${bound.atMost.toFixed(2)})`;
    facts[name] = Math.round(verdict.measured * 1000) / 1000;
    facts[`${name} holds`] = verdict.holds;
  }
  return {
    title: `${cell.id}: ${cell.title}; medians of ${result.runs}`,
    columns: ["subject", "CPU µs/request", "× Sluice", "requests/s", "p50 µs", "p99 µs", "RSS MiB", "errors"],
    rows,
    facts,
  };
}
