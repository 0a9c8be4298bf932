// Composed methods, built from what the protos and the configuration say of them; without any nothing is built.
import type { Arranged } from "./chain/points.ts";
import { answerComposed } from "./compose/answer.ts";
import { settleCompositions } from "./compose/compositions.ts";
import { StepCounts } from "./compose/counts.ts";
import type { Compositions } from "./compose/plan.ts";
import type { Config } from "./config/config.ts";
import type { MetricSource } from "./exposition.ts";
import type { Schema } from "./schema/descriptor.ts";

export interface Composing {
  readonly plans: Compositions;
  /** Composed methods are answered before all that wraps backends, which each step is for. */
  readonly before: (arranged: Arranged) => Arranged;
  readonly metrics: MetricSource;
}

/** Throws DiagnosticError for what cannot be composed. */
export function createComposing(config: Config, schema: Schema): Composing {
  const plans = settleCompositions({ schema, rules: config.compose });
  const counts = new StepCounts();
  const answer = answerComposed(plans, { maxBytes: config.server.maxMessageBytes, counts });
  return {
    plans,
    before: (arranged) => (answer === undefined ? arranged : { ...arranged, around: [answer, ...arranged.around] }),
    metrics: () => (plans.size === 0 ? [] : counts.metrics()),
  };
}
