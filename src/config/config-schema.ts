// The JSON Schema of sluice.yaml: what validates it at start, and (as docs/sluice.schema.json) what completes it in an editor.
import { authSchemas } from "./config-schema-auth.ts";
import { guardSchemas } from "./config-schema-guard.ts";
import { cacheSchema } from "./config-schema-cache.ts";
import { validationSchema } from "./config-schema-validation.ts";
import { grpcSchemas, jsonSchemas, httpSchemas, serverSchemas, timeoutSchemas } from "./config-schema-groups.ts";
import { limitsSchema, redisSchemas, sheddingSchemas } from "./config-schema-limits.ts";
import { logSchemas, metricSchemas, tracingSchemas } from "./config-schema-observe.ts";
import { interceptorsSchema, policiesSchema } from "./config-schema-policies.ts";
import { pageSchemas, streamSchemas, websocketSchemas } from "./config-schema-streams.ts";
import { composeSchema } from "./config-schema-compose.ts";
import type { SchemaNode } from "./schema-node.ts";
import { defaultSettings } from "./settings.ts";

const { strict } = defaultSettings;
const path: SchemaNode = { type: "string", maxLength: 4096, "x-form": { kind: "path" } };

const tls: SchemaNode = {
  type: "object",
  description: "Calls the target over TLS. Empty (`{}`): the system's roots and no client certificate.",
  additionalProperties: false,
  properties: {
    ca: {
      ...path,
      description: "PEM file with the authorities to trust instead of the system's.",
      examples: ["certs/ca.pem"],
    },
    cert: {
      ...path,
      description: "PEM file with the client certificate chain; needs `key`.",
      examples: ["certs/gateway.pem"],
    },
    key: { ...path, description: "PEM file with the private key of `cert`.", examples: ["certs/gateway.key"] },
    server_name: {
      type: "string",
      description: "Name to verify in the target's certificate instead of its host.",
      minLength: 1,
      maxLength: 253,
      examples: ["orders.internal"],
    },
  },
};

const listenTls: SchemaNode = {
  type: "object",
  description: "Serves clients over TLS: HTTP/2 or HTTP/1.1, as they agree. Without it the listener speaks plain text.",
  additionalProperties: false,
  properties: {
    cert: { ...path, description: "PEM file with the certificate chain; needs `key`.", examples: ["certs/server.pem"] },
    key: { ...path, description: "PEM file with the private key of `cert`.", examples: ["certs/server.key"] },
    client_ca: {
      ...path,
      description: "PEM file with authorities: clients must show a certificate of one of them.",
      examples: ["certs/clients.pem"],
    },
    client_auth: {
      type: "string",
      description:
        "Whether clients must show a certificate of `client_ca`, or may. One that does not hold is refused either way.",
      enum: ["required", "optional"],
      default: "required",
    },
    min_version: {
      type: "string",
      description: "The oldest version of TLS that is spoken.",
      enum: ["TLSv1.2", "TLSv1.3"],
      default: "TLSv1.2",
    },
  },
};

const upstream: SchemaNode = {
  type: ["string", "object"],
  description:
    "`host:port`, `grpcs://host:port`, `dns:///host:port` or `unix:/path`; or a mapping with `target` and `tls`.",
  minLength: 1,
  maxLength: 1024,
  additionalProperties: false,
  required: ["target"],
  properties: {
    target: {
      type: "string",
      description: "Where the gRPC server is: `host:port`, `grpcs://host:port`, `dns:///host:port` or `unix:/path`.",
      minLength: 1,
      maxLength: 1024,
      examples: ["localhost:50051"],
    },
    tls,
  },
};

export const configSchema: SchemaNode = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "sluice.yaml",
  description: "Configuration of the Sluice gateway.",
  type: "object",
  additionalProperties: false,
  properties: {
    protos: {
      type: "array",
      description: "Proto files, folders of them, or descriptor sets, relative to this file.",
      default: strict.protos,
      examples: [["./protos"]],
      maxItems: 10_000,
      items: path,
    },
    import_paths: {
      type: "array",
      description:
        "Folders in which imports are looked up, relative to this file. google/* and sluice/* protos are built in.",
      default: strict.import_paths,
      examples: [["./third_party"]],
      maxItems: 1000,
      items: path,
    },
    reflect: {
      type: "boolean",
      description: "Asks the default upstream for its schema by gRPC server reflection.",
      default: strict.reflect,
    },
    listen: {
      type: "string",
      description:
        "Where clients connect. `:8080` is every interface; port 0 picks a free one; `unix:/path` is a socket file.",
      default: strict.listen,
      examples: ["0.0.0.0:8080", "[::1]:8080"],
      "x-form": { kind: "address" },
    },
    tls: listenTls,
    admin: {
      type: "string",
      description:
        "Where /healthz, /readyz, /routes, /config, /metrics and /openapi.json are served, read-only; or `off`. Keep it on loopback.",
      default: strict.admin,
      examples: ["off"],
      "x-form": { kind: "admin" },
    },
    profile: {
      type: "string",
      description:
        "`strict` refuses what is doubtful; `grpc-gateway` takes the defaults of grpc-gateway v2, for a migration.",
      enum: ["strict", "grpc-gateway"],
      default: strict.profile,
    },
    transport: {
      type: "string",
      description: "How backends are called: the gateway's own HTTP/2, or the library @grpc/grpc-js.",
      enum: ["native", "grpc-js"],
      default: strict.transport,
    },
    upstreams: {
      type: "object",
      description:
        "The gRPC servers: `default` for every service not named here, others by the full name of the service, or `package.*`.",
      examples: [{ default: "localhost:50051", "shop.v1.Orders": "orders:50051" }],
      maxProperties: 10_000,
      propertyNames: { type: "string", maxLength: 512, "x-form": { kind: "service" } },
      additionalProperties: upstream,
    },
    http: {
      type: "object",
      description: "How gRPC methods appear over HTTP.",
      additionalProperties: false,
      properties: httpSchemas,
    },
    query: {
      type: "object",
      description: "The query string.",
      additionalProperties: false,
      properties: {
        ignore: {
          type: "array",
          description: "Parameters that may appear and are not bound: names, or prefixes ending in `*`.",
          default: strict.query.ignore,
          examples: [["utm_*", "key"]],
          maxItems: 1000,
          items: { type: "string", maxLength: 256, "x-form": { kind: "pattern" } },
        },
      },
    },
    json: {
      type: "object",
      description: "How messages appear as JSON.",
      additionalProperties: false,
      properties: jsonSchemas,
    },
    grpc: {
      type: "object",
      description: "What gRPC clients get beyond the methods of the protos.",
      additionalProperties: false,
      properties: grpcSchemas,
    },
    server: {
      type: "object",
      description: "What a client, or a backend, may cost. No value here switches a limit off by accident.",
      additionalProperties: false,
      properties: serverSchemas,
    },
    timeouts: {
      type: "object",
      description: "Deadlines of calls.",
      additionalProperties: false,
      properties: timeoutSchemas,
    },
    streams: {
      type: "object",
      description: "How long streams may last, whatever they come over.",
      additionalProperties: false,
      properties: streamSchemas,
    },
    websocket: {
      type: "object",
      description: "WebSocket: who may connect, and what a client may cost.",
      additionalProperties: false,
      properties: websocketSchemas,
    },
    policies: policiesSchema,
    limits: limitsSchema,
    compose: composeSchema,
    interceptors: interceptorsSchema,
    redis: {
      type: "object",
      description:
        "The Redis that several gateways have together: for limits, and for answers where `cache.store` says so.",
      additionalProperties: false,
      required: ["url"],
      properties: redisSchemas,
    },
    shedding: {
      type: "object",
      description: "What happens when the gateway cannot keep up.",
      additionalProperties: false,
      properties: sheddingSchemas,
    },
    pages: {
      type: "object",
      description: "The gateway's own pages below /-/.",
      additionalProperties: false,
      properties: pageSchemas,
    },
    log: {
      type: "object",
      description: "What is written of calls, and of faults.",
      additionalProperties: false,
      properties: logSchemas,
    },
    tracing: {
      type: "object",
      description: "Traces, by W3C trace context and OpenTelemetry.",
      additionalProperties: false,
      properties: tracingSchemas,
    },
    metrics: {
      type: "object",
      description: "What /metrics of the admin listener tells.",
      additionalProperties: false,
      properties: metricSchemas,
    },
    auth: {
      type: "object",
      description: "Who may call, and how callers say who they are.",
      additionalProperties: false,
      properties: authSchemas,
    },
    validation: validationSchema,
    cache: cacheSchema,
    ...guardSchemas,
  },
};

/** The node at a path of keys, through `additionalProperties` and `items`; undefined where the schema has none. */
export function schemaAt(keys: readonly (string | number)[], root: SchemaNode = configSchema): SchemaNode | undefined {
  let node: SchemaNode | undefined = root;
  for (const key of keys) {
    if (typeof key === "number") node = node?.items;
    else
      node =
        ownProperty(node?.properties, key) ??
        (typeof node?.additionalProperties === "object" ? node.additionalProperties : undefined);
  }
  return node;
}

function ownProperty(properties: SchemaNode["properties"], key: string): SchemaNode | undefined {
  return properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
}
