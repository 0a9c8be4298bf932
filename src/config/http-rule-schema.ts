// The schema of one google.api.HttpRule in YAML, in both spellings of its names.
import type { SchemaNode } from "./schema-node.ts";

const template: SchemaNode = { type: "string", maxLength: 8192 };

function ruleProperties(): Record<string, SchemaNode> {
  return {
    get: { ...template, description: "Path template for GET.", examples: ["/v1/orders/{id}"] },
    put: { ...template, description: "Path template for PUT." },
    post: { ...template, description: "Path template for POST." },
    delete: { ...template, description: "Path template for DELETE." },
    patch: { ...template, description: "Path template for PATCH." },
    custom: {
      type: "object",
      description: 'Any other HTTP method; `kind: "*"` is every method.',
      additionalProperties: false,
      required: ["kind", "path"],
      properties: {
        kind: { type: "string", description: "The HTTP method.", maxLength: 64 },
        path: { ...template, description: "The path template." },
      },
    },
    body: { type: "string", description: "`*`, or the request field that the body fills.", maxLength: 512 },
    response_body: { type: "string", description: "The reply field that becomes the body.", maxLength: 512 },
    responseBody: { type: "string", description: "Same as response_body.", maxLength: 512 },
  };
}

const additional: SchemaNode = { type: "object", additionalProperties: false, properties: ruleProperties() };

export const httpRuleSchema: SchemaNode = {
  type: "object",
  additionalProperties: false,
  required: ["selector"],
  properties: {
    selector: {
      type: "string",
      description: "The full name of the method: `pkg.Service.Method`.",
      maxLength: 1024,
      minLength: 1,
    },
    ...ruleProperties(),
    additional_bindings: {
      type: "array",
      description: "More bindings of the method, one level deep.",
      maxItems: 1000,
      items: additional,
    },
    additionalBindings: {
      type: "array",
      description: "Same as additional_bindings.",
      maxItems: 1000,
      items: additional,
    },
  },
};
