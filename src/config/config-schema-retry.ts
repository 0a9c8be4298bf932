// The part of the configuration schema that says when calls are made again: `retry` of a policy.
import { retryBounds, retryCodes } from "../schema/retry-rule.ts";
import type { SchemaNode } from "./schema-node.ts";

const retryDuration = (description: string, min: string, max: string): SchemaNode => ({
  type: "string",
  description,
  "x-form": { kind: "duration", min, max },
});

export const retrySchema: SchemaNode = {
  type: ["string", "object"],
  description:
    "When calls that failed are made again, instead of `(sluice.retry)`: on, off, or how. See docs/retries.md.",
  examples: ["on", { max_attempts: 4, codes: ["UNAVAILABLE", "ABORTED"], per_try_timeout: "500ms" }],
  "x-form": { kind: "switch" },
  additionalProperties: false,
  properties: {
    max_attempts: {
      type: "integer",
      description: "Most attempts, the first one included; 3 when absent.",
      minimum: retryBounds.attempts[0],
      maximum: retryBounds.attempts[1],
    },
    codes: {
      type: "array",
      description: "What calls have failed with that are made again; UNAVAILABLE when absent.",
      minItems: 1,
      maxItems: retryCodes.length,
      items: { type: "string", enum: retryCodes },
    },
    initial_backoff: retryDuration(
      "The wait before the second attempt, a fifth more or less; 100ms when absent.",
      "1ms",
      "1m",
    ),
    max_backoff: retryDuration("The longest wait; 1s when absent.", "1ms", "1m"),
    multiplier: {
      type: "number",
      description: "How much longer each wait is than the one before; 2 when absent.",
      minimum: retryBounds.multiplier[0],
      maximum: retryBounds.multiplier[1],
    },
    per_try_timeout: retryDuration(
      "The longest time for one attempt, of a stream until its answer begins; what is left of the call's when absent.",
      "1ms",
      "24h",
    ),
    idempotent: {
      type: "boolean",
      description: "All these methods may be called again, though nothing in their protos says so.",
      default: false,
    },
  },
};
