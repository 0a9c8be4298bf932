// What was written of a method as a plan: steps, what they take from each other, and the reply they make. All that is wrong is reported.
import { didYouMean } from "../diagnostic.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { maxCallsBounds, maxSteps } from "../schema/compose-rule.ts";
import type { ComposeRule, StepSettings } from "../schema/compose-rule.ts";
import type { Method, Schema } from "../schema/descriptor.ts";
import { readCount, readTimeout } from "./bounds.ts";
import { compileStep } from "./compile-step.ts";
import type { LooseStep } from "./compile-step.ts";
import { compileOut } from "./compile-out.ts";
import { conditionNames } from "./condition-names.ts";
import { findCycle, findUnused } from "./graph.ts";
import type { KnownStep } from "./known-step.ts";
import { PathFault } from "./path.ts";
import type { ComposePlan } from "./plan.ts";
import { reportOn } from "./reporting.ts";
import type { Reporting } from "./reporting.ts";

export interface ComposeInputs {
  readonly schema: Schema;
  /** Those that are composed, which no step calls. */
  readonly isComposed: (method: Method) => boolean;
  readonly report: (diagnostic: Diagnostic) => void;
}

/** Undefined where something is wrong, which is reported. */
export function compileComposition(method: Method, rule: ComposeRule, inputs: ComposeInputs): ComposePlan | undefined {
  const reporting = reportOn(rule, inputs.report);
  const { settings } = rule;
  if (method.kind !== "unary") reporting.fault([], `only unary methods are composed, and this is ${method.kind}`);
  if (settings.step.length === 0) reporting.fault([], "there is no step", "write step { id: … call: … }");
  if (settings.step.length > maxSteps)
    reporting.fault(
      ["step", maxSteps],
      `there are ${settings.step.length} steps, and ${maxSteps} are the most there may be`,
    );
  checkIds(settings.step, reporting);
  if (reporting.hasFaults()) return undefined;

  const findMethod = (call: string, step: StepSettings): Method => findCallable(call, step, inputs);
  const known = settings.step.map((step, index) => toKnown(step, index, { reporting, findMethod }));
  const steps = new Map(known.filter((one) => one !== undefined).map((one) => [one.settings.id, one]));
  const timeoutMs = readTimeout(settings.timeout, ["timeout"], reporting);
  const maxCalls = reporting.attempt(["max_calls"], () => readCount(settings.max_calls, maxCallsBounds));
  // What takes from a step whose method is not known would be wrong for that alone.
  if (steps.size < known.length) return undefined;
  const names = { request: method.input, steps };
  const loose = [...steps.values()].map((step) =>
    compileStep(step, { schema: inputs.schema, reporting, names, findMethod }),
  );
  const found = loose.filter((one) => one !== undefined);
  const out = compileOut(method, { rule, names, reporting });
  if (found.length < loose.length || !checkGraph(found, reporting) || out === undefined) return undefined;
  if (reporting.hasFaults()) return undefined;
  warnOfUnused(found, out.needs, reporting);
  warnOfDependence(found, reporting);
  warnOfTimes(found, timeoutMs, reporting);
  return {
    method,
    from: formatFrom(rule),
    settings,
    steps: found.map((step) => {
      const feeds = found.filter(({ needs }) => needs.includes(step.index)).map(({ index }) => index);
      return { ...step, feeds };
    }),
    prepare: out.prepare,
    out: out.texts,
    timeoutMs,
    maxCalls: maxCalls ?? maxCallsBounds.fallback,
  };
}

function formatFrom({ positionOf }: ComposeRule): string {
  const position = positionOf();
  return position === undefined ? "the configuration" : `${position.file}:${position.line}:${position.column}`;
}

function checkIds(steps: readonly StepSettings[], { fault }: Reporting): void {
  for (const [index, { id }] of steps.entries()) {
    const at = ["step", index, "id"];
    const first = steps.findIndex((step) => step.id === id);
    if (!/^[A-Za-z_]\w{0,63}$/.test(id))
      fault(at, `${JSON.stringify(id)} is no name for a step`, "letters, digits and _ are expected, at most 64");
    else if (id === "req" || id === "it" || conditionNames.includes(id))
      fault(at, `${id} is taken: it means something else in paths and conditions`, "call the step otherwise");
    else if (first < index) fault(at, `there is a step ${id} already`, "give each a name of its own");
  }
}

function toKnown(
  settings: StepSettings,
  index: number,
  {
    reporting,
    findMethod,
  }: { readonly reporting: Reporting; readonly findMethod: (call: string, step: StepSettings) => Method },
): KnownStep | undefined {
  const method = reporting.attempt(["step", index, "call"], () => findMethod(settings.call, settings));
  return method && { settings, index, method, output: method.output, isList: settings.each !== undefined };
}

/** Throws PathFault. */
function findCallable(call: string, step: StepSettings, { schema, isComposed }: ComposeInputs): Method {
  if (!/^[A-Za-z_][\w.]*\/[A-Za-z_]\w*$/.test(call))
    throw new PathFault(`${JSON.stringify(call.slice(0, 80))} is no method`, "write pkg.Service/Method");
  const method = schema.method(call.replace("/", "."));
  if (method === undefined) {
    const names = schema.services.flatMap((service) => service.methods.map(({ path }) => path.slice(1)));
    throw new PathFault(`there is no method ${call}`, didYouMean(call, names) ?? nearestByTail(call, names));
  }
  if (method.kind !== "unary") throw new PathFault(`${call} is ${method.kind}, and steps call unary methods`);
  if (isComposed(method)) throw new PathFault(`${call} is composed itself`, "name the methods that it is made of");
  if (method.idempotency !== "no-side-effects" && step.allow_side_effects !== true)
    throw new PathFault(
      `${call} is not marked as free of side effects, and nobody undoes them when another step fails`,
      "mark it with option idempotency_level = NO_SIDE_EFFECTS, or write allow_side_effects: true",
    );
  return method;
}

function nearestByTail(call: string, names: readonly string[]): string | undefined {
  const tail = call.slice(call.indexOf("/"));
  const found = names.find((name) => name.endsWith(tail));
  return found === undefined ? undefined : `did you mean "${found}"?`;
}

function checkGraph(steps: readonly LooseStep[], { fault }: Reporting): boolean {
  const cycle = findCycle(steps.map(({ needs }) => needs));
  if (cycle === undefined) return true;
  const ids = cycle.map((index) => steps[index].id);
  fault(["step", cycle[0]], `it waits for itself: ${ids.join(" → ")}`, "a step takes only from steps before it");
  return false;
}

function warnOfUnused(steps: readonly LooseStep[], out: readonly number[], { warn }: Reporting): void {
  const needs = steps.map((step) => step.needs);
  for (const index of findUnused(needs, out)) {
    if (steps[index].method.idempotency !== "no-side-effects") continue;
    warn(["step", index], "nothing of the reply comes from what it answers", "use it in out, or leave it out");
  }
}

function warnOfDependence(steps: readonly LooseStep[], { warn }: Reporting): void {
  for (const { index, optional, needs } of steps) {
    const loose = optional ? undefined : needs.find((need) => steps[need].optional);
    if (loose === undefined) continue;
    warn(
      ["step", index],
      `it takes from ${steps[loose].id}, which is optional, and is left out together with it`,
      "write optional: true here too",
    );
  }
}

function warnOfTimes(steps: readonly LooseStep[], timeoutMs: number, { warn, rule: { settings } }: Reporting): void {
  for (const { index, timeoutMs: ownMs } of steps) {
    if (ownMs === Infinity || ownMs <= timeoutMs) continue;
    warn(
      ["step", index, "timeout"],
      `${settings.step[index].timeout} is longer than all of it may take, ${settings.timeout}`,
      "make it shorter, or leave it out",
    );
  }
}
