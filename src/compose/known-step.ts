// A step whose method is known: enough for other steps to name it, and to compile it.
import type { Method, Schema } from "../schema/descriptor.ts";
import type { StepSettings } from "../schema/compose-rule.ts";
import type { Reporting } from "./reporting.ts";
import type { Names, StepShape } from "./source.ts";

export interface KnownStep extends StepShape {
  readonly settings: StepSettings;
  readonly method: Method;
}

export interface StepInputs {
  readonly schema: Schema;
  readonly reporting: Reporting;
  readonly names: Omit<Names, "element" | "steps"> & { readonly steps: ReadonlyMap<string, KnownStep> };
  /** Of `pkg.Service/Method`, where the step may call it. Throws PathFault. */
  readonly findMethod: (call: string, settings: StepSettings) => Method;
}
