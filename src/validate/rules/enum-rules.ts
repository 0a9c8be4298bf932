// The rules of enums, whose values are numbers here.
import type { EnumType } from "../../schema/descriptor.ts";
import type { Check } from "../inspection.ts";
import { formatList, type RuleKind } from "./place.ts";
import { unless } from "./range.ts";

export const enumRuleNames: readonly string[] = ["const", "defined_only", "in", "not_in"];

export function compileEnumRules(kind: RuleKind, type: EnumType): Check<number>[] {
  const checks: Check<number>[] = [];
  const wanted = kind.get("const") as number | undefined;
  if (wanted !== undefined)
    checks.push(unless((value) => value === wanted, kind.rule("const", `must equal ${wanted}`)));
  if (kind.isOn("defined_only")) {
    const defined = new Set(type.values.map(({ number }) => number));
    checks.push(
      unless((value) => defined.has(value), kind.rule("defined_only", "value must be one of the defined enum values")),
    );
  }
  const allowed = kind.list("in") as readonly number[] | undefined;
  if (allowed !== undefined) {
    const set = new Set(allowed);
    checks.push(unless((value) => set.has(value), kind.rule("in", `must be in list ${formatList(allowed)}`)));
  }
  const refused = kind.list("not_in") as readonly number[] | undefined;
  if (refused !== undefined) {
    const set = new Set(refused);
    checks.push(unless((value) => !set.has(value), kind.rule("not_in", `must not be in list ${formatList(refused)}`)));
  }
  return checks;
}
