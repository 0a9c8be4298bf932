// An expression's tree before it is planned: names that mean nothing are found, and what loops over a message is put under a meter.
import type { parse } from "@bufbuild/cel";
import type { DescField, DescMessage, Registry } from "@bufbuild/protobuf";
import { rangeFunction, weighFunction } from "./functions.ts";

export type Expr = ReturnType<typeof parse>["expr"];
type Call = Extract<Expr["exprKind"], { case: "callExpr" }>["value"];
type Comprehension = Extract<Expr["exprKind"], { case: "comprehensionExpr" }>["value"];

export interface Names {
  /** With the message type behind it, where that is one whose fields are known. */
  readonly variables: ReadonlyMap<string, DescMessage | undefined>;
  readonly registry: Registry;
  isFunction(name: string): boolean;
}

/** Planned by the language itself; their arguments are not all looked at. */
const operators: ReadonlySet<string> = new Set("_[_] _?_:_ _&&_ _||_ @not_strictly_false _[?_] _?._".split(" "));
const weightless: ReadonlySet<string> = new Set([
  ...operators,
  "!_",
  "-_",
  "size",
  "_<_",
  "_<=_",
  "_>_",
  "_>=_",
  "has",
]);
const types: ReadonlySet<string> = new Set("bool bytes double int list map null_type string type uint dyn".split(" "));
const dynamic = /^google\.protobuf\.(?:Any|Value|Struct|ListValue|Duration|Timestamp|\w+Value)$/;

/** Undefined, or what is wrong with it. Changes the tree. */
export function prepareExpression(root: Expr, names: Names): string | undefined {
  const preparation = new Preparation(names);
  preparation.visit(root, []);
  return preparation.fault;
}

class Preparation {
  readonly #names: Names;
  fault: string | undefined;
  #loops = 0;

  constructor(names: Names) {
    this.#names = names;
  }

  /** `locals` are the variables of the loops around it. */
  visit(expr: Expr | undefined, locals: readonly string[]): void {
    if (expr === undefined || this.fault !== undefined) return;
    const { exprKind } = expr;
    switch (exprKind.case) {
      case "identExpr":
        this.#checkName(expr, exprKind.value.name, locals);
        return;
      case "selectExpr":
        this.#visitSelect(expr, locals);
        return;
      case "callExpr":
        this.#visitCall(exprKind.value, locals);
        return;
      case "comprehensionExpr":
        this.#visitLoop(exprKind.value, locals);
        return;
      case "listExpr":
        for (const element of exprKind.value.elements) this.visit(element, locals);
        return;
      case "structExpr":
        for (const entry of exprKind.value.entries) {
          if (entry.keyKind.case === "mapKey") this.visit(entry.keyKind.value, locals);
          this.visit(entry.value, locals);
        }
        return;
      default:
    }
  }

  #checkName(_expr: Expr, name: string, locals: readonly string[]): void {
    if (locals.includes(name) || types.has(name) || this.#names.variables.has(name)) return;
    this.fault = `"${name}" is no name that rules know; they know ${[...this.#names.variables.keys()].join(", ")}`;
  }

  #visitSelect(expr: Expr, locals: readonly string[]): void {
    if (expr.exprKind.case !== "selectExpr") return;
    const path = dottedPath(expr);
    if (path !== undefined && !locals.includes(path[0]) && !this.#names.variables.has(path[0])) {
      // A type, or a value of an enum, by its full name.
      const isKnown = path.some(
        (_, index) => this.#names.registry.get(path.slice(0, index + 1).join(".")) !== undefined,
      );
      if (!isKnown) this.#checkName(expr, path[0], locals);
      return;
    }
    const { operand, field } = expr.exprKind.value;
    this.visit(operand, locals);
    const type = operand === undefined ? undefined : this.#typeOf(operand, locals);
    if (type === undefined || this.fault !== undefined || type.fields.some(({ name }) => name === field)) return;
    this.fault = `${type.typeName} has no field "${field}"`;
  }

  /** The message that an expression is, where it is plain from its text. */
  #typeOf(expr: Expr, locals: readonly string[]): DescMessage | undefined {
    const { exprKind } = expr;
    if (exprKind.case === "identExpr" && !locals.includes(exprKind.value.name))
      return known(this.#names.variables.get(exprKind.value.name));
    if (exprKind.case !== "selectExpr" || exprKind.value.operand === undefined) return undefined;
    const type = this.#typeOf(exprKind.value.operand, locals);
    const field: DescField | undefined = type?.fields.find(({ name }) => name === exprKind.value.field);
    return field?.fieldKind === "message" ? known(field.message) : undefined;
  }

  #visitCall(call: Call, locals: readonly string[]): void {
    this.visit(call.target, locals);
    for (const argument of call.args) this.visit(argument, locals);
    const name = call.function;
    if (!operators.has(name) && !this.#names.isFunction(name)) this.fault ??= `there is no function "${name}"`;
    if (this.#loops === 0 || weightless.has(name)) return;
    if (call.target !== undefined) call.target = wrap(weighFunction, call.target);
    call.args = call.args.map((argument) => wrap(weighFunction, argument));
  }

  #visitLoop(loop: Comprehension, locals: readonly string[]): void {
    this.visit(loop.iterRange, locals);
    this.visit(loop.accuInit, locals);
    const inner = [...locals, loop.iterVar, loop.iterVar2, loop.accuVar];
    this.#loops++;
    this.visit(loop.loopCondition, inner);
    this.visit(loop.loopStep, inner);
    this.#loops--;
    this.visit(loop.result, inner);
    if (loop.iterRange !== undefined) loop.iterRange = wrap(rangeFunction, loop.iterRange);
  }
}

/** Other types than these have fields of their own in CEL, or are not messages to it. */
function known(type: DescMessage | undefined): DescMessage | undefined {
  return type === undefined || dynamic.test(type.typeName) ? undefined : type;
}

/** `a.b.c`, where an expression is nothing else. */
function dottedPath({ exprKind }: Expr): readonly string[] | undefined {
  if (exprKind.case === "identExpr") return [exprKind.value.name];
  if (exprKind.case !== "selectExpr" || exprKind.value.operand === undefined) return undefined;
  const path = dottedPath(exprKind.value.operand);
  return path === undefined ? undefined : [...path, exprKind.value.field];
}

function wrap(name: string, argument: Expr): Expr {
  const call = { $typeName: "cel.expr.Expr.Call", function: name, args: [argument] } as Call;
  return { $typeName: "cel.expr.Expr", id: argument.id, exprKind: { case: "callExpr", value: call } };
}
