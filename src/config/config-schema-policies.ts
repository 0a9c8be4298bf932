// The parts of the configuration schema that say something of methods by selector: rules of `auth`, policies, interceptors.
import { cacheTimes } from "../schema/cache-rule.ts";
import { roles, scopes } from "./config-schema-callers.ts";
import { answerSchema, streamSchema } from "./config-schema-method.ts";
import { redactSchema } from "./config-schema-redact.ts";
import { points } from "../schema/points.ts";
import { retrySchema } from "./config-schema-retry.ts";
import type { SchemaNode } from "./schema-node.ts";

const selectors: SchemaNode = {
  type: "array",
  minItems: 1,
  maxItems: 10_000,
  items: { type: "string", maxLength: 1024, "x-form": { kind: "selector" } },
};

const name = (description: string): SchemaNode => ({
  type: "string",
  description,
  minLength: 1,
  maxLength: 256,
});

export const authRulesSchema: SchemaNode = {
  type: "array",
  description: "What callers must be to get through, beyond having said who they are. See docs/authorization.md.",
  examples: [[{ name: "own-orders", methods: ["shop.v1.Orders.*"], when: "req.user_id == claims.sub" }]],
  maxItems: 1000,
  items: {
    type: "object",
    additionalProperties: false,
    required: ["name"],
    properties: {
      name: name("What the log calls it. A rule of a proto that has the same name is replaced by it."),
      methods: { ...selectors, description: "Methods that it is about; all of them when absent." },
      scopes: scopes("Scopes that the caller has, all of them."),
      roles: roles("Roles of which the caller has one."),
      when: {
        type: "string",
        description:
          "A condition in CEL over claims, principal, scopes, roles, method, service, front, peer, headers, now and req, the request message.",
        examples: ["req.user_id == claims.sub"],
        minLength: 1,
        maxLength: 4096,
      },
      shadow: {
        type: "boolean",
        description: "What it would refuse passes, and the log says so: for trying a rule on real calls.",
        default: false,
      },
    },
  },
};

const cacheTime = (description: string, example: string): SchemaNode => ({
  type: "string",
  description,
  examples: [example],
  "x-form": { kind: "duration", min: cacheTimes.min, max: cacheTimes.max },
});

const cacheRuleSchema: SchemaNode = {
  type: ["string", "object"],
  description:
    "How answers are kept, instead of `(sluice.cache)`; or `off`. Of several methods, those that change nothing. See docs/caching.md.",
  examples: [{ ttl: "30s" }, "off"],
  "x-form": { kind: "cache" },
  additionalProperties: false,
  required: ["ttl"],
  properties: {
    ttl: cacheTime("How long an answer is as good as a new one; a backend can say less, not more.", "30s"),
    stale_while_revalidate: cacheTime("It is given for so long still, while a new one is asked for.", "10s"),
    stale_if_error: cacheTime("It is given for so long still where the backend fails.", "10m"),
    public: {
      type: "boolean",
      description: "One answer for all callers, whoever they are: the backend is not told. Else each has its own.",
      default: false,
    },
    vary: {
      type: "array",
      description:
        "Request metadata that the answer depends on: of what a client sends, nothing else reaches the backend. When absent all of it does, with `public` none.",
      examples: [["accept-language"]],
      minItems: 1,
      maxItems: 32,
      items: { type: "string", maxLength: 128, "x-form": { kind: "cache-vary" } },
    },
  },
};

export const policiesSchema: SchemaNode = {
  type: "array",
  description:
    "What holds for methods, by selector; of several that say the same thing the closest wins. See docs/policies.md.",
  examples: [[{ methods: ["shop.v1.*"], timeout: "2s", max_in_flight: 100 }]],
  maxItems: 10_000,
  items: {
    type: "object",
    additionalProperties: false,
    required: ["methods"],
    properties: {
      methods: { ...selectors, description: "Methods that it is about.", examples: [["shop.v1.Orders.*"]] },
      timeout: {
        type: "string",
        description: "The longest time a call may take, instead of `(sluice.timeout)`; a client may ask for less.",
        examples: ["2s"],
        "x-form": { kind: "duration", min: "1ms", max: "24h" },
      },
      max_in_flight: {
        type: "integer",
        description: "Most calls of a method that are under way at once, in all workers together.",
        examples: [100],
        minimum: 1,
        maximum: 1_000_000,
      },
      validate: {
        type: "boolean",
        description: "Whether request messages are checked against the rules of their type.",
      },
      cache: cacheRuleSchema,
      retry: retrySchema,
      redact: redactSchema,
      stream: streamSchema,
      http: answerSchema,
    },
  },
};

export const interceptorsSchema: SchemaNode = {
  type: "array",
  description: "Interceptors of one's own: modules, each at a named point of the chain. See docs/extending.md.",
  examples: [[{ module: "./tenant.mjs", before: "authenticate" }]],
  maxItems: 100,
  items: {
    type: "object",
    additionalProperties: false,
    required: ["module"],
    properties: {
      module: {
        type: "string",
        description: "A JavaScript module, relative to this file, whose default export is the interceptor.",
        examples: ["./tenant.mjs"],
        minLength: 1,
        maxLength: 4096,
        "x-form": { kind: "path" },
      },
      name: name("What messages and `sluice explain` call it; the name of the file when absent."),
      before: { type: "string", description: "It runs right before this.", enum: points },
      after: { type: "string", description: "It runs right after this.", enum: points },
      around: { type: "string", description: "It wraps the calls to backends.", enum: ["upstream"] },
      methods: { ...selectors, description: "Methods that it is about; all of them when absent." },
      options: {
        type: "object",
        description: "Given to the module as they stand.",
        examples: [{ header: "x-tenant" }],
        maxProperties: 1000,
        additionalProperties: true,
      },
    },
  },
};
