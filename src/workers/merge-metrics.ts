// The metrics of several workers as one text: every sample with the label `worker`, each metric described once.
import { openMetricsEnd } from "../exposition.ts";
import type { MetricsFormat } from "../exposition.ts";

interface Described {
  readonly head: readonly string[];
  readonly samples: string[];
}

/** By number of the worker, each in that format. Exemplars stay where they are: behind the samples. */
export function mergeMetrics(texts: ReadonlyMap<number, string>, format: MetricsFormat = "prometheus"): string {
  const metrics = new Map<string, Described>();
  for (const [worker, text] of texts) {
    for (const [name, { head, samples }] of readMetrics(text)) {
      const metric = metrics.get(name) ?? { head, samples: [] };
      metrics.set(name, metric);
      for (const sample of samples) metric.samples.push(label(sample, worker));
    }
  }
  const lines = [...metrics.values()].flatMap(({ head, samples }) => [...head, ...samples].map((line) => `${line}\n`));
  return lines.join("") + (format === "openmetrics" ? openMetricsEnd : "");
}

/** What stands under each `# HELP`. */
function readMetrics(text: string): [name: string, metric: Described][] {
  return text.split(/^(?=# HELP )/m).flatMap((block): [string, Described][] => {
    const lines = block.split("\n").filter((line) => line !== "" && line !== openMetricsEnd.trimEnd());
    const [, name] = /^# HELP (\S+)/.exec(block) ?? [];
    const isComment = (line: string): boolean => line.startsWith("#");
    if (name === undefined) return [];
    return [[name, { head: lines.filter(isComment), samples: lines.filter((line) => !isComment(line)) }]];
  });
}

/** `name{a="b"} 1` and `name 1`; a label's value may hold braces and blanks, a name may not. */
function label(sample: string, worker: number): string {
  const [, name, rest] = /^([A-Za-z_:][\w:]*)(.*)$/s.exec(sample) ?? [];
  if (name === undefined) return sample;
  return rest.startsWith("{") ? `${name}{worker="${worker}",${rest.slice(1)}` : `${name}{worker="${worker}"}${rest}`;
}
