// The calls in a condition, operators among them: whether what they are given can be right, and what they give.
import { didYouMean } from "../../diagnostic.ts";
import { bool, describeType, oneOf, dyn, holdsMessage, int, mayBeEqual, string } from "./condition-type.ts";
import type { ConditionType } from "./condition-type.ts";
import type { Checking, Expression, Scope } from "./checking.ts";
import { patternProblem } from "./metered.ts";

type Arguments = readonly ConditionType[];
type Rule = (check: Checking, expression: Expression, given: Arguments) => ConditionType;

/** Methods count what they are called on as their first argument. */
export function checkCall(check: Checking, expression: Expression, scope: Scope): ConditionType {
  const { exprKind } = expression;
  if (exprKind.case !== "callExpr") return dyn;
  const { function: name, target, args } = exprKind.value;
  const parts = target === undefined ? args : [target, ...args];
  const given = parts.map((part) => check.typeOf(part, scope));
  const rule = operators.get(name);
  if (rule !== undefined) return rule(check, expression, given);
  if (!check.inputs.functions.has(name)) {
    const known = [...check.inputs.functions, "has", "all", "exists", "exists_one", "map", "filter"].filter((one) =>
      /^\w+$/.test(one),
    );
    return check.fault(
      expression,
      `there is no function ${name}`,
      didYouMean(name, known) ?? `there are ${known.sort().join(", ")}`,
    );
  }
  const whole = given.find((type) => holdsMessage(type) && (type.kind === "message" || type.kind === "record"));
  if (whole !== undefined)
    return check.fault(expression, `${name} of a whole ${describeType(whole)}: name one of its fields`);
  if (name === "matches") checkPattern(check, expression, args.at(-1));
  return functionTypes.get(name) ?? dyn;
}

/** Found at start, as one that is no RE2, or made of what a client sends, would be found by a client. */
function checkPattern(check: Checking, expression: Expression, pattern: Expression | undefined): void {
  const constant = pattern?.exprKind.case === "constExpr" ? pattern.exprKind.value.constantKind : undefined;
  if (constant?.case !== "stringValue") {
    check.fault(expression, "the pattern of matches is not written out", 'write it as text: x.matches("^[a-z]+$")');
    return;
  }
  const problem = patternProblem(constant.value);
  if (problem !== undefined)
    check.fault(expression, `${JSON.stringify(constant.value)} is no pattern in RE2: ${problem}`);
}

const functionTypes: ReadonlyMap<string, ConditionType> = new Map<string, ConditionType>([
  ...["contains", "startsWith", "endsWith", "matches", "bool"].map((name) => [name, bool] as const),
  ...["size", "int"].map((name) => [name, int] as const),
  ...["string"].map((name) => [name, string] as const),
  ...["uint", "double", "bytes", "timestamp", "duration"].map(
    (name) => [name, { kind: name as "uint" | "double" | "bytes" | "timestamp" | "duration" }] as const,
  ),
  ...[
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
  ].map((name) => [name, int] as const),
]);

const logical: Rule = (check, expression, given) => {
  const wrong = given.find(({ kind }) => kind !== "bool" && kind !== "dyn");
  if (wrong !== undefined)
    check.fault(expression, `true or false is expected beside &&, || and !, found ${oneOf(wrong)}`);
  return bool;
};

const equality: Rule = (check, expression, [left = dyn, right = dyn]) => {
  const whole = [left, right].find(holdsMessage);
  if (whole !== undefined)
    check.fault(expression, `${describeType(whole)} cannot be compared as a whole`, "compare its fields");
  else if (!mayBeEqual(left, right))
    check.fault(expression, `${oneOf(left)} is compared with ${oneOf(right)}: they are never equal`);
  return bool;
};

const order: Rule = (check, expression, [left = dyn, right = dyn]) => {
  const known = [left, right].filter(({ kind }) => kind !== "dyn");
  const wrong = known.find(({ kind }) => ["list", "map", "message", "record", "null"].includes(kind));
  if (wrong !== undefined) check.fault(expression, `${oneOf(wrong)} is neither more nor less than anything`);
  else if (!mayBeEqual(left, right)) check.fault(expression, `${oneOf(left)} is compared with ${oneOf(right)}`);
  return bool;
};

const membership: Rule = (check, expression, [item = dyn, range = dyn]) => {
  if (!["list", "map", "dyn"].includes(range.kind))
    check.fault(expression, `in asks ${oneOf(range)}, which is no list`);
  const inner = range.kind === "list" ? range.of : range.kind === "map" ? range.key : dyn;
  if (holdsMessage(item) || holdsMessage(inner))
    check.fault(expression, "whole messages cannot be looked for in a list");
  else if (!mayBeEqual(item, inner))
    check.fault(expression, `${oneOf(item)} is looked for in ${oneOf(range)}: it is never there`);
  return bool;
};

const choice: Rule = (check, expression, [condition = dyn, yes = dyn, no = dyn]) => {
  logical(check, expression, [condition]);
  return yes.kind === no.kind ? yes : dyn;
};

const index: Rule = (check, expression, [container = dyn]) => {
  if (container.kind === "list") return container.of;
  if (container.kind === "map") return container.value;
  if (container.kind === "dyn") return dyn;
  return check.fault(expression, `[…] is asked of ${oneOf(container)}, which is no list and no map`);
};

const arithmetic: Rule = (check, expression, given) => {
  const [left = dyn, right = left] = given;
  const wrong = given.find(({ kind }) => ["bool", "null", "map", "message", "record"].includes(kind));
  if (wrong !== undefined) return check.fault(expression, `nothing can be reckoned with ${oneOf(wrong)}`);
  return left.kind === right.kind ? left : dyn;
};

const operators: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...["_&&_", "_||_", "!_", "@not_strictly_false"].map((name) => [name, logical] as const),
  ...["_==_", "_!=_"].map((name) => [name, equality] as const),
  ...["_<_", "_<=_", "_>_", "_>=_"].map((name) => [name, order] as const),
  ...["_+_", "_-_", "_*_", "_/_", "_%_", "-_"].map((name) => [name, arithmetic] as const),
  ["@in", membership],
  ["_?_:_", choice],
  ["_[_]", index],
]);
