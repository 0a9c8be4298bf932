// Schema nodes of sizes, durations and counts, each with its bounds.
import type { SchemaNode } from "./schema-node.ts";

export function size(description: string, value: unknown, min: string, max: string): SchemaNode {
  return { type: ["string", "integer"], description, default: value, "x-form": { kind: "size", min, max } };
}

export function duration(description: string, value: unknown, min: string, max: string): SchemaNode {
  return { type: "string", description, default: value, "x-form": { kind: "duration", min, max } };
}

export function count(description: string, value: unknown, minimum: number, maximum: number): SchemaNode {
  return { type: "integer", description, default: value, minimum, maximum };
}
