// A schema as a function that finds everything wrong with a value. That of sluice.yaml is compiled when Sluice is built: doing it at each
// start would take longer, and leave more memory behind, than all else that a start does.
import { _ } from "ajv";
import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import standalone from "ajv/dist/standalone/index.js";
import { hasForm } from "./form.ts";
import type { SchemaNode } from "./schema-node.ts";

export function compileValidator(schema: SchemaNode): ValidateFunction {
  return createAjv().compile(schema);
}

/** The same as the text of a CommonJS module, for a folder where `form.js` is. */
export function printValidator(schema: SchemaNode): string {
  const ajv = createAjv();
  return standalone.default(ajv, ajv.compile(schema));
}

function createAjv(): Ajv2020 {
  // The default optimisation passes cost more at start than they save on one run.
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
    messages: false,
    validateSchema: false,
    code: { optimize: false, source: true },
  });
  ajv.addKeyword({
    keyword: "x-form",
    schemaType: "object",
    error: { message: "" },
    code(context) {
      const form = context.gen.scopeValue("func", { ref: hasForm, code: _`require("./form.js").hasForm` });
      context.pass(_`${form}(${context.schemaCode}, ${context.data})`);
    },
  });
  return ajv;
}
