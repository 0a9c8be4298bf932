// The schema of `compose`: methods that the gateway answers itself, in the words of `(sluice.compose)`.
import { batchBounds, maxCallsBounds, maxSteps, parallelBounds } from "../schema/compose-rule.ts";
import type { SchemaNode } from "./schema-node.ts";

const path: SchemaNode = { type: "string", minLength: 1, maxLength: 512 };
const methodName: SchemaNode = { type: "string", minLength: 1, maxLength: 1024 };
const timeout: SchemaNode = { type: "string", "x-form": { kind: "duration", min: "1ms", max: "24h" } };

function count({ min, max, fallback }: typeof parallelBounds | typeof batchBounds, description: string): SchemaNode {
  return { type: "integer", description, default: fallback, minimum: min, maximum: max };
}

function assignments(description: string, example: string): SchemaNode {
  return {
    type: "array",
    description,
    examples: [[example]],
    maxItems: 1000,
    items: { type: "string", minLength: 1, maxLength: 1024 },
  };
}

const batch: SchemaNode = {
  type: "object",
  description: "Few calls for all elements, instead of one for each.",
  additionalProperties: false,
  required: ["call", "keys", "items", "key"],
  properties: {
    call: { ...methodName, description: "The method: `pkg.Service/Method`." },
    keys: { ...path, description: "The field of its request that takes the keys." },
    items: { ...path, description: "The field of its reply that has the items." },
    key: { ...path, description: "The field of an item that equals its key." },
    max: count(batchBounds, "Keys for one call."),
  },
};

const step: SchemaNode = {
  type: "object",
  additionalProperties: false,
  required: ["id", "call"],
  properties: {
    id: { type: "string", description: "What others call what it answers.", minLength: 1, maxLength: 64 },
    call: { ...methodName, description: "The method: `pkg.Service/Method`.", examples: ["users.v1.Users/GetUser"] },
    set: assignments("What its request is made of.", "id = order.customer_id"),
    each: { ...path, description: "A list: one call for each element.", examples: ["order.lines"] },
    batch,
    if: { type: "string", description: "A condition in CEL.", minLength: 1, maxLength: 4096 },
    optional: { type: "boolean", description: "The reply is partial where it fails.", default: false },
    timeout: { ...timeout, description: "The longest time the step may take.", examples: ["150ms"] },
    max_parallel: count(parallelBounds, "Most calls for elements that are under way at once."),
    allow_side_effects: {
      type: "boolean",
      description: "Whether it may call a method that is not marked as free of side effects.",
      default: false,
    },
  },
};

const composition: SchemaNode = {
  type: "object",
  additionalProperties: false,
  required: ["step"],
  properties: {
    step: {
      type: "array",
      description: "Calls of other methods, each made as soon as what it takes is there.",
      minItems: 1,
      maxItems: maxSteps,
      items: step,
    },
    out: assignments(
      "What the reply is made of; when absent each step fills the field that has its name and type.",
      "customer = customer",
    ),
    timeout: { ...timeout, description: "The longest time that all of it may take.", examples: ["800ms"] },
    max_calls: {
      type: "integer",
      description: "Most calls that one request may come to.",
      default: maxCallsBounds.fallback,
      minimum: maxCallsBounds.min,
      maximum: maxCallsBounds.max,
    },
  },
};

export const composeSchema: SchemaNode = {
  type: "object",
  description:
    "Methods that the gateway answers itself, by their full names, from what other methods answer; instead of `(sluice.compose)`. See docs/compose.md.",
  maxProperties: 1000,
  propertyNames: { type: "string", maxLength: 1024, "x-form": { kind: "method" } },
  additionalProperties: composition,
};
