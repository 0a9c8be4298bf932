// How long methods may take as their protos say it, for tests of a front alone: what the wiring of a gateway gives it.
import { compilePolicies } from "../../src/policy/policies.ts";
import type { MethodTimeout } from "../../src/front/deadline.ts";
import type { Schema } from "../../src/schema/descriptor.ts";

export function methodTimeoutOf(schema: Schema): MethodTimeout {
  const { policyOf } = compilePolicies({ schema, config: undefined });
  return (method) => policyOf(method).timeoutMs?.value;
}
