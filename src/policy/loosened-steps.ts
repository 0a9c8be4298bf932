// Composed methods that may be called by others than the methods of their steps: callers are judged once, by the composed method's policies.
import type { AuthRule, PolicyOf } from "../chain/policy.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Method } from "../schema/descriptor.ts";
import { strictness } from "./contradictions.ts";
import { parsePosition } from "./placed.ts";
import type { Composed } from "./redacted-copies.ts";

export function findLoosenedSteps(compositions: Iterable<Composed>, policyOf: PolicyOf): Diagnostic[] {
  return [...compositions].flatMap(({ method, from, steps }) => {
    const called = new Set(steps.map((step) => step.method));
    return [...called].flatMap((step): Diagnostic[] => {
      const lost = findLost(method, step, policyOf);
      if (lost === undefined) return [];
      return [
        {
          severity: "warning",
          position: parsePosition(from),
          message: `${method.name} calls ${step.name} for callers who may not call that themselves: ${lost}`,
          hint: "callers are judged by the composed method's policies only; ask the same there if that is not meant",
          rule: "policy-loosened",
        },
      ];
    });
  });
}

/** Undefined for nothing. */
function findLost(composed: Method, step: Method, policyOf: PolicyOf): string | undefined {
  const [own, other] = [policyOf(composed), policyOf(step)];
  if (strictness.indexOf(own.auth.value) < strictness.indexOf(other.auth.value))
    return `it is ${own.auth.value}, and the other ${other.auth.value} (${other.auth.from})`;
  const kept = new Set(own.rules.filter(({ value }) => !value.shadow).map(({ value }) => keyOf(value)));
  const lost = other.rules.find(({ value }) => !value.shadow && !kept.has(keyOf(value)));
  return lost && `the rule ${lost.value.name} (${lost.from}) is not its own`;
}

function keyOf({ scopes, roles, when }: AuthRule): string {
  return JSON.stringify([[...scopes].sort(), [...roles].sort(), when]);
}
