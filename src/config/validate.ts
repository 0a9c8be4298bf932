// A layer of settings against the configuration schema: every error at once, each one sentence with its place.
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ValidateFunction } from "ajv";
import { configSchema } from "./config-schema.ts";
import { formProblem } from "./form.ts";
import type { FormSpec } from "./form.ts";
import type { SchemaNode } from "./schema-node.ts";
import { withoutEchoes } from "./told-twice.ts";
import { toDiagnostic } from "./validation-message.ts";
import type { Report, YamlSource } from "./yaml-source.ts";

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
  // The default optimisation passes cost more at start than they save on one run.
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
    messages: false,
    validateSchema: false,
    code: { optimize: false },
  });
  ajv.addKeyword({ keyword: "x-form", schemaType: "object", validate: checkForm, error: { message: "" } });
  const validate = ajv.compile(schema);
  validators.set(schema, validate);
  return validate;
}

function checkForm(spec: FormSpec, value: unknown): boolean {
  return formProblem(spec, value) === undefined;
}
