// The rules of numbers of every type: float … sfixed64.
import type { OptionValue } from "../../schema/descriptor.ts";
import type { Check } from "../inspection.ts";
import { formatList, type RuleKind } from "./place.ts";
import { compileRange, unless } from "./range.ts";

export const numberRuleNames: readonly string[] = ["const", "lt", "lte", "gt", "gte", "in", "not_in", "finite"];

type AnyNumber = number | bigint;

export function compileNumberRules(kind: RuleKind): Check<AnyNumber>[] {
  const checks: (Check<AnyNumber> | undefined)[] = [];
  // A float in an option's text has more digits than one on the wire.
  const settle = (value: OptionValue): AnyNumber =>
    kind.kind === "float" ? Math.fround(value as number) : (value as AnyNumber);
  const constant = kind.get("const");
  if (constant !== undefined) {
    const wanted = settle(constant);
    checks.push(unless((value) => value === wanted, kind.rule("const", `must equal ${wanted}`)));
  }
  const compare = (one: AnyNumber, other: AnyNumber) => (one < other ? -1 : one > other ? 1 : one == other ? 0 : NaN);
  const read = (name: string) => {
    const value = settle(kind.get(name)!);
    if (!Number.isNaN(value)) return value;
    kind.refuse(
      name,
      `nan is no bound: nothing is ${name.startsWith("l") ? "less" : "greater"} than it`,
      "write a number",
    );
    return undefined;
  };
  checks.push(compileRange<AnyNumber>(kind, { compare, format: String, read }));
  const allowed = kind.list("in")?.map(settle);
  if (allowed !== undefined) {
    const set = new Set(allowed.filter((value) => !Number.isNaN(value)));
    checks.push(unless((value) => set.has(value), kind.rule("in", `must be in list ${formatList(allowed)}`)));
  }
  const refused = kind.list("not_in")?.map(settle);
  if (refused !== undefined) {
    const set = new Set(refused.filter((value) => !Number.isNaN(value)));
    checks.push(unless((value) => !set.has(value), kind.rule("not_in", `must not be in list ${formatList(refused)}`)));
  }
  if (kind.isOn("finite"))
    checks.push(unless((value) => Number.isFinite(value), kind.rule("finite", "must be finite")));
  return checks.filter((check) => check !== undefined);
}

export const boolRuleNames: readonly string[] = ["const"];

export function compileBoolRules(kind: RuleKind): Check<boolean>[] {
  const wanted = kind.get("const") as boolean | undefined;
  if (wanted === undefined) return [];
  return [unless((value) => value === wanted, kind.rule("const", `must equal ${wanted}`))];
}
