// What every bench returns, and how it is printed.

export interface BenchTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** Figures and verdicts for machines (`--json`). */
  readonly facts: Readonly<Record<string, number | boolean>>;
}

/** Columns aligned: text to the left, numbers to the right. */
export function formatTable(table: BenchTable): string {
  const cells = [table.columns, ...table.rows].map((row) => row.map(formatCell));
  const widths = table.columns.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  const isNumeric = table.columns.map(
    (_, column) => table.rows.length > 0 && table.rows.every((row) => typeof row[column] === "number"),
  );
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (isNumeric[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  const facts = Object.entries(table.facts).map(([name, value]) => `${name}: ${formatCell(value)}`);
  return [table.title, "", lines[0], rule, ...lines.slice(1), ...(facts.length > 0 ? ["", ...facts] : [])].join("\n");
}

function formatCell(value: string | number | boolean): string {
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}
