// Rules for request messages, as the configuration wants them kept.
import type { Interceptor } from "./chain/compose.ts";
import type { PolicyOf } from "./chain/policy.ts";
import { createValidation } from "./chain/validate.ts";
import type { Config } from "./config/config.ts";
import type { Schema } from "./schema/descriptor.ts";
import { validatorsOf } from "./validate/validator.ts";

export interface ValidationInputs {
  readonly config: Config;
  readonly schema: Schema;
  readonly policyOf: PolicyOf;
}

/** Undefined where nothing is checked. */
export function createConfiguredValidation({ config, schema, policyOf }: ValidationInputs): Interceptor | undefined {
  const { validation, json } = config;
  if (!validation.enabled) return undefined;
  return createValidation({
    validators: validatorsOf(schema, validation),
    maxViolations: validation.maxViolations,
    jsonNames: json.protoNames ? "proto" : "json",
    isChecked: (method) => policyOf(method).validate.value,
  });
}
