// The questions that have a plot: how the cost of a request moves with connections, message size and routes.
import { writeFileSync } from "node:fs";
import { cells } from "../load/cells.ts";
import { makeFolder, root } from "../load/folders.ts";
import { markdownTable } from "./markdown.ts";
import { plotSvg, type Series } from "./plot.ts";
import { savedCell } from "./saved.ts";

interface Curve {
  readonly name: string;
  readonly title: string;
  readonly xLabel: string;
}

export const curves: readonly Curve[] = [
  {
    name: "paced",
    title: "Cost against connections: small GET, 1,000 a second on all of them together",
    xLabel: "connections",
  },
  { name: "connections", title: "Cost against connections, all of them busy: small GET", xLabel: "connections" },
  { name: "size", title: "Cost against message size: nested JSON echoed by POST", xLabel: "bytes of JSON" },
  { name: "routes", title: "Cost against the number of routes: small GET", xLabel: "routes" },
];

/** The points of each subject that were measured. */
export function curveSeries(name: string): (Series & { readonly subject: string })[] {
  const points = cells.flatMap((cell) => {
    const result = cell.point?.curve === name ? savedCell(cell.id) : undefined;
    return result === undefined || cell.point === undefined ? [] : [{ x: cell.point.x, rows: result.rows }];
  });
  const labels = new Map(points.flatMap(({ rows }) => rows.map((row) => [row.subject, row.label])));
  return [...labels].map(([subject, label]) => ({
    subject,
    name: label,
    points: points.flatMap(({ x, rows }) =>
      rows.filter((row) => row.subject === subject).map((row) => [x, row.cpu] as const),
    ),
  }));
}

/** Highest over lowest cost of a subject along a curve. */
export function spread(name: string, of = "sluice"): number | undefined {
  const series = curveSeries(name).find(({ subject }) => subject === of);
  if (series === undefined || series.points.length < 2) return undefined;
  const costs = series.points.map(([, cost]) => cost);
  return Math.max(...costs) / Math.min(...costs);
}

/** Writes the plot, returns the section. */
export function curveSection(curve: Curve): string | undefined {
  const series = curveSeries(curve.name);
  if (series.length === 0) return undefined;
  const yLabel = "CPU µs per request";
  const file = `plots/${curve.name}.svg`;
  makeFolder(`${root}docs/plots`);
  writeFileSync(`${root}docs/${file}`, plotSvg({ title: curve.title, xLabel: curve.xLabel, yLabel, series }));
  const xs = [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const rows = series.map(({ name, points }) => [name, ...xs.map((x) => points.find(([at]) => at === x)?.[1])]);
  const columns = [`CPU µs per request, ${curve.xLabel}:`, ...xs.map((x) => x.toLocaleString("en"))];
  return [`### ${curve.title}`, "", `![${curve.title}](${file})`, "", markdownTable(columns, rows)].join("\n");
}
