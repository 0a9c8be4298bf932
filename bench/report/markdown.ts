// Tables of results as Markdown.
import { judge } from "../load/bounds.ts";
import type { Cell, CellResult } from "../load/run-cell.ts";
import type { BenchTable } from "../table.ts";

type Value = string | number | undefined;

export function markdownTable(columns: readonly string[], rows: readonly (readonly Value[])[]): string {
  const line = (values: readonly string[]): string => `| ${values.join(" | ")} |`;
  const align = columns.map((_, at) => (rows.some((row) => typeof row[at] === "number") ? "---:" : "---"));
  return [line(columns), line(align), ...rows.map((row) => line(row.map(cellText)))].join("\n");
}

function cellText(value: Value): string {
  if (value === undefined || value === "") return "–";
  return typeof value === "number" ? figure(value) : value;
}

/** Three digits that mean something. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString("en");
  return value.toFixed(size >= 10 ? 1 : 2);
}

/** One cell: its table, what was asked of it, and who is missing. */
export function cellSection(cell: Cell, result: CellResult): string {
  const ours = result.rows.find((row) => row.subject === "sluice");
  const rows = result.rows.map((row) => [
    row.subject === "sluice" ? `**${row.label}**` : row.label,
    row.cpu,
    ours === undefined ? undefined : ours.cpu / row.cpu,
    row.rps,
    row.p50,
    row.p99,
    Math.round(row.rssMiB),
    row.samples.map((sample) => figure(sample)).join(" "),
  ]);
  const columns = ["subject", "CPU µs/request", "Sluice ÷ this", "requests/s", "p50 µs", "p99 µs", "RSS MiB", "runs"];
  const lines = [`### ${result.title}`, "", markdownTable(columns, rows)];
  const errors = result.rows.filter((row) => row.errors > 0);
  if (errors.length > 0) lines.push("", `Errors: ${errors.map((row) => `${row.label} ${row.errors}`).join(", ")}.`);
  for (const bound of cell.bounds ?? []) {
    const verdict = judge(bound, result);
    const asked = `asked: at most ${figure(bound.atMost)} ×`;
    if (verdict !== undefined)
      lines.push(
        "",
        `- ${verdict.text}: **${figure(verdict.measured)} ×**, ${asked}, ${verdict.holds ? "holds" : "missed"}`,
      );
  }
  for (const { subject, reason } of result.left) lines.push("", `Without ${subject}: ${reason}.`);
  // A list's items stand together.
  return lines
    .join("\n")
    .replaceAll(/\n\n(?=- )/g, "\n")
    .replace(/\|\n(?=- )/, "|\n\n");
}

export function tableSection(table: BenchTable): string {
  return markdownTable(table.columns, table.rows);
}
