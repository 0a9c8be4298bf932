// Reads a parsed condition before it ever runs: names, fields, functions and types that cannot be right are said at start.
import { didYouMean } from "../../diagnostic.ts";
import type { MessageType } from "../../schema/descriptor.ts";
import { checkCall } from "./check-call.ts";
import type { CheckInputs, Checking, ConditionFault, Expression, Scope } from "./checking.ts";
import { bool, describeType, oneOf, dyn, int, string, typeOfField } from "./condition-type.ts";
import type { ConditionType } from "./condition-type.ts";

export interface CheckedCondition {
  /** Variables that it looks at, `req` among them. */
  readonly variables: ReadonlySet<string>;
  /** Values of enums by the name they have in it. */
  readonly constants: ReadonlyMap<string, bigint>;
  readonly faults: readonly ConditionFault[];
}

/** More than anybody writes by hand. */
const maxNodes = 1000;

class Check implements Checking {
  readonly inputs: CheckInputs;
  readonly variables = new Set<string>();
  readonly constants = new Map<string, bigint>();
  readonly faults: ConditionFault[] = [];
  #nodes = 0;

  constructor(inputs: CheckInputs) {
    this.inputs = inputs;
  }

  fault(expression: Expression, message: string, hint?: string): ConditionType {
    this.faults.push({ message, hint, id: expression.id });
    return dyn;
  }

  typeOf(expression: Expression | undefined, scope: Scope): ConditionType {
    if (expression === undefined || ++this.#nodes > maxNodes) {
      if (this.#nodes === maxNodes + 1) this.faults.push({ message: `it has more than ${maxNodes} parts` });
      return dyn;
    }
    const { exprKind } = expression;
    switch (exprKind.case) {
      case "constExpr":
        return typeOfConstant(exprKind.value.constantKind.case);
      case "identExpr":
        return this.#typeOfName(expression, exprKind.value.name, scope);
      case "selectExpr":
        return this.#typeOfSelect(expression, scope);
      case "callExpr":
        return checkCall(this, expression, scope);
      case "listExpr":
        return {
          kind: "list",
          of: this.#common(exprKind.value.elements.map((element) => this.typeOf(element, scope))),
        };
      case "structExpr":
        return this.#typeOfStruct(expression, scope);
      case "comprehensionExpr":
        return this.#typeOfLoop(expression, scope);
      default:
        return this.fault(expression, "this cannot be read");
    }
  }

  #typeOfName(expression: Expression, name: string, scope: Scope): ConditionType {
    const local = scope.get(name);
    if (local !== undefined) return local;
    const known = name === "req" ? this.#typeOfRequest(expression) : this.inputs.variables.get(name);
    if (known === undefined) {
      const names = [...this.inputs.variables.keys(), "req", ...scope.keys()].filter(
        (candidate) => !candidate.startsWith("@"),
      );
      return this.fault(
        expression,
        `there is no ${name}`,
        didYouMean(name, names) ?? `conditions know ${names.join(", ")}`,
      );
    }
    this.variables.add(name);
    return known;
  }

  #typeOfRequest(expression: Expression): ConditionType {
    const { request } = this.inputs;
    if (request !== undefined) return { kind: "message", message: request };
    return this.fault(expression, "there is no request message to look at");
  }

  #typeOfSelect(expression: Expression, scope: Scope): ConditionType {
    const { exprKind } = expression;
    if (exprKind.case !== "selectExpr") return dyn;
    const { operand, field, testOnly } = exprKind.value;
    const constant = testOnly ? undefined : this.#enumValue(expression, scope);
    if (constant !== undefined) return int;
    const selected = this.#typeOfMember(expression, this.typeOf(operand, scope), field);
    return testOnly ? bool : selected;
  }

  #typeOfMember(expression: Expression, type: ConditionType, name: string): ConditionType {
    switch (type.kind) {
      case "dyn":
        return dyn;
      case "map":
        return type.value;
      case "record":
        return (
          type.fields.get(name) ??
          this.fault(expression, `${type.name} has no ${name}`, `it has ${[...type.fields.keys()].join(", ")}`)
        );
      case "message":
        return this.#typeOfField(expression, type.message, name);
      default:
        return this.fault(expression, `${name} is asked of ${oneOf(type)}, which has no fields`);
    }
  }

  #typeOfField(expression: Expression, message: MessageType, name: string): ConditionType {
    const field = message.fields.find((candidate) => candidate.protoName === name);
    if (field === undefined) {
      const names = message.fields.map((candidate) => candidate.protoName);
      const byJson = message.fields.find((candidate) => candidate.jsonName === name)?.protoName;
      const hint = byJson === undefined ? didYouMean(name, names) : `did you mean "${byJson}"?`;
      return this.fault(expression, `${message.name} has no field ${JSON.stringify(name)}`, hint);
    }
    const type = typeOfField(field);
    return typeof type === "string" ? this.fault(expression, `${field.name} cannot be used: ${type}`) : type;
  }

  /** `shop.v1.State.ACTIVE`, unless it begins with a variable. */
  #enumValue(expression: Expression, scope: Scope): bigint | undefined {
    const name = qualifiedName(expression);
    const [head] = name?.split(".") ?? [];
    if (name === undefined || scope.has(head) || this.inputs.variables.has(head) || head === "req") return undefined;
    const dot = name.lastIndexOf(".");
    const value = this.inputs
      .findEnum(name.slice(0, dot))
      ?.values.find((candidate) => candidate.name === name.slice(dot + 1));
    if (value === undefined) return undefined;
    this.constants.set(name, BigInt(value.number));
    return BigInt(value.number);
  }

  #typeOfStruct(expression: Expression, scope: Scope): ConditionType {
    const { exprKind } = expression;
    if (exprKind.case !== "structExpr") return dyn;
    if (exprKind.value.messageName !== "") return this.fault(expression, "conditions make no messages");
    const entries = exprKind.value.entries;
    const written = entries.flatMap(({ keyKind }) => (keyKind.case === "mapKey" ? writtenKey(keyKind.value) : []));
    const again = written.find((key, index) => written.indexOf(key) < index);
    if (again !== undefined) this.fault(expression, `the map has the key ${again} twice`);
    const keys = entries.map(({ keyKind }) => (keyKind.case === "mapKey" ? this.typeOf(keyKind.value, scope) : dyn));
    return {
      kind: "map",
      key: this.#common(keys),
      value: this.#common(entries.map(({ value }) => this.typeOf(value, scope))),
    };
  }

  /** What the macros all, exists, exists_one, filter and map have become. */
  #typeOfLoop(expression: Expression, scope: Scope): ConditionType {
    const { exprKind } = expression;
    if (exprKind.case !== "comprehensionExpr") return dyn;
    const loop = exprKind.value;
    const range = this.typeOf(loop.iterRange, scope);
    const isIterable = range.kind === "list" || range.kind === "map" || range.kind === "dyn";
    if (!isIterable) this.fault(expression, `${describeType(range)} is no list: there is nothing to go through`);
    const item = range.kind === "list" ? range.of : range.kind === "map" ? range.key : dyn;
    const start = this.typeOf(loop.accuInit, scope);
    const inner = new Map([
      ...scope,
      [loop.iterVar, item],
      [loop.accuVar, start.kind === "list" ? ({ kind: "list", of: dyn } as const) : start],
    ]);
    this.typeOf(loop.loopCondition, inner);
    this.typeOf(loop.loopStep, inner);
    return this.typeOf(loop.result, inner);
  }

  #common(types: readonly ConditionType[]): ConditionType {
    const [first = dyn, ...others] = types;
    return others.every(({ kind }) => kind === first.kind) ? first : dyn;
  }
}

/** Never throws for what a person wrote. */
export function checkCondition(expression: Expression, inputs: CheckInputs): CheckedCondition {
  const check = new Check(inputs);
  const type = check.typeOf(expression, new Map());
  if (check.faults.length === 0 && type.kind !== "bool" && type.kind !== "dyn")
    check.fault(expression, `a condition is true or false, this is ${oneOf(type)}`);
  const { variables, constants, faults } = check;
  return { variables, constants, faults };
}

/** Of 0 and 0u there is one: numbers of either kind are found by the other. */
function writtenKey({ exprKind }: Expression): string | never[] {
  if (exprKind.case !== "constExpr") return [];
  const { value } = exprKind.value.constantKind;
  return typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? []);
}

function typeOfConstant(kind: string | undefined): ConditionType {
  const kinds: Readonly<Record<string, ConditionType>> = {
    boolValue: bool,
    int64Value: int,
    uint64Value: { kind: "uint" },
    doubleValue: { kind: "double" },
    stringValue: string,
    bytesValue: { kind: "bytes" },
    nullValue: { kind: "null" },
  };
  return kinds[kind ?? ""] ?? dyn;
}

function qualifiedName({ exprKind }: Expression): string | undefined {
  if (exprKind.case === "identExpr") return exprKind.value.name;
  if (exprKind.case !== "selectExpr" || exprKind.value.operand === undefined) return undefined;
  const parent = qualifiedName(exprKind.value.operand);
  return parent === undefined ? undefined : `${parent}.${exprKind.value.field}`;
}
