// How the steps of composed methods end: for the metrics. As many counts as the plans have steps, times the codes there are.
import type { Metric } from "../exposition.ts";
import { codeName } from "../status.ts";
import type { ComposePlan, StepPlan } from "./plan.ts";

export class StepCounts {
  readonly #counts = new Map<StepPlan, { readonly plan: ComposePlan; readonly byCode: Map<number, number> }>();

  count(plan: ComposePlan, step: StepPlan, code: number): void {
    let known = this.#counts.get(step);
    if (known === undefined) this.#counts.set(step, (known = { plan, byCode: new Map() }));
    known.byCode.set(code, (known.byCode.get(code) ?? 0) + 1);
  }

  metrics(): readonly Metric[] {
    const samples = [...this.#counts].flatMap(([{ id }, { plan, byCode }]) =>
      [...byCode].map(
        ([code, count]) => [{ method: plan.method.name, step: id, code: codeName(code) }, count] as const,
      ),
    );
    const help =
      "Steps of composed methods that ended, by method, step and gRPC status; those that were not called are left out.";
    return [{ name: "sluice_compose_steps_total", type: "counter", help, samples }];
  }
}
