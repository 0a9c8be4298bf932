// An expression in CEL that is true or false: read and checked at start, then asked of values by name. What rules and compositions share.
import { isCelError, parse, plan } from "@bufbuild/cel";
import type { CelInput } from "@bufbuild/cel";
import { checkCondition } from "./check-condition.ts";
import type { CheckInputs, ConditionFault, Expression } from "./checking.ts";
import { conditionEnv, functionNames, meterLoops, refillBudget } from "./metered.ts";

/** What is looked at, by the name it has there. */
export type Facts = Iterable<readonly [name: string, value: CelInput]>;

export interface CompiledExpression {
  /** What it looks at, `req` among it. */
  readonly variables: ReadonlySet<string>;
  /**
   * Whether it holds; a text says why that is not known. Never throws, whatever `facts` does. `goesOn`: it may spend no more than what
   * the evaluation before has left.
   */
  evaluate(facts: () => Facts, goesOn?: boolean): boolean | string;
}

/** One sentence about each thing that is wrong with the text. */
export interface RefusedCondition {
  readonly faults: readonly { readonly message: string; readonly hint?: string | undefined }[];
}

const maxConditionLength = 4096;

export function compileExpression(
  text: string,
  inputs: Omit<CheckInputs, "functions">,
): CompiledExpression | RefusedCondition {
  const parsed = parseCondition(text);
  if ("faults" in parsed) return parsed;
  const { variables, constants, faults } = checkCondition(parsed.expr, { ...inputs, functions: functionNames });
  if (faults.length > 0) return { faults: faults.map((fault) => ({ ...fault, message: locate(fault, parsed) })) };
  meterLoops(parsed.expr);
  const run = plan(conditionEnv, parsed.expr);
  return {
    variables,
    evaluate(facts, goesOn = false) {
      try {
        const known: Record<string, CelInput> = Object.create(null) as Record<string, CelInput>;
        for (const [name, value] of constants) known[name] = value;
        for (const [name, value] of facts()) known[name] = value;
        if (!goesOn) refillBudget();
        const result = run(known);
        if (typeof result === "boolean") return result;
        return isCelError(result) ? `it cannot be told: ${result.message}` : "it is neither true nor false";
      } catch (error) {
        return `it cannot be told: ${error instanceof Error ? error.message : String(error)}`;
      }
    },
  };
}

type Parsed = { readonly expr: Expression; readonly columnOf: (id: bigint) => number | undefined };

function parseCondition(text: string): Parsed | RefusedCondition {
  if (text.length > maxConditionLength)
    return { faults: [{ message: `it is longer than ${maxConditionLength} characters` }] };
  try {
    const { expr, sourceInfo } = parse(text);
    return {
      expr,
      columnOf: (id) => {
        const offset = sourceInfo?.positions[String(id)];
        return offset === undefined ? undefined : offset + 1;
      },
    };
  } catch (error) {
    if (error instanceof RangeError) return { faults: [{ message: "it is nested too deeply" }] };
    const message = error instanceof Error ? error.message : String(error);
    const [, line, column, rest] = /^<input>:(\d+):(\d+): (.*)$/s.exec(message) ?? [];
    if (rest === undefined) return { faults: [{ message: `it cannot be read: ${message.slice(0, 200)}` }] };
    const place = line === "1" ? `column ${column}` : `line ${line}, column ${column}`;
    const following = (text.split("\n")[Number(line) - 1] ?? "").slice(Number(column) - 1);
    // The parser ends where it can go no further: with "end of input" it means that it was content until then.
    if (rest.endsWith("but expecting end of input")) {
      const hint = /^=(?!=)/.test(following) ? "equal is written ==" : undefined;
      const from = JSON.stringify(following.length > 40 ? `${following.slice(0, 40)}…` : following);
      return { faults: [{ message: `${place}: from ${from} on this is no CEL`, hint }] };
    }
    return { faults: [{ message: `${place}: ${rest.length > 120 ? "this is no CEL" : rest}` }] };
  }
}

function locate({ message, id }: ConditionFault, { columnOf }: Parsed): string {
  const column = id === undefined ? undefined : columnOf(id);
  return column === undefined ? message : `column ${column}: ${message}`;
}
