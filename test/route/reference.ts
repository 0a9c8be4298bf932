// The router's rules once more, as plainly as they can be said: try every binding on every reading of the path, sort, take the first.
import type { Binding, Segment } from "../../src/schema/binding.ts";

/** A way to read a path: its segments raw, and what is taken for the verb. */
interface Reading {
  readonly segments: readonly string[];
  readonly verb: string | undefined;
}

/** `LINE [captures]`, `404` or `405 ALLOW`, for a path without anything that is refused outright. */
export function referenceAnswer(
  bindings: readonly Binding[],
  httpMethod: string,
  path: string,
  isGateway: boolean,
): string {
  const hits = readingsOf(path, isGateway)
    .flatMap((reading, order) =>
      bindings.map((binding, index) => ({ binding, index, order, reading, steps: stepsOf(binding, reading) })),
    )
    .filter((hit) => hit.steps !== undefined);
  const serving = hits
    .map((hit) => ({ ...hit, fit: fitOf(hit.binding.httpMethod, httpMethod) }))
    .filter((hit) => hit.fit > 0)
    .sort((a, b) => {
      if (isGateway) return b.fit - a.fit || b.index - a.index;
      return a.order - b.order || compareText(a.steps ?? "", b.steps ?? "") || b.fit - a.fit;
    });
  if (isGateway && givesUpAt(bindings, httpMethod, path) > (serving[0]?.index ?? -1)) return "404";
  if (serving.length > 0) {
    const { binding, reading } = serving[0];
    return [binding.method.name, ...capturesOf(binding, reading)].join(" ");
  }
  if (hits.length === 0) return "404";
  const methods = new Set(["OPTIONS", ...hits.map((hit) => hit.binding.httpMethod)]);
  if (methods.has("GET")) methods.add("HEAD");
  return `405 ${[...methods].sort().join(",")}`;
}

/** The last binding of this method that has nothing before its verb in the last segment; -1 for none. */
function givesUpAt(bindings: readonly Binding[], httpMethod: string, path: string): number {
  const segments = path.slice(1).split("/");
  const last = segments.at(-1) ?? "";
  if (segments.length < 2 || !last.startsWith(":")) return -1;
  const verb = decodeURIComponent(last.slice(1));
  return bindings.findLastIndex((binding) => binding.httpMethod === httpMethod && binding.template.verb === verb);
}

function fitOf(bound: string, asked: string): number {
  if (bound === asked) return 3;
  if (bound === "GET" && asked === "HEAD") return 2;
  return bound === "*" ? 1 : 0;
}

/** Longest verb first, without a verb last. */
function readingsOf(path: string, isGateway: boolean): Reading[] {
  const segments = path === "/" ? [] : path.slice(1).split("/");
  if (segments.at(-1) === "" && !isGateway) return [];
  const readings: Reading[] = [];
  const last = segments.at(-1) ?? "";
  for (let at = 0; at < last.length; at++) {
    if (last[at] !== ":") continue;
    const verb = decodeURIComponent(last.slice(at + 1));
    if (at > 0) readings.push({ segments: [...segments.slice(0, -1), last.slice(0, at)], verb });
    else if (segments.length === 1) readings.push({ segments: [], verb });
  }
  readings.push({ segments, verb: undefined });
  if (path === "/" && isGateway) readings.push({ segments: [""], verb: undefined });
  return readings;
}

/** 0 for a literal, 1 for `*`, 2 for entering `**` and for each segment in it; undefined if the template does not match. */
function stepsOf(binding: Binding, reading: Reading): string | undefined {
  if (binding.template.verb !== reading.verb) return undefined;
  return steps(binding.template.segments, reading.segments.map(decodeURIComponent));
}

function steps(template: readonly Segment[], path: readonly string[]): string | undefined {
  if (template.length === 0) return path.length === 0 ? "" : undefined;
  const [first, ...rest] = template;
  if (first.kind === "multi") {
    for (let taken = 0; taken <= path.length; taken++) {
      const after = steps(rest, path.slice(taken));
      if (after !== undefined) return "2".repeat(taken + 1) + after;
    }
    return undefined;
  }
  if (path.length === 0 || (first.kind === "literal" && first.value !== path[0])) return undefined;
  const after = steps(rest, path.slice(1));
  return after === undefined ? undefined : (first.kind === "literal" ? "0" : "1") + after;
}

function capturesOf(binding: Binding, reading: Reading): string[] {
  const { segments, variables } = binding.template;
  const multi = segments.findIndex((segment) => segment.kind === "multi");
  const place = (at: number): number =>
    multi >= 0 && at > multi ? at + reading.segments.length - segments.length : at;
  return variables.map(({ start, end, isMulti }) => {
    const raw = reading.segments.slice(place(start), place(end)).join("/");
    return JSON.stringify(isMulti ? decodeURIComponent(raw.replace(/%(3A|2F)/gi, "%25$1")) : decodeURIComponent(raw));
  });
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
