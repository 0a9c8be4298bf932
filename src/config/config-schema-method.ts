// The parts of the configuration schema that say how streams and answers of methods reach clients: `stream` and `http` of a policy.
import { statusBounds } from "../schema/answer-rule.ts";
import { keepBounds, overflowNames } from "../schema/stream-rule.ts";
import type { SchemaNode } from "./schema-node.ts";

const path = (description: string, example: string): SchemaNode => ({
  type: "string",
  description,
  examples: [example],
  maxLength: 512,
});

const time = (description: string, example: string): SchemaNode => ({
  type: "string",
  description,
  examples: [example],
  "x-form": { kind: "duration", min: "1ms", max: "24h" },
});

export const streamSchema: SchemaNode = {
  type: "object",
  description:
    "How the messages of streaming methods reach clients, each part instead of what `(sluice.stream)` says of it. See docs/policies.md.",
  examples: [{ idle: "30s", overflow: "CONFLATE", key: "symbol" }],
  additionalProperties: false,
  properties: {
    resume_token: path(
      "A field of the reply: a client that has seen a message can go on after it. Needs resume_from; both empty for none.",
      "cursor",
    ),
    resume_from: path("The field of the request that takes the token of the last message a client has seen.", "after"),
    overflow: {
      type: "string",
      description: "What happens when a client does not take its messages as fast as the backend sends them.",
      enum: overflowNames,
    },
    key: path("With CONFLATE: the field of the reply that tells messages apart.", "symbol"),
    keep: {
      type: "integer",
      description: `With DROP_OLDEST: how many messages are kept for a client; ${keepBounds.fallback} when absent.`,
      minimum: keepBounds.min,
      maximum: keepBounds.max,
    },
    idle: time("The stream ends when no message passes for so long.", "30s"),
    max_lifetime: time("The stream ends when it is about that old, so that clients move on.", "2h"),
    ws: { type: "boolean", description: "Whether clients get the methods over WebSocket." },
    sse: { type: "boolean", description: "Whether they get them as server-sent events." },
    ndjson: { type: "boolean", description: "Whether they get them as lines of JSON." },
  },
};

export const answerSchema: SchemaNode = {
  type: "object",
  description:
    "How the HTTP answers of successful calls look, each part instead of what `(sluice.http)` says of it. See docs/policies.md.",
  examples: [{ status: 201, location: "name" }],
  additionalProperties: false,
  properties: {
    status: {
      type: "integer",
      description: "Instead of 200.",
      examples: [201],
      minimum: statusBounds.min,
      maximum: statusBounds.max,
    },
    location: path("A field of the reply: its value becomes the Location header; empty for none.", "name"),
    header: {
      type: "array",
      description: "Further headers, each `name: value`; all of them, an empty list for none.",
      examples: [["x-api-version: 2"]],
      maxItems: 100,
      items: { type: "string", maxLength: 4096 },
    },
  },
};
