// The groups of the configuration schema about how much clients may use: limits, redis, shedding.
import { maxBurst } from "../schema/limit-rule.ts";
import { count, duration } from "./schema-forms.ts";
import type { SchemaNode } from "./schema-node.ts";
import { defaultRedis as redis, defaultSettings } from "./settings.ts";

type Properties = Readonly<Record<string, SchemaNode>>;

const { shedding } = defaultSettings.strict;

const limitSchema: SchemaNode = {
  type: "object",
  additionalProperties: false,
  required: ["name", "rate"],
  properties: {
    name: {
      type: "string",
      description: "What clients are told, and operators see; no two limits have the same.",
      examples: ["per-user"],
      "x-form": { kind: "limit-name" },
    },
    key: {
      type: ["string", "array"],
      description:
        "What is counted together: `ip`, `principal`, `method`, `global`, `claim:NAME`, `header:NAME`, or a list of these combined.",
      default: "global",
      examples: ["claim:sub", ["principal", "method"]],
      minItems: 1,
      maxItems: 4,
      items: { type: "string", "x-form": { kind: "limit-key" } },
      "x-form": { kind: "limit-key" },
    },
    rate: {
      type: "string",
      description: "So many in a period: second, minute, hour, day, week or month (30 days).",
      examples: ["50/s", "100/m", "1000/h", "300/5m"],
      "x-form": { kind: "rate" },
    },
    burst: {
      type: "integer",
      description: "So many at once; a whole period's worth when absent.",
      examples: [20],
      minimum: 1,
      maximum: maxBurst,
    },
    cost: count("What one call, or message, takes of the rate.", 1, 1, maxBurst),
    of: {
      type: "string",
      description: "What is counted: calls, or the messages that clients send, on streams each.",
      enum: ["calls", "messages"],
      default: "calls",
    },
    methods: {
      type: "array",
      description: "Methods it is for: `pkg.Service.Method`, `pkg.Service.*`, `pkg.*`, or `*` for all.",
      default: ["*"],
      examples: [["shop.v1.Orders.*"]],
      minItems: 1,
      maxItems: 1000,
      items: { type: "string", maxLength: 512, "x-form": { kind: "selector" } },
    },
  },
};

export const limitsSchema: SchemaNode = {
  type: "array",
  description: "How often methods may be called. A call passes all limits of its method, or uses up none of them.",
  examples: [[{ name: "per-user", key: "claim:sub", rate: "50/s", burst: 20, methods: ["shop.v1.Orders.*"] }]],
  maxItems: 1000,
  items: limitSchema,
};

export const redisSchemas: Properties = {
  url: {
    type: "string",
    description:
      "The Redis that gateways share their limits in, and answers: `redis://host:port`, `rediss://` over TLS, `unix:/path`.",
    maxLength: 1024,
    examples: ["redis://localhost:6379"],
    "x-form": { kind: "redis-url" },
  },
  username: {
    type: "string",
    description: "Name of the ACL user, where it is not the default one.",
    maxLength: 256,
    examples: ["sluice"],
  },
  password: {
    type: "string",
    description: "Password; take it from the environment.",
    maxLength: 4096,
    examples: ["${REDIS_PASSWORD}"],
  },
  ca: {
    type: "string",
    description: "PEM file with the authorities to trust instead of the system's, for `rediss://`.",
    maxLength: 4096,
    examples: ["certs/ca.pem"],
    "x-form": { kind: "path" },
  },
  prefix: {
    type: "string",
    description: "What the names of all keys begin with.",
    default: redis.prefix,
    maxLength: 128,
  },
  timeout: duration("The longest a call waits for Redis.", redis.timeout, "1ms", "50ms"),
  on_failure: {
    type: "string",
    description:
      "Without Redis every gateway counts by itself, to its share of each rate (`local`), or limited methods answer 503 (`closed`).",
    enum: ["local", "closed"],
    default: redis.on_failure,
  },
  instances: count(
    "How many gateways share the rates, for the share of one without Redis.",
    redis.instances,
    1,
    10_000,
  ),
};

export const sheddingSchemas: Properties = {
  enabled: {
    type: "boolean",
    description: "Refuses some calls when the gateway cannot keep up, so that the others are answered in time.",
    default: shedding.enabled,
  },
  max_delay: duration("How late the event loop may be, averaged over a second.", shedding.max_delay, "10ms", "10s"),
  max_heap: count("Percent of V8's heap limit that may be in use.", shedding.max_heap, 10, 99),
};
