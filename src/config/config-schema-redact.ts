// The part of the configuration schema that says who sees which fields of replies.
import { roles, scopes } from "./config-schema-callers.ts";
import type { SchemaNode } from "./schema-node.ts";

export const redactSchema: SchemaNode = {
  type: "array",
  description:
    "Fields of replies that not every caller may see, instead of `(sluice.redact)`; nobody sees them where nothing else is said. See docs/redaction.md.",
  examples: [[{ fields: ["shop.v1.Customer.ssn"], unless_roles: ["support"] }]],
  minItems: 1,
  maxItems: 1000,
  items: {
    type: "object",
    additionalProperties: false,
    required: ["fields"],
    properties: {
      fields: {
        type: "array",
        description: "Fields, by their full names.",
        examples: [["shop.v1.Customer.ssn"]],
        minItems: 1,
        maxItems: 1000,
        items: { type: "string", maxLength: 1024, "x-form": { kind: "field" } },
      },
      unless_scopes: scopes("Callers that have all of these scopes see them."),
      unless_roles: roles("Callers that have one of these roles see them."),
      unless: {
        type: "string",
        description:
          "Callers for whom this condition holds see them: CEL over claims, principal, scopes, roles, method, service, front, peer, headers and now.",
        examples: ["claims.tenant == 'own'"],
        minLength: 1,
        maxLength: 4096,
      },
      mask: {
        type: "string",
        description: "What the others see in place of the text, of strings; nothing when absent.",
        examples: ["***"],
        minLength: 1,
        maxLength: 20,
      },
    },
  },
};
