// A composition, checked and compiled: what the scheduler runs and `sluice explain` prints.
import type { ComposeSettings } from "../schema/compose-rule.ts";
import type { Field, Method } from "../schema/descriptor.ts";
import type { StepCondition } from "./condition.ts";
import type { Source } from "./source.ts";
import type { PrepareWriter } from "./target.ts";

export interface StepPlan {
  readonly id: string;
  readonly index: number;
  readonly method: Method;
  /** Undefined for a single call. */
  readonly each: Source | undefined;
  /** The request of one call; with a batch, what all its calls have in common. */
  readonly prepare: PrepareWriter;
  readonly batch: BatchPlan | undefined;
  readonly condition: StepCondition | undefined;
  readonly optional: boolean;
  /** Milliseconds; Infinity for none of its own. */
  readonly timeoutMs: number;
  readonly maxParallel: number;
  /** Steps whose results it takes, and those that take its. */
  readonly needs: readonly number[];
  readonly feeds: readonly number[];
}

export interface BatchPlan {
  readonly method: Method;
  readonly keys: Field;
  readonly items: Field;
  /** Of an item. */
  readonly key: Field;
  readonly max: number;
  /** Reads the key of an element. */
  readonly source: Source;
}

export interface ComposePlan {
  readonly method: Method;
  /** Where it was said: `views.proto:12:5`. */
  readonly from: string;
  readonly settings: ComposeSettings;
  readonly steps: readonly StepPlan[];
  readonly prepare: PrepareWriter;
  /** What `out` says, or what follows where it says nothing. */
  readonly out: readonly string[];
  /** Milliseconds; Infinity for none of its own. */
  readonly timeoutMs: number;
  readonly maxCalls: number;
}

/** Of every method that is composed. */
export type Compositions = ReadonlyMap<Method, ComposePlan>;
