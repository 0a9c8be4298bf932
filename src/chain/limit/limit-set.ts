// The limits that one method has for its calls, or for its messages, ready to be asked.
import type { Call } from "../../call.ts";
import type { LimitRule } from "../../schema/limit-rule.ts";
import { toRefusal } from "./answer.ts";
import { createSlot } from "./limit.ts";
import type { Limit, LimitStore, Taken } from "./limit.ts";
import { compileKey } from "./limit-key.ts";
import type { KeyOf } from "./limit-key.ts";

export interface LimitSetOptions {
  readonly store: LimitStore;
  /** For metrics: what a call was refused by. */
  readonly onRefused?: (names: readonly string[]) => void;
}

export interface LimitSet {
  readonly limits: readonly Limit[];
  keysOf(call: Call): readonly string[];
  /** What it answers at once is to be read at once: the next one is written in its place. */
  take(keys: readonly string[], patienceMs: number): Taken | Promise<Taken>;
  /** The error, which has been counted. */
  refuse(taken: Taken): Error;
}

/** Undefined for no rules. */
export function compileSet(
  rules: readonly LimitRule[],
  limitOf: (rule: LimitRule) => Limit,
  { store, onRefused }: LimitSetOptions,
): LimitSet | undefined {
  if (rules.length === 0) return undefined;
  const limits = rules.map(limitOf);
  const keys = rules.map(({ key }) => compileKey(key));
  const slot = createSlot(limits.length);
  return {
    limits,
    keysOf: compileKeys(keys),
    take: (own, patienceMs) => store.take(limits, own, patienceMs, slot),
    refuse(taken) {
      onRefused?.(limits.filter((_, index) => taken.states[index].waitMs > 0).map(({ rule }) => rule.name));
      return toRefusal(limits, taken);
    },
  };
}

function compileKeys(keys: readonly KeyOf[]): (call: Call) => readonly string[] {
  const [first, second] = keys;
  if (keys.length === 1) return (call) => [first(call)];
  if (keys.length === 2) return (call) => [first(call), second(call)];
  return (call) => keys.map((keyOf) => keyOf(call));
}
