// What a metric is, wherever it is counted, and its text: as Prometheus has it (https://prometheus.io/docs/instrumenting/exposition_formats/),
// or OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/), which knows units and exemplars.

export type MetricsFormat = "prometheus" | "openmetrics";

export type Labels = Readonly<Record<string, string | number>>;

/** How often values fell between the bounds. */
export interface Histogram {
  /** Ascending. A value goes with the first bound that is not below it. */
  readonly bounds: readonly number[];
  /** One more than there are bounds: the last counts what is over all of them. Not cumulative. */
  readonly counts: readonly number[];
  readonly sum: number;
  /** By bucket; undefined where none are kept. */
  readonly exemplars?: readonly (Exemplar | undefined)[] | undefined;
}

/** One of the values of a bucket, and the trace that tells more of it. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
  readonly value: number;
  /** In Unix seconds. */
  readonly at: number;
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

/** The last line of OpenMetrics: without it what came is not all. */
export const openMetricsEnd = "# EOF\n";

export function formatMetrics(metrics: readonly Metric[], format: MetricsFormat = "prometheus"): string {
  const text = metrics.map((metric) => formatMetric(metric, format)).join("");
  return format === "openmetrics" ? text + openMetricsEnd : text;
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

function formatMetric(metric: Metric, format: MetricsFormat): string {
  const { name } = metric;
  const lines =
    metric.type === "histogram"
      ? metric.samples.map(([labels, value]) => formatHistogram(name, labels, value, format))
      : metric.samples.map(([labels, value]) => `${name}${formatLabels(labels)} ${formatNumber(value)}\n`);
  return (format === "openmetrics" ? describeOpenly(metric) : describe(metric)) + lines.join("");
}

function describe({ name, type, help }: Metric): string {
  return `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
}

/** A counter is a family whose only sample has `_total` behind the family's name; a unit is the end of that name. */
function describeOpenly({ name, type, help }: Metric): string {
  const family = type === "counter" ? name.replace(/_total$/, "") : name;
  const [, unit] = /_(seconds|bytes)$/.exec(family) ?? [];
  const described = `# HELP ${family} ${escapeLabel(help)}\n# TYPE ${family} ${type}\n`;
  return unit === undefined ? described : `${described}# UNIT ${family} ${unit}\n`;
}

function formatHistogram(name: string, labels: Labels, value: Histogram, format: MetricsFormat): string {
  const { bounds, counts, sum, exemplars } = value;
  let total = 0;
  const lines = counts.map((count, index) => {
    total += count;
    const le = index < bounds.length ? formatBound(bounds[index]) : "+Inf";
    const example = format === "openmetrics" ? exemplars?.[index] : undefined;
    return `${name}_bucket${formatLabels({ ...labels, le })} ${total}${example === undefined ? "" : formatExemplar(example)}\n`;
  });
  const own = formatLabels(labels);
  return `${lines.join("")}${name}_sum${own} ${formatNumber(sum)}\n${name}_count${own} ${total}\n`;
}

/** As OpenMetrics wants it, in both formats: a series has one name, however it was asked for. */
function formatBound(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : formatNumber(bound);
}

function formatExemplar({ traceId, spanId, value, at }: Exemplar): string {
  return ` # ${formatLabels({ trace_id: traceId, span_id: spanId })} ${formatNumber(value)} ${at.toFixed(3)}`;
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
