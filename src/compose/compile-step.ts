// A step of a composition as a plan of its calls; what cannot be right is reported.
import { lazily } from "../lazily.ts";
import { parallelBounds } from "../schema/compose-rule.ts";
import { readCount, readTimeout } from "./bounds.ts";
import { compileBatch } from "./compile-batch.ts";
import type { StepCondition } from "./condition.ts";
import type { KnownStep, StepInputs } from "./known-step.ts";
import { toOrigin } from "./origin.ts";
import { describeType, PathFault } from "./path.ts";
import type { StepPlan } from "./plan.ts";
import type { Reporting } from "./reporting.ts";
import { compileSource } from "./source.ts";
import type { Names, Source } from "./source.ts";
import { checkLoops, checkRivals, compileWriter, splitAssignment, toAssignment } from "./target.ts";
import type { Assignment } from "./target.ts";

const loadConditions = lazily(import.meta.url, "./condition.js") as () => typeof import("./condition.ts");

type KnownSteps = StepInputs["names"]["steps"];

/** Without what follows from other steps. */
export type LooseStep = Omit<StepPlan, "feeds">;

/** Undefined where something is wrong, which is reported. */
export function compileStep(step: KnownStep, inputs: StepInputs): LooseStep | undefined {
  const { settings, index, method } = step;
  const { reporting, schema } = inputs;
  const at = ["step", index];
  const each = settings.each === undefined ? undefined : compileEach(settings.each, step, inputs);
  if (settings.each !== undefined && each === undefined) return undefined;
  const names: Names = { ...inputs.names, element: each?.type };
  const assignments = compileAssignments(settings.set ?? [], step, { reporting, names, steps: inputs.names.steps });
  const condition = compileIf(step, names, { reporting, schema });
  const timeoutMs = readTimeout(settings.timeout, [...at, "timeout"], reporting);
  const maxParallel = reporting.attempt([...at, "max_parallel"], () =>
    readCount(settings.max_parallel, parallelBounds),
  );
  if (each === undefined) checkSingle(step, reporting);
  if (assignments === undefined || condition === "refused") return undefined;
  if (each !== undefined && !assignments.some(({ source }) => source.isElement))
    reporting.warn([...at, "each"], "asks the same for every element: set takes nothing from it");
  const batch = settings.batch === undefined ? undefined : compileBatch(step, { ...inputs, assignments });
  const needs = [each, ...assignments.map(({ source }) => source)].flatMap((source) => source?.step ?? []);
  return {
    id: settings.id,
    index,
    method,
    each,
    prepare: compileWriter(batch?.common ?? assignments),
    batch: batch?.plan,
    condition,
    optional: settings.optional === true,
    timeoutMs,
    maxParallel: maxParallel ?? parallelBounds.fallback,
    needs: [...new Set([...needs, ...(condition?.needs ?? [])])],
  };
}

function compileEach(text: string, { index }: KnownStep, { reporting, names }: StepInputs): Source | undefined {
  return reporting.attempt(["step", index, "each"], () => {
    const source = compileSource(text, { ...names, element: undefined });
    if (source.type.kind === "map") throw new PathFault(`${text} is a map, and each goes over a list`);
    if (source.lists.length === 1) return source;
    throw new PathFault(
      source.lists.length === 0
        ? `each goes over a list, and ${text} is ${describeType(source.type)}`
        : `each goes over one list, and ${text} is lists in lists`,
      "name a repeated field, or a step that has each",
    );
  });
}

/** Of a step without each. */
function checkSingle({ settings, index }: KnownStep, { fault }: Reporting): void {
  for (const key of ["batch", "max_parallel"] as const)
    if (settings[key] !== undefined)
      fault(["step", index, key], `${key} is about the calls of each, and there is no each`);
}

/** Undefined where one is wrong. */
function compileAssignments(
  texts: readonly string[],
  { index, method }: KnownStep,
  { reporting, names, steps }: Pick<StepInputs, "reporting"> & { readonly names: Names; readonly steps: KnownSteps },
): readonly Assignment[] | undefined {
  const found = texts.map((text, place) =>
    reporting.attempt(["step", index, "set", place], () => {
      const [target, source] = splitAssignment(text);
      return toAssignment(target, method.input, compileSource(source, names));
    }),
  );
  const assignments = found.filter((one) => one !== undefined);
  if (assignments.length < texts.length) return undefined;
  return reporting.attempt(["step", index, "set"], () => {
    checkRivals(assignments);
    checkLoops(assignments, (list) => toOrigin(list, steps));
    return assignments;
  });
}

function compileIf(
  { settings, index }: KnownStep,
  names: Names,
  { reporting, schema }: Pick<StepInputs, "reporting" | "schema">,
): StepCondition | undefined | "refused" {
  if (settings.if === undefined) return undefined;
  const condition = loadConditions().compileStepCondition(settings.if, names, (name) => schema.enum(name));
  if (!("faults" in condition)) return condition;
  for (const { message, hint } of condition.faults) reporting.fault(["step", index, "if"], message, hint);
  return "refused";
}
