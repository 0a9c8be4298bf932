// `lt`, `lte`, `gt`, `gte`: a range, or with the lower bound above the upper one everything outside of it.
import type { Check, Rule } from "../inspection.ts";
import type { RuleKind } from "./place.ts";

/** Negative, zero or positive, as for sorting; NaN where there is no order. */
export type Compare<T> = (one: T, other: T) => number;

interface Bound<T> {
  readonly name: string;
  readonly value: T;
  /** The value itself is out of the range. */
  readonly isOpen: boolean;
}

export interface RangeOptions<T> {
  readonly compare: Compare<T>;
  readonly format: (value: T) => string;
  /** From the option's value; undefined after it was refused. */
  readonly read: (name: string) => T | undefined;
}

/** Undefined where no bound is set. What has no order (NaN) is in no range. */
export function compileRange<T>(kind: RuleKind, { compare, format, read }: RangeOptions<T>): Check<T> | undefined {
  const bound = (names: readonly [string, string]): Bound<T> | undefined => {
    const name = names.find((candidate) => kind.get(candidate) !== undefined);
    const value = name === undefined ? undefined : read(name);
    return name === undefined || value === undefined ? undefined : { name, value, isOpen: name === names[0] };
  };
  const lower = bound(["gt", "gte"]);
  const upper = bound(["lt", "lte"]);
  const lowerText = lower && `greater than ${lower.isOpen ? "" : "or equal to "}${format(lower.value)}`;
  const upperText = upper && `less than ${upper.isOpen ? "" : "or equal to "}${format(upper.value)}`;
  const isAbove = ({ value, isOpen }: Bound<T>) =>
    isOpen ? (x: T) => compare(x, value) > 0 : (x: T) => compare(x, value) >= 0;
  const isBelow = ({ value, isOpen }: Bound<T>) =>
    isOpen ? (x: T) => compare(x, value) < 0 : (x: T) => compare(x, value) <= 0;
  if (lower === undefined) {
    if (upper === undefined) return undefined;
    return unless(isBelow(upper), kind.rule(upper.name, `must be ${upperText}`));
  }
  const above = isAbove(lower);
  if (upper === undefined) return unless(above, kind.rule(lower.name, `must be ${lowerText}`));
  const below = isBelow(upper);
  const id = `${kind.kind}.${lower.name}_${upper.name}`;
  if (compare(upper.value, lower.value) >= 0)
    return unless((x) => above(x) && below(x), kind.rule(lower.name, `must be ${lowerText} and ${upperText}`, id));
  const outside = kind.rule(lower.name, `must be ${lowerText} or ${upperText}`, `${id}_exclusive`);
  return unless((x) => above(x) || below(x), outside);
}

/** Tells of values that do not hold. */
export function unless<T>(holds: (value: T) => boolean, rule: Rule): Check<T> {
  return (value, at) => {
    if (!holds(value)) at.violate(rule);
  };
}
