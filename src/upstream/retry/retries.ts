// OPEN FIRST: calls that failed are made again, where the policy of their method says so. Stands around all that sees attempts.
//
//   chain → retries ─┬─ a method without a policy ───────────────────────────→ traces, counts → transport
//                    └─ run-unary | run-stream ⇄ attempts (again? when?) ────→ (each attempt)
//                          sleep ◄──┘   replay       └─ pushback, budget
import type { Handler } from "../../call.ts";
import { toCountedName } from "../../schema/counted-name.ts";
import type { Method } from "../../schema/descriptor.ts";
import type { RetryRule } from "../../schema/retry-rule.ts";
import { Code } from "../../status.ts";
import { omissions } from "./attempts.ts";
import type { Omission, RetriedMethod, RetryTally } from "./attempts.ts";
import { RetryBudget } from "./budget.ts";
import { ReplayPool } from "./replay.ts";
import { runStream } from "./run-stream.ts";
import { runUnary } from "./run-unary.ts";
import { sleep } from "./sleep.ts";
import type { Sleep } from "./sleep.ts";

export interface RetriesOptions {
  /** Undefined where calls are not made again. */
  readonly ruleOf: (method: Method) => RetryRule | undefined;
  readonly targetOf: (method: Method) => string | undefined;
  /** From 0 to 1: spreads the waits. */
  readonly random?: () => number;
  readonly sleep?: Sleep;
}

export interface Retries {
  around(next: Handler): Handler;
  /** Of methods with a policy that were called. */
  readonly tallies: readonly RetryTally[];
  /** By target. */
  readonly budgets: ReadonlyMap<string, RetryBudget>;
}

export function createRetries(options: RetriesOptions): Retries {
  const { ruleOf, targetOf, random = Math.random } = options;
  const tallies: RetryTally[] = [];
  const budgets = new Map<string, RetryBudget>();
  const budgetOf = (target: string): RetryBudget => {
    const budget = budgets.get(target) ?? new RetryBudget();
    budgets.set(target, budget);
    return budget;
  };
  const compile = (method: Method): RetriedMethod | undefined => {
    const [rule, target] = [ruleOf(method), targetOf(method)];
    if (rule === undefined || target === undefined) return undefined;
    const codes = new Set(rule.codes.map((name) => Code[name]));
    return { rule, codes, budget: budgetOf(target), tally: tallyOf(tallies, method), random };
  };
  return { around: (next) => compileHandler(next, compile, options.sleep ?? sleep), tallies, budgets };
}

/** Decides once for each method, when it is first called. */
function compileHandler(next: Handler, compile: (method: Method) => RetriedMethod | undefined, wait: Sleep): Handler {
  const compiled = new WeakMap<Method, Handler>();
  const pool = new ReplayPool();
  const handlerOf = (method: Method): Handler => {
    const known = compiled.get(method);
    if (known !== undefined) return known;
    const retried = compile(method);
    const handler = retried === undefined ? next : createHandler(retried, { next, wait, pool });
    compiled.set(method, handler);
    return handler;
  };
  return {
    unary: (call) => handlerOf(call.method).unary(call),
    stream: (call) => handlerOf(call.method).stream(call),
  };
}

interface Surroundings {
  readonly next: Handler;
  readonly wait: Sleep;
  readonly pool: ReplayPool;
}

function createHandler(method: RetriedMethod, { next, wait, pool }: Surroundings): Handler {
  const unary = { method, ask: next.unary, sleep: wait };
  const stream = { method, ask: next.stream, sleep: wait, pool };
  return { unary: (call) => runUnary(unary, call), stream: (call) => runStream(stream, call) };
}

function tallyOf(tallies: RetryTally[], counted: Method): RetryTally {
  const method = toCountedName(counted);
  const known = tallies.find((tally) => tally.method === method);
  if (known !== undefined) return known;
  const omitted = Object.fromEntries(omissions.map((omission) => [omission, 0])) as Record<Omission, number>;
  const tally = { method, answered: 0, failed: 0, omitted };
  tallies.push(tally);
  return tally;
}
