// A plan for people: what waits for what, how many round trips and calls it comes to.
import { toLevels } from "./graph.ts";
import type { ComposePlan, StepPlan } from "./plan.ts";

export interface DescribedComposition {
  /** Where it was said. */
  readonly from: string;
  /** Calls that have to end one after the other. */
  readonly roundTrips: number;
  /** `4 calls`, `3 calls, and one for each of order.lines`. */
  readonly calls: string;
  /** Steps, each below the last of those that it waits for. */
  readonly tree: readonly string[];
  readonly out: readonly string[];
}

export function describeComposition({ steps, from, out }: ComposePlan): DescribedComposition {
  const levels = toLevels(steps.map(({ needs }) => needs));
  return { from, roundTrips: Math.max(...levels), calls: countCalls(steps), tree: drawTree(steps, levels), out };
}

/** `order → customer, products, reco: 2 round trips, 4 calls`. */
export function summarizeComposition(plan: ComposePlan): string {
  const { roundTrips, calls } = describeComposition(plan);
  const levels = toLevels(plan.steps.map(({ needs }) => needs));
  const names = Array.from({ length: roundTrips }, (_, index) =>
    plan.steps.filter((step) => levels[step.index] === index + 1).map(({ id }) => id),
  );
  return `${names.map((level) => level.join(", ")).join(" → ")}: ${formatRoundTrips(roundTrips)}, ${calls}`;
}

export function formatRoundTrips(count: number): string {
  return count === 1 ? "1 round trip" : `${count} round trips`;
}

function countCalls(steps: readonly StepPlan[]): string {
  const loops = steps.filter(({ each, batch }) => each !== undefined && batch === undefined);
  const batches = steps.filter(({ batch }) => batch !== undefined);
  const sure = steps.length - loops.length;
  const more = [
    ...loops.map(({ each }) => `one for each of ${each?.text}`),
    ...batches.map(({ each, batch }) => `one more for each further ${batch?.max} of ${each?.text}`),
  ];
  return [sure === 1 ? "1 call" : `${sure} calls`, ...more].join(", ");
}

function drawTree(steps: readonly StepPlan[], levels: readonly number[]): string[] {
  const parentOf = ({ needs }: StepPlan): number | undefined =>
    needs.toSorted((a, b) => levels[b] - levels[a] || a - b).at(0);
  const draw = (step: StepPlan, indent: string, isLast: boolean): string[] => {
    const below = steps.filter((other) => parentOf(other) === step.index);
    const isRoot = parentOf(step) === undefined;
    const branch = isRoot ? "" : isLast ? "└ " : "├ ";
    const inner = isRoot ? indent : `${indent}${isLast ? "  " : "│ "}`;
    const others = step.needs.filter((need) => need !== parentOf(step)).map((need) => steps[need].id);
    return [
      `${indent}${branch}${describeStep(step, others)}`,
      ...below.flatMap((other, index) => draw(other, inner, index === below.length - 1)),
    ];
  };
  return steps.filter((step) => parentOf(step) === undefined).flatMap((step) => draw(step, "", true));
}

function describeStep(step: StepPlan, others: readonly string[]): string {
  const { id, method, each, batch, optional, timeoutMs, condition } = step;
  const called = (batch?.method ?? method).path.slice(1);
  const loop =
    each === undefined ? "" : ` for each of ${each.text}${batch === undefined ? "" : `, ${batch.max} a call`}`;
  const more = [
    others.length > 0 && `after ${others.join(", ")} too`,
    optional && "optional",
    timeoutMs !== Infinity && `within ${timeoutMs}ms`,
    condition !== undefined && `if ${condition.text}`,
  ].filter((part) => part !== false);
  return `${id}: ${called}${loop}${more.length === 0 ? "" : ` (${more.join("; ")})`}`;
}
