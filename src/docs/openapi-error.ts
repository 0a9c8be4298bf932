// The answer of a call that failed, in the shape that `http.errors` names.
import type { Schema } from "../schema/descriptor.ts";
import type { SchemaObject, Schemas } from "./openapi-schema.ts";

export type ErrorShape = "status" | "problem" | "google";

const about =
  "The call has failed. What the gateway itself refuses has a google.rpc.ErrorInfo with a stable `reason` among its details.";

export function describeError(shape: ErrorShape, schema: Schema, schemas: Schemas): object {
  const status = schema.message("google.rpc.Status");
  const plain: SchemaObject = status === undefined ? plainStatus : schemas.ofMessage(status);
  switch (shape) {
    case "problem":
      return { description: about, content: { "application/problem+json": { schema: problem } } };
    case "google":
      return { description: about, content: { "application/json": { schema: google } } };
    case "status":
    default:
      return { description: about, content: { "application/json": { schema: plain } } };
  }
}

const details: SchemaObject = { type: "array", items: { type: "object", additionalProperties: true } };

const plainStatus: SchemaObject = {
  type: "object",
  properties: {
    code: { type: "integer", description: "The gRPC status code." },
    message: { type: "string" },
    details,
  },
};

/** RFC 9457. */
const problem: SchemaObject = {
  type: "object",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer", description: "The HTTP status." },
    detail: { type: "string" },
    code: { description: "The gRPC status code." },
  },
  additionalProperties: true,
};

const google: SchemaObject = {
  type: "object",
  properties: {
    error: {
      type: "object",
      properties: {
        code: { type: "integer", description: "The HTTP status." },
        message: { type: "string" },
        status: { type: "string", description: "The name of the gRPC status code." },
        details,
      },
    },
  },
};
