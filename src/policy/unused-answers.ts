// What is said of the HTTP answers of methods of which none has a route: nobody gets such an answer.
import type { MethodPolicy, PolicyOf } from "../chain/policy.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Binding } from "../schema/binding.ts";
import type { Method, Schema } from "../schema/descriptor.ts";
import { parsePosition } from "./placed.ts";

export interface AnswerInputs {
  readonly schema: Schema;
  readonly bindings: readonly Binding[];
  readonly policyOf: PolicyOf;
}

export function findUnusedAnswers({ schema, bindings, policyOf }: AnswerInputs): Diagnostic[] {
  const routed = new Set(bindings.map(({ method }) => method));
  /** Methods by the place where something was said of them. */
  const said = new Map<string, Method[]>();
  for (const method of schema.services.flatMap((service) => service.methods))
    for (const from of placesOf(policyOf(method).http)) said.set(from, [...(said.get(from) ?? []), method]);
  return [...said]
    .filter(([, methods]) => !methods.some((method) => routed.has(method)))
    .map(([from, methods]) => ({
      severity: "warning",
      position: parsePosition(from),
      message: `http is said of ${methods.length === 1 ? methods[0].name : `${methods.length} methods`}, and nobody gets such answers: no route leads there`,
      hint: "give them routes: a google.api.http rule, http.rules of sluice.yaml, or http.bind_unannotated",
      rule: "policy-reach",
    }));
}

function placesOf({ status, location, headers }: MethodPolicy["http"]): Set<string> {
  return new Set([status, location, headers].flatMap((part) => (part === undefined ? [] : [part.from])));
}
