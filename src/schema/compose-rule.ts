// What a method is composed of, as protos and configuration write it: the same names in both, with the place of each part.
import type { Position } from "../diagnostic.ts";

export interface ComposeSettings {
  readonly step: readonly StepSettings[];
  readonly out?: readonly string[];
  readonly timeout?: string;
  readonly max_calls?: number;
}

export interface StepSettings {
  readonly id: string;
  readonly call: string;
  readonly set?: readonly string[];
  readonly each?: string;
  readonly batch?: BatchSettings;
  readonly if?: string;
  readonly optional?: boolean;
  readonly timeout?: string;
  readonly max_parallel?: number;
  readonly allow_side_effects?: boolean;
}

export interface BatchSettings {
  readonly call: string;
  readonly keys: string;
  readonly items: string;
  readonly key: string;
  readonly max?: number;
}

export interface ComposeRule {
  /** `pkg.Service.Method` */
  readonly method: string;
  readonly settings: ComposeSettings;
  /** Of a part, `step[0].set[1]` as `["step", 0, "set", 1]`; of the whole without one. Undefined where there is no file. */
  readonly positionOf: (path?: readonly (string | number)[]) => Position | undefined;
}

/** Inclusive; a step takes at least one call. */
export const maxSteps = 32;
const defaultCalls = 64;
const defaultParallel = 16;
export const maxCallsBounds = { min: 1, max: 1000, fallback: defaultCalls } as const;
export const parallelBounds = { min: 1, max: 1000, fallback: defaultParallel } as const;
export const batchBounds = { min: 1, max: 1000, fallback: 100 } as const;
