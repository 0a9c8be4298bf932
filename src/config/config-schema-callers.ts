// What is asked of callers, as rules of `auth` and redactions spell it.
import type { SchemaNode } from "./schema-node.ts";

export const scopes = (description: string): SchemaNode => ({
  type: "array",
  description,
  examples: [["orders.read"]],
  minItems: 1,
  maxItems: 100,
  items: { type: "string", maxLength: 256, "x-form": { kind: "scope" } },
});

export const roles = (description: string): SchemaNode => ({
  type: "array",
  description,
  examples: [["clerk", "admin"]],
  minItems: 1,
  maxItems: 100,
  items: { type: "string", minLength: 1, maxLength: 256 },
});
