// What a metric is, wherever it is counted, and its text for Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/).

export type Labels = Readonly<Record<string, string | number>>;

/** How often values fell between the bounds. */
export interface Histogram {
  /** Ascending. A value goes with the first bound that is not below it. */
  readonly bounds: readonly number[];
  /** One more than there are bounds: the last counts what is over all of them. Not cumulative. */
  readonly counts: readonly number[];
  readonly sum: number;
}

interface MetricBase {
  readonly name: string;
  /** One sentence; the same as in docs/metrics.md. */
  readonly help: string;
}

export interface NumberMetric extends MetricBase {
  readonly type: "counter" | "gauge";
  readonly samples: readonly (readonly [labels: Labels, value: number])[];
}

export interface HistogramMetric extends MetricBase {
  readonly type: "histogram";
  readonly samples: readonly (readonly [labels: Labels, value: Histogram])[];
}

/** The values of its labels come from the protos and the configuration; never from a client. */
export type Metric = NumberMetric | HistogramMetric;

/** Asked at each scrape. */
export type MetricSource = () => readonly Metric[];

export function formatMetrics(metrics: readonly Metric[]): string {
  return metrics.map(formatMetric).join("");
}

/** Where a value is counted: the index of its bound, or one past the last. */
export function bucketOf(bounds: readonly number[], value: number): number {
  let at = 0;
  while (at < bounds.length && value > bounds[at]) at++;
  return at;
}

/** A count for each bucket, to count in: one more than there are bounds. */
export function countsByBucket(bounds: readonly number[]): number[] {
  return Array.from<number>({ length: bounds.length + 1 }).fill(0);
}

function formatMetric(metric: Metric): string {
  const { name, type, help } = metric;
  const lines =
    metric.type === "histogram"
      ? metric.samples.map(([labels, value]) => formatHistogram(name, labels, value))
      : metric.samples.map(([labels, value]) => `${name}${formatLabels(labels)} ${formatNumber(value)}\n`);
  return `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function formatHistogram(name: string, labels: Labels, { bounds, counts, sum }: Histogram): string {
  let total = 0;
  const lines = counts.map((count, index) => {
    total += count;
    const le = index < bounds.length ? formatNumber(bounds[index]) : "+Inf";
    return `${name}_bucket${formatLabels({ ...labels, le })} ${total}\n`;
  });
  const own = formatLabels(labels);
  return `${lines.join("")}${name}_sum${own} ${formatNumber(sum)}\n${name}_count${own} ${total}\n`;
}

function formatNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function formatLabels(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(String(value))}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
