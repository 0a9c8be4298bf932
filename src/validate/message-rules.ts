// The rules of a message as a whole: CEL over it, fields that exclude each other, oneofs of which one has to be set.
import type { Field, MessageType, OptionMessage } from "../schema/descriptor.ts";
import type { CelRules } from "./cel/cel-rules.ts";
import { readExpressions } from "./compile-value.ts";
import type { Inspection, Rule } from "./inspection.ts";
import { type Place, refuseRule, type Report } from "./rules/place.ts";

/** `isSet` is of the message that the inspection stands at. */
export type MessageRule = (isSet: (field: Field) => boolean, at: Inspection) => void;

export interface MessageRules {
  readonly checks: readonly MessageRule[];
  /** What `isSet` is asked about. */
  readonly fields: ReadonlySet<Field>;
  /** Fields that a rule `oneof` names: unset ones are spared their own rules. */
  readonly rivals: ReadonlySet<Field>;
}

export function compileMessageRules(type: MessageType, cel: () => CelRules, report: Report): MessageRules {
  const rules = type.options.get("(buf.validate.message)") as OptionMessage | undefined;
  const place = placeOf(type, report);
  refuseUnknown(type, place, rules);
  const fields = new Set<Field>();
  const rivals = new Set<Field>();
  const checks: MessageRule[] = readExpressions(rules).flatMap(({ expression, option }) => {
    const check = cel().compile(expression, { place, option, rulePath: "", subject: { kind: "message", type } });
    return check === undefined ? [] : [(_, at) => check(undefined, at)];
  });
  ((rules?.get("oneof") ?? []) as readonly OptionMessage[]).forEach((rule, index) => {
    const members = readMembers(type, place, rule, `oneof[${index}]`);
    for (const member of members) {
      fields.add(member);
      rivals.add(member);
    }
    if (members.length > 0) checks.push(...compileRivals(members, rule.get("required") === true));
  });
  for (const oneof of type.oneofs) {
    const own = oneof.options.get("(buf.validate.oneof)") as OptionMessage | undefined;
    if (own?.get("required") !== true) continue;
    for (const member of oneof.fields) fields.add(member);
    const rule = ruleOf("required", "exactly one field is required in oneof");
    checks.push((isSet, at) => {
      if (!oneof.fields.some(isSet)) at.violate(rule, oneof);
    });
  }
  return { checks, fields, rivals };
}

function ruleOf(id: string, message: string): Rule {
  return { id, message, path: "", forKey: false };
}

function compileRivals(members: readonly Field[], isRequired: boolean): MessageRule[] {
  const names = members.map(({ protoName }) => protoName).join(", ");
  const tooMany = ruleOf("message.oneof", `only one of ${names} can be set`);
  const none = ruleOf("message.oneof", `one of ${names} must be set`);
  return [
    (isSet, at) => {
      const count = members.filter(isSet).length;
      if (count > 1) at.violate(tooMany);
      else if (count === 0 && isRequired) at.violate(none);
    },
  ];
}

function readMembers(type: MessageType, place: Place, rule: OptionMessage, option: string): readonly Field[] {
  const names = (rule.get("fields") ?? []) as readonly string[];
  const members: Field[] = [];
  const refuse = (message: string, hint: string) => refuseRule(place, `${option}.fields`, message, hint);
  if (names.length === 0) refuse("a oneof rule names no field", "name the fields that exclude each other");
  for (const name of names) {
    const field = type.fields.find(({ protoName }) => protoName === name);
    if (field === undefined)
      refuse(`a oneof rule names "${name}", which is no field of the message`, "write fields as they are declared");
    else if (members.includes(field)) refuse(`a oneof rule names "${name}" twice`, "name it once");
    else members.push(field);
  }
  return members;
}

function placeOf(type: MessageType, report: Report): Place {
  return {
    name: type.name,
    option: "(buf.validate.message)",
    path: "",
    forKey: false,
    positionOf: (option) => type.optionPosition(option),
    report,
  };
}

/** What would be passed over in silence otherwise. */
function refuseUnknown(type: MessageType, place: Place, rules: OptionMessage | undefined): void {
  for (const name of rules?.keys() ?? [])
    if (!["cel", "cel_expression", "oneof"].includes(name))
      refuseRule(place, name, `the rule "${name}" is not known`, "see docs/validation.md for the rules that are");
  for (const extension of type.extensions) {
    if (!extension.options.has("(buf.validate.field)")) continue;
    place.report({
      severity: "error",
      position: extension.optionPosition("(buf.validate.field)"),
      message: `${extension.name}: rules of an extension are not enforced`,
      hint: "take the rules away, or put the field into the message itself",
      rule: "validation-rule",
    });
  }
}
