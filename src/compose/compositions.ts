// OPEN FIRST. Methods that the gateway answers itself, from what calls of other methods answer: `(sluice.compose)`, and `compose` of sluice.yaml.
//
//   at start     declared | configuration ─→ compile (compile-step, compile-out: paths against types) ─→ plan
//   each call    answer ─→ run (each step the moment it can) ─→ run-step ─→ calls, batches ─→ upstream/*
import { DiagnosticError, didYouMean } from "../diagnostic.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { ComposeRule } from "../schema/compose-rule.ts";
import type { Method, Schema } from "../schema/descriptor.ts";
import type { Doubt } from "../schema/link/doubt.ts";
import { compileComposition } from "./compile.ts";
import { isDeclared, readDeclared } from "./declared.ts";
import type { ComposePlan, Compositions } from "./plan.ts";

export interface CompositionInputs {
  readonly schema: Schema;
  /** Of the configuration, which wins over the protos. */
  readonly rules: readonly ComposeRule[];
  /** With a schema that has errors: what it may lack is not reported as missing. */
  readonly doubt?: Doubt | undefined;
}

export interface CompiledCompositions {
  readonly plans: Compositions;
  readonly diagnostics: readonly Diagnostic[];
}

export function compileCompositions({ schema, rules, doubt }: CompositionInputs): CompiledCompositions {
  const diagnostics: Diagnostic[] = [];
  const report = (found: Diagnostic): void => void diagnostics.push(found);
  const methods = schema.services.flatMap((service) => service.methods);
  const written = new Map(rules.map((rule) => [rule.method, rule]));
  for (const rule of rules) checkName(rule, methods, { doubt, report });
  const isComposed = (method: Method): boolean => written.has(method.name) || isDeclared(method);
  const plans = new Map<Method, ComposePlan>();
  // Of a schema with errors nobody knows what the messages have.
  for (const method of doubt === undefined ? methods : []) {
    const rule = written.get(method.name) ?? readDeclared(method);
    const plan = rule && compileComposition(method, rule, { schema, isComposed, report });
    if (plan !== undefined) plans.set(method, plan);
  }
  return { plans, diagnostics };
}

/** Throws DiagnosticError where there is an error. */
export function settleCompositions(inputs: CompositionInputs): Compositions {
  const { plans, diagnostics } = compileCompositions(inputs);
  if (diagnostics.some(({ severity }) => severity === "error")) throw new DiagnosticError(diagnostics);
  return plans;
}

function checkName(
  rule: ComposeRule,
  methods: readonly Method[],
  { doubt, report }: { readonly doubt: Doubt | undefined; readonly report: (found: Diagnostic) => void },
): void {
  const names = methods.map(({ name }) => name);
  if (names.includes(rule.method) || doubt?.mayDeclare(rule.method) === true) return;
  report({
    severity: "error",
    position: rule.positionOf(),
    message: `compose: there is no method ${rule.method}`,
    hint: didYouMean(rule.method, names) ?? "write pkg.Service.Method",
    rule: "compose",
  });
}
