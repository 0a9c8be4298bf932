// For tests of rules: a proto text, a message of it as JSON, and what is wrong with it in one line each.
import type { Schema } from "../../src/schema/descriptor.ts";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { strictJson } from "../../src/translate/options.ts";
import { formatSteps, type Violation } from "../../src/validate/inspection.ts";
import { createValidators, type Validators, type ValidatorOptions } from "../../src/validate/validator.ts";
import { schemaOf } from "../support/schema.ts";

export const head = `
  syntax = "proto3";
  import "buf/validate/validate.proto";
  import "google/api/field_behavior.proto";
  import "google/protobuf/any.proto";
  import "google/protobuf/duration.proto";
  import "google/protobuf/field_mask.proto";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
`;

export class Rules {
  readonly schema: Schema;
  readonly validators: Validators;

  constructor(text: string, options: Partial<ValidatorOptions> = {}) {
    this.schema = schemaOf(head + text);
    this.validators = createValidators(this.schema, { outputOnly: "reject", ...options });
  }

  /** The bytes of a message in JSON. */
  bytes(json: unknown, type = "M"): Uint8Array {
    const reader = compileJsonReader(this.schema.message(type)!, this.schema, strictJson);
    return reader(Buffer.from(JSON.stringify(json)));
  }

  violations(message: Uint8Array, type = "M", maxViolations = 100): readonly Violation[] {
    const validate = this.validators.validatorOf(this.schema.message(type)!);
    if (this.problems().length > 0) throw new Error(this.problems().join("\n"));
    return validate?.(message, { maxViolations }) ?? [];
  }

  /** `path rule.id: message` of each violation of a message, given in JSON or in bytes. */
  check(message: unknown, type = "M"): string[] {
    const bytes = message instanceof Uint8Array ? message : this.bytes(message, type);
    return this.violations(bytes, type).map(({ steps, rule }) =>
      `${formatSteps(steps, "json")} ${rule.id}${rule.forKey ? " (key)" : ""}: ${rule.message}`.trim(),
    );
  }

  /** What is wrong with the rules themselves. */
  problems(type?: string): string[] {
    if (type !== undefined) this.validators.validatorOf(this.schema.message(type)!);
    return this.validators.problems
      .filter(({ severity }) => severity === "error")
      .map(({ position, message }) => `${position?.file}:${position?.line}:${position?.column}: ${message}`);
  }
}
