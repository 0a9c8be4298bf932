// The functions of conditions, each charged for what it is given: a condition may be any that an operator writes, over anything that a client sends.
import { celEnv, celFunc, CelScalar, isCelList, isCelMap } from "@bufbuild/cel";
import type { CelEnv, CelFunc } from "@bufbuild/cel";
import { RE2JS } from "@bufbuild/re2";
import type { Expression } from "./checking.ts";

/** Of one evaluation: some 100,000 rounds of a loop, or a million list entries; tens of milliseconds at the very worst. */
const fullBudget = 1_000_000;
const roundCost = 10;
const tickName = "@tick";
const rangeName = "@range";

let budget = 0;

/** To be called before each evaluation, or the first of several that have it together. Conditions are evaluated one after the other, never at once. */
export function refillBudget(): void {
  budget = fullBudget;
}

function spend(amount: number): void {
  budget -= amount;
  if (budget < 0) throw new Error("the condition has too much to look at in this request");
}

function spendOn(value: unknown): void {
  if (typeof value === "string" || value instanceof Uint8Array) spend(1 + (value.length >> 6));
  else spend(1 + (isCelList(value) || isCelMap(value) ? value.size : 0));
}

/** Compiled once a pattern: all of them are written out in the configuration, none comes from a client. */
const patterns = new Map<string, RE2JS>();

export function patternProblem(pattern: string): string | undefined {
  try {
    if (!patterns.has(pattern)) patterns.set(pattern, RE2JS.compile(pattern));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const re2 = { compile: (pattern: string) => patterns.get(pattern) ?? RE2JS.compile(pattern) };

/** Only the functions: conditions know no types of messages. */
export const conditionEnv: CelEnv = createEnv();

export const functionNames: ReadonlySet<string> = new Set(Array.from(conditionEnv.funcs, ({ name }) => name));

function createEnv(): CelEnv {
  const plain = celEnv({ re2 });
  const tick = celFunc(tickName, [], CelScalar.BOOL, () => {
    spend(roundCost);
    return true;
  });
  // What a loop goes through is copied before its first round.
  const range = celFunc(rangeName, [CelScalar.DYN], CelScalar.DYN, (values) => values);
  return celEnv({ funcs: [tick, ...Array.from([range, ...plain.funcs], meter)] });
}

/** The same function, which stands in its place: they are told apart by name and types. */
function meter(func: CelFunc): CelFunc {
  return Object.create(func, {
    call: {
      value: (...call: Parameters<CelFunc["call"]>) => {
        const [, target, values] = call;
        if (target !== undefined) spendOn(target);
        for (const value of values) spendOn(value);
        return func.call(...call);
      },
    },
  }) as CelFunc;
}

/** Puts the charge into every loop of an expression that nobody else holds. */
export function meterLoops(expression: Expression): void {
  const { exprKind } = expression;
  const inner: (Expression | undefined)[] = [];
  if (exprKind.case === "callExpr") inner.push(exprKind.value.target, ...exprKind.value.args);
  else if (exprKind.case === "selectExpr") inner.push(exprKind.value.operand);
  else if (exprKind.case === "listExpr") inner.push(...exprKind.value.elements);
  else if (exprKind.case === "structExpr") {
    for (const { keyKind, value } of exprKind.value.entries)
      inner.push(value, keyKind.case === "mapKey" ? keyKind.value : undefined);
  } else if (exprKind.case === "comprehensionExpr") {
    const loop = exprKind.value;
    inner.push(loop.accuInit, loop.iterRange, loop.loopStep, loop.loopCondition, loop.result);
    if (loop.iterRange !== undefined) loop.iterRange = toCall(loop.iterRange, rangeName, [loop.iterRange]);
    const { loopCondition: condition } = loop;
    if (condition !== undefined)
      loop.loopCondition = toCall(condition, "_&&_", [toCall(condition, tickName, []), condition]);
  }
  for (const part of inner) if (part !== undefined) meterLoops(part);
}

function toCall(place: Expression, name: string, args: Expression[]): Expression {
  const value = { $typeName: "cel.expr.Expr.Call", function: name, args } as const;
  return { ...place, exprKind: { case: "callExpr", value } };
}
