// Rules of one enum: its first value, its numbers, its reserved ranges, and names that JSON would confuse.
import { isDamaged, isMisnested, mentions } from "./doubt.ts";
import type { EnumNode, EnumValueNode } from "./node.ts";
import { formatPlace } from "./problems.ts";
import type { Problems } from "./problems.ts";
import { checkReserved } from "./check-reserved.ts";

export function checkEnum(type: EnumNode, problems: Problems): void {
  const [first] = type.values;
  const isWhole = !isDamaged(type);
  if (type.raw.values.length === 0 && isWhole) {
    problems.error({
      position: type.position,
      rule: "empty-enum",
      message: `enum "${type.name}" has no values`,
      hint: "add a first value, e.g. UNSPECIFIED = 0",
    });
  }
  if (isWhole && first !== undefined && first.raw === type.raw.values[0] && first.number !== 0 && !type.closed) {
    problems.error({
      position: first.position,
      rule: "enum-first-value",
      message: `the first value of the open enum "${type.name}" is ${first.name} = ${first.number}, expected 0`,
      hint: "put a value of number 0 first, e.g. UNSPECIFIED = 0",
    });
  }
  if (isMisnested(type)) return;
  checkNumbers(type, problems);
  checkJsonConflicts(type, problems);
  checkReserved({ owner: type, noun: "enum value", members: type.raw.values }, problems);
}

function checkNumbers(type: EnumNode, problems: Problems): void {
  const mayAlias = type.options.get("allow_alias") === true;
  // It was meant, and the error in it was reported.
  const mayBeMeant =
    type.raw.options.kind === "text" &&
    type.raw.options.options.some(
      ({ name, value }) => name[0] === "allow_alias" && !(value.kind === "identifier" && value.text === "false"),
    );
  const isLost = !mayAlias && (mayBeMeant || mentions(type, "allow_alias"));
  const byNumber = new Map<number, EnumValueNode>();
  let hasAlias = false;
  for (const value of type.values) {
    const other = byNumber.get(value.number);
    if (other === undefined) {
      byNumber.set(value.number, value);
      continue;
    }
    hasAlias = true;
    if (mayAlias || isLost) continue;
    problems.error({
      position: value.position,
      rule: "duplicate-enum-number",
      message: `enum value "${value.name}" has the number ${value.number} of "${other.name}" at ${formatPlace(other.position)}`,
      hint: `give it another number, or add: option allow_alias = true;`,
    });
  }
  if (mayAlias && !hasAlias && !isDamaged(type)) {
    problems.error({
      position: type.optionPosition("allow_alias"),
      rule: "needless-alias",
      message: `enum "${type.name}" sets allow_alias, and no two values have the same number`,
      hint: "remove the option",
    });
  }
}

/** JSON readers may strip the enum's name and ignore case; values must still differ then. */
function checkJsonConflicts(type: EnumNode, problems: Problems): void {
  if (type.options.get("deprecated_legacy_json_field_conflicts") === true) return;
  const seen = new Map<string, EnumValueNode>();
  const prefix = type.raw.name.replaceAll("_", "").toLowerCase();
  for (const value of type.values) {
    const stripped = stripPrefix(value.name, prefix);
    const other = seen.get(stripped);
    if (other === undefined) seen.set(stripped, value);
    else if (other.number !== value.number && other.name !== value.name) {
      const problem = {
        position: value.position,
        rule: "enum-json-conflict",
        message: `enum values "${value.name}" and "${other.name}" of "${type.name}" differ only in case or by the enum's name before them`,
        hint: "rename one of them",
      };
      if (type.features.jsonFormat === "ALLOW") problems.error(problem);
      else if (type.file.isInput) problems.warning(problem);
    }
  }
}

/** protoc's rule: the enum's name goes from the front, compared without case and underscores; the rest in PascalCase. */
function stripPrefix(name: string, prefix: string): string {
  let matched = 0;
  let at = 0;
  while (at < name.length && matched < prefix.length) {
    const character = name[at].toLowerCase();
    if (character !== "_") {
      if (character !== prefix[matched]) return toPascalCase(name);
      matched++;
    }
    at++;
  }
  const rest = name.slice(at).replace(/^_+/, "");
  return toPascalCase(matched < prefix.length || rest === "" ? name : rest);
}

function toPascalCase(name: string): string {
  return name
    .split("_")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase())
    .join("");
}
