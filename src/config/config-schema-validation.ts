// The group `validation` of the configuration schema: what request messages are held against.
import type { SchemaNode } from "./schema-node.ts";
import { validationSettings } from "./settings-validation.ts";

const { enabled, output_only: outputOnly, max_violations: maxViolations } = validationSettings;

export const validationSchema: SchemaNode = {
  type: "object",
  description: "What request messages are held against: the rules that protos give for them.",
  additionalProperties: false,
  properties: {
    enabled: {
      type: "boolean",
      description: "Request messages have to keep the rules of their types: buf.validate, google.api.field_behavior.",
      default: enabled,
    },
    output_only: {
      enum: ["reject", "ignore"],
      description: "What becomes of requests that set fields which only the server sets (OUTPUT_ONLY).",
      default: outputOnly,
    },
    max_violations: {
      type: "integer",
      description: "So many violations are told of at most; the message is not looked at further.",
      default: maxViolations,
      minimum: 1,
      maximum: 1000,
    },
  },
};
