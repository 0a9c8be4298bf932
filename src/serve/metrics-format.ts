// In which format whoever asks for metrics wants them, by Accept: OpenMetrics where that is named and not liked less, else the older text.
import type { MetricsFormat } from "../exposition.ts";
import { parseWeighted } from "../weighted.ts";
import type { WeightedItem } from "../weighted.ts";

export const contentTypes: Readonly<Record<MetricsFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** What cannot be read counts as no wish: metrics are needed most when something is wrong. */
export function chooseFormat(accept: string | undefined): MetricsFormat {
  const items = parseWeighted(accept ?? "", (value) => value.includes("/")) ?? [];
  const open = weightOf(items, isOpenMetrics);
  return open > 0 && open >= weightOf(items, isText) ? "openmetrics" : "prometheus";
}

/** Nobody means it by an asterisk, and 0.0.1 is another format. */
function isOpenMetrics({ value, parameters }: WeightedItem): boolean {
  return value === "application/openmetrics-text" && (parameters.get("version") ?? "1.0.0") === "1.0.0";
}

function isText({ value }: WeightedItem): boolean {
  return value === "text/plain";
}

function weightOf(items: readonly WeightedItem[], isMeant: (item: WeightedItem) => boolean): number {
  return Math.max(0, ...items.filter(isMeant).map(({ weight }) => weight));
}
