// The groups of the configuration schema about what is seen of calls: log, tracing, metrics.
import { defaultLog as log, defaultMetrics as metrics, defaultTracing as tracing } from "./observe-settings.ts";
import { size } from "./schema-forms.ts";
import type { SchemaNode } from "./schema-node.ts";

type Properties = Readonly<Record<string, SchemaNode>>;

export const logSchemas: Properties = {
  access: {
    type: "string",
    description: "A line for each call when it ends: for all, for those that did not end with OK, or for none.",
    enum: ["off", "on", "errors"],
    default: log.access,
  },
  level: {
    type: "string",
    description: "Lines of lower levels are left out.",
    enum: ["debug", "info", "warn", "error"],
    default: log.level,
  },
  format: {
    type: "string",
    description: "One JSON object a line, or text for people; `auto`: text where the output is a terminal.",
    enum: ["auto", "json", "text"],
    default: log.format,
  },
  output: {
    type: "string",
    description: "`stdout`, `stderr`, or a file that lines are appended to; SIGHUP opens it anew.",
    default: log.output,
    examples: ["/var/log/sluice/access.log"],
    maxLength: 4096,
    "x-form": { kind: "path" },
  },
  sample: {
    type: "number",
    description: "The part of the calls that ended with OK that get a line; the others always do.",
    default: log.sample,
    minimum: 0,
    maximum: 1,
  },
  query: {
    type: "boolean",
    description: "Logs the query string with the path, known secrets in it blotted out.",
    default: log.query,
  },
  redact: {
    type: "array",
    description: "More query parameters and headers whose values are secret.",
    default: log.redact,
    examples: [["invite", "x-session"]],
    maxItems: 1000,
    items: { type: "string", minLength: 1, maxLength: 256 },
  },
  headers: {
    type: "array",
    description: "Request headers that are logged, as `header_x_tenant`.",
    default: log.headers,
    examples: [["x-tenant", "referer"]],
    maxItems: 100,
    items: { type: "string", minLength: 1, maxLength: 128, "x-form": { kind: "header-name" } },
  },
  principal: {
    type: "string",
    description:
      "How lines name the caller: as they are known, by a hash that is the same until the gateway restarts, or not.",
    enum: ["plain", "hash", "off"],
    default: log.principal,
  },
  max_waiting: size(
    "Lines that may wait for a slow output; what is more is dropped and counted.",
    log.max_waiting,
    "64KiB",
    "1GiB",
  ),
};

export const tracingSchemas: Properties = {
  spans: {
    type: "string",
    description: "`auto`: makes spans when an OpenTelemetry SDK is there, see docs/tracing.md; `off`: never.",
    enum: ["auto", "off"],
    default: tracing.spans,
  },
  accept: {
    type: "boolean",
    description:
      "Goes on with the trace that a client names in `traceparent`; otherwise each call begins one of its own.",
    default: tracing.accept,
  },
  generate: {
    type: "boolean",
    description: "Without an SDK, gives calls that come without `traceparent` one, so that logs can be put together.",
    default: tracing.generate,
  },
};

export const metricSchemas: Properties = {
  enabled: {
    type: "boolean",
    description:
      "Counts calls by method, front and code. Without it /metrics tells of sockets, streams and the process only.",
    default: metrics.enabled,
  },
  buckets: {
    type: "array",
    description: "Upper bounds of the duration histogram in seconds, ascending.",
    default: metrics.buckets,
    minItems: 1,
    maxItems: 50,
    items: { type: "number", minimum: 0.00001, maximum: 86_400 },
  },
};
