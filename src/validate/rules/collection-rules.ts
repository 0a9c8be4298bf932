// The rules of lists and maps as a whole; those of their items, keys and values are found by whoever walks them.
import type { Check } from "../inspection.ts";
import type { ScalarValue } from "../wire-shape.ts";
import type { RuleKind } from "./place.ts";
import { unless } from "./range.ts";

export const repeatedRuleNames: readonly string[] = ["min_items", "max_items", "unique", "items"];
export const mapRuleNames: readonly string[] = ["min_pairs", "max_pairs", "keys", "values"];

/** For the number of items. */
export function compileItemCounts(kind: RuleKind): Check<number>[] {
  const checks: Check<number>[] = [];
  const min = kind.count("min_items");
  if (min !== undefined)
    checks.push(unless((count) => count >= min, kind.rule("min_items", `must contain at least ${min} item(s)`)));
  const max = kind.count("max_items");
  if (max !== undefined)
    checks.push(unless((count) => count <= max, kind.rule("max_items", `must contain no more than ${max} item(s)`)));
  return checks;
}

/** For lists of scalars and enums. */
export function compileUnique(kind: RuleKind): Check<readonly ScalarValue[]> | undefined {
  if (!kind.isOn("unique")) return undefined;
  return unless(isUnique, kind.rule("unique", "repeated value must contain unique items"));
}

/** NaN equals nothing, so it may come twice. */
export function isUnique(values: readonly ScalarValue[]): boolean {
  const seen = new Set<ScalarValue>();
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const key = typeof value === "object" ? Buffer.from(value).toString("latin1") : value;
    if (seen.has(key)) return false;
    seen.add(key);
  }
  return true;
}

/** For the number of entries. */
export function compilePairCounts(kind: RuleKind): Check<number>[] {
  const checks: Check<number>[] = [];
  const min = kind.count("min_pairs");
  if (min !== undefined)
    checks.push(unless((count) => count >= min, kind.rule("min_pairs", `map must be at least ${min} entries`)));
  const max = kind.count("max_pairs");
  if (max !== undefined)
    checks.push(unless((count) => count <= max, kind.rule("max_pairs", `map must be at most ${max} entries`)));
  return checks;
}
