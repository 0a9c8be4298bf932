// A layer of settings against the configuration schema: every error at once, each one sentence with its place.
import type { ValidateFunction } from "ajv";
import { configSchema } from "./config-schema.ts";
import { lazily } from "../lazily.ts";
import type { SchemaNode } from "./schema-node.ts";
import { withoutEchoes } from "./told-twice.ts";
import { toDiagnostic } from "./validation-message.ts";
import type { Report, YamlSource } from "./yaml-source.ts";

/** Written by scripts/compile-schema.mjs. */
const loadConfigValidator = lazily(import.meta.url, "./config-validator.cjs") as () => ValidateFunction;
const loadCompiler = lazily(import.meta.url, "./compile-validator.js") as () => typeof import("./compile-validator.ts");

const maxErrors = 100;
const validators = new WeakMap<SchemaNode, ValidateFunction>();

/** True when the source holds what the schema asks for; otherwise everything wrong has been reported. */
export function validateSource(source: YamlSource, report: Report, schema: SchemaNode = configSchema): boolean {
  const validate = validatorOf(schema);
  if (validate(source.value)) return true;
  const errors = withoutEchoes(validate.errors ?? []);
  for (const error of errors.slice(0, maxErrors)) report(toDiagnostic(error, source, schema));
  return false;
}

/** The same question about a part of a source, without a word. */
export function isValid(value: unknown, schema: SchemaNode): boolean {
  return validatorOf(schema)(value);
}

function validatorOf(schema: SchemaNode): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const validate = schema === configSchema ? loadConfigValidator() : loadCompiler().compileValidator(schema);
  validators.set(schema, validate);
  return validate;
}
