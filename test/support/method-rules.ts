// What is in force for methods as their protos say it, for tests of a front alone: what the wiring of a gateway gives it.
import { toMethodRules } from "../../src/gateway-options.ts";
import type { MethodRules } from "../../src/gateway-options.ts";
import { compilePolicies } from "../../src/policy/policies.ts";
import type { Schema } from "../../src/schema/descriptor.ts";

export function methodRulesOf(schema: Schema): MethodRules {
  return toMethodRules(compilePolicies({ schema, config: undefined }).policyOf);
}
