// The settings about what is seen of calls, as the gateway runs by them.
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { layerError, locatePath } from "./layer.ts";
import type { Layer } from "./layer.ts";
import type { LogConfig, LogSettings, MetricSettings, MetricsConfig } from "./observe-settings.ts";
import { toBytes } from "./quantity.ts";
import type { Report } from "./yaml-source.ts";

/** Reports an output that cannot be. */
export function resolveLog(log: LogSettings, layers: readonly Layer[], report: Report): LogConfig {
  const { max_waiting, headers, ...same } = log;
  return {
    ...same,
    output: resolveOutput(log.output, layers, report),
    headers: headers.map((name) => name.toLowerCase()),
    maxWaitingBytes: toBytes(max_waiting),
  };
}

function resolveOutput(output: string, layers: readonly Layer[], report: Report): string {
  if (output === "stdout" || output === "stderr") return output;
  const layer = layers.find(({ settings }) => settings.log?.output !== undefined);
  if (layer === undefined) return output;
  const path = locatePath(layer, output);
  const problem = findProblem(path);
  if (problem !== undefined) report(layerError(layer, ["log", "output"], `${JSON.stringify(path)}: ${problem}`));
  return path;
}

function findProblem(path: string): string | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    return "this is a folder; stdout, stderr or a file is expected";
  return statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() === true
    ? undefined
    : "the folder is not there; stdout, stderr or a file in a folder that exists is expected";
}

/** Reports bounds that do not ascend. */
export function resolveMetrics(
  { enabled, buckets }: MetricSettings,
  layers: readonly Layer[],
  report: Report,
): MetricsConfig {
  const at = buckets.findIndex((bound, index) => index > 0 && bound <= buckets[index - 1]);
  const layer = layers.find(({ settings }) => settings.metrics?.buckets !== undefined);
  if (at > 0 && layer !== undefined)
    report(
      layerError(
        layer,
        ["metrics", "buckets", at],
        `the bounds ascend; ${buckets[at]} is not greater than ${buckets[at - 1]}, which is before it`,
      ),
    );
  return { enabled, buckets };
}
