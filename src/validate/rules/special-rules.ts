// The rules of google.protobuf.Any, by its type URL, and of FieldMask, by its paths.
import type { OptionMessage } from "../../schema/descriptor.ts";
import type { Check } from "../inspection.ts";
import { formatList, type RuleKind } from "./place.ts";
import { unless } from "./range.ts";

export const anyRuleNames: readonly string[] = ["in", "not_in"];

/** For the type URL. */
export function compileAnyRules(kind: RuleKind): Check<string>[] {
  const checks: Check<string>[] = [];
  const allowed = kind.list("in") as readonly string[] | undefined;
  if (allowed !== undefined) {
    const set = new Set(allowed);
    checks.push(unless((url) => set.has(url), kind.rule("in", "type URL must be in the allow list")));
  }
  const refused = kind.list("not_in") as readonly string[] | undefined;
  if (refused !== undefined) {
    const set = new Set(refused);
    checks.push(unless((url) => !set.has(url), kind.rule("not_in", "type URL must not be in the block list")));
  }
  return checks;
}

export const fieldMaskRuleNames: readonly string[] = ["const", "in", "not_in"];

/** For the paths. */
export function compileFieldMaskRules(kind: RuleKind): Check<readonly string[]>[] {
  const checks: Check<readonly string[]>[] = [];
  const constant = kind.get("const") as OptionMessage | undefined;
  if (constant !== undefined) {
    const wanted = (constant.get("paths") ?? []) as readonly string[];
    const isSame = (paths: readonly string[]) =>
      paths.length === wanted.length && paths.every((path, index) => path === wanted[index]);
    checks.push(unless(isSame, kind.rule("const", `must equal paths ${formatList(wanted)}`)));
  }
  const allowed = kind.list("in") as readonly string[] | undefined;
  if (allowed !== undefined) {
    const covers = coveredBy(allowed);
    const rule = kind.rule("in", `must only contain paths in ${formatList(allowed)}`);
    checks.push(unless((paths) => paths.every(covers), rule));
  }
  const refused = kind.list("not_in") as readonly string[] | undefined;
  if (refused !== undefined) {
    const covers = coveredBy(refused);
    const rule = kind.rule("not_in", `must not contain any paths in ${formatList(refused)}`);
    checks.push(unless((paths) => !paths.some(covers), rule));
  }
  return checks;
}

/** A path covers itself and what is below it. */
function coveredBy(paths: readonly string[]): (path: string) => boolean {
  const exact = new Set(paths);
  const prefixes = paths.map((path) => `${path}.`);
  return (path) => exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix));
}
