// The groups of the configuration schema: http, json, grpc, server, timeouts.
import { httpRuleSchema } from "./http-rule-schema.ts";
import { count, duration, size } from "./schema-forms.ts";
import type { SchemaNode } from "./schema-node.ts";
import { defaultSettings, maxWorkers } from "./settings.ts";

type Properties = Readonly<Record<string, SchemaNode>>;

const { grpc, http, json, server, timeouts } = defaultSettings.strict;
const headerName: SchemaNode = { type: "string", "x-form": { kind: "header" } };

export const httpSchemas: Properties = {
  rules: {
    type: "array",
    description: "google.api.HttpRule by `selector`; a rule replaces its method's annotation, the last one wins.",
    examples: [[{ selector: "shop.v1.Orders.GetOrder", get: "/v1/orders/{id}" }]],
    maxItems: 10_000,
    items: httpRuleSchema,
  },
  rules_file: {
    type: "string",
    description: "A google.api.Service YAML file whose `http.rules` follow those above.",
    maxLength: 4096,
    examples: ["./shop_service.yaml"],
    "x-form": { kind: "path" },
  },
  bind_unannotated: {
    type: "boolean",
    description: "Serves methods without a rule at POST /pkg.Service/Method. (grpc-gateway: false)",
    default: http.bind_unannotated,
  },
  url_unescape: {
    type: "string",
    description:
      "What multi-segment captures decode: all but RFC 6570 reserved characters, all but the slash, or all. (grpc-gateway: all)",
    enum: ["except_reserved", "except_slash", "all"],
    default: http.url_unescape,
  },
  errors: {
    type: "string",
    description: 'Shape of error bodies: google.rpc.Status, RFC 9457 problem details, or Google\'s `{"error": …}`.',
    enum: ["status", "problem", "google"],
    default: http.errors,
  },
  request_headers: {
    type: "array",
    description: "Request headers that become gRPC metadata. The list replaces the default one.",
    default: http.request_headers,
    maxItems: 256,
    items: headerName,
  },
  response_headers: {
    type: "array",
    description: "Backend header metadata that becomes response headers. The list replaces the default one.",
    default: http.response_headers,
    examples: [["etag", "cache-control"]],
    maxItems: 256,
    items: headerName,
  },
  compress_min: {
    type: ["string", "integer"],
    description: "Smallest answer that is compressed when the client accepts gzip, br or deflate; or `off`.",
    default: http.compress_min,
    examples: ["off", "8KiB"],
    "x-form": { kind: "size", min: "64B", max: "1GiB", off: true },
  },
  allow_http_code: {
    type: "boolean",
    description: "Lets a backend choose the HTTP status of a success by the metadata `x-http-code`.",
    default: http.allow_http_code,
  },
  trusted_proxies: {
    type: "array",
    description: "Addresses or CIDR blocks whose X-Forwarded-* headers are believed.",
    default: http.trusted_proxies,
    examples: [["10.0.0.0/8"]],
    maxItems: 1000,
    items: { type: "string", "x-form": { kind: "cidr" } },
  },
  underscore_headers: {
    type: "string",
    description:
      "Header names with an underscore can pass for others (`x_user` for `x-user`): refuse the request, or drop the header.",
    enum: ["reject", "drop"],
    default: http.underscore_headers,
  },
  rate_limit_headers: {
    type: "string",
    description:
      "When answers of limited methods say how much is left, in RateLimit and RateLimit-Policy: always, or when a limit refuses.",
    enum: ["always", "refused", "off"],
    default: http.rate_limit_headers,
  },
};

export const jsonSchemas: Properties = {
  names: {
    type: "string",
    description: "Field names of replies: `json` is fooBar, `proto` is foo_bar. Requests may use both.",
    enum: ["json", "proto"],
    default: json.names,
  },
  unknown_fields: {
    type: "string",
    description:
      "A field that the message does not have: refuse the request, or drop the field. (grpc-gateway: ignore)",
    enum: ["reject", "ignore"],
    default: json.unknown_fields,
  },
  emit_defaults: {
    type: "boolean",
    description: "Writes unset fields with their zero value.",
    default: json.emit_defaults,
  },
  enums_as_numbers: {
    type: "boolean",
    description: "Writes enums as numbers instead of names.",
    default: json.enums_as_numbers,
  },
  int64_as_numbers: {
    type: "boolean",
    description: "Writes 64-bit integers as JSON numbers instead of strings. JavaScript rounds those over 2^53.",
    default: json.int64_as_numbers,
  },
  indent: {
    type: "integer",
    description: "Spaces per level of replies; 0 is the compact form.",
    default: json.indent,
    minimum: 0,
    maximum: 8,
  },
  strip_enum_prefix: {
    type: "boolean",
    description: "Writes ACTIVE for STATE_ACTIVE of enum State, and accepts both.",
    default: json.strip_enum_prefix,
  },
  case_insensitive_enums: {
    type: "boolean",
    description: "Accepts enum names in any case.",
    default: json.case_insensitive_enums,
  },
  max_depth: {
    type: "integer",
    description: "Deepest nesting of a message, in JSON and on the wire.",
    default: json.max_depth,
    minimum: 1,
    maximum: 200,
  },
};

export const grpcSchemas: Properties = {
  health: {
    type: "boolean",
    description:
      "Serves grpc.health.v1: for the gateway itself by the empty name, for each service by asking its backend.",
    default: grpc.health,
  },
  reflection: {
    type: "boolean",
    description: "Serves gRPC server reflection from the loaded protos, so that grpcurl and ghz need only the address.",
    default: grpc.reflection,
  },
  proxy_unknown: {
    type: "boolean",
    description: "Passes gRPC calls of services without a proto on to the upstream as they are, unchecked.",
    default: grpc.proxy_unknown,
  },
};

export const serverSchemas: Properties = {
  max_body: size("Largest request body, after decompression.", server.max_body, "1KiB", "1GiB"),
  max_message: size("Largest gRPC message to or from a backend.", server.max_message, "1KiB", "1GiB"),
  max_metadata: size("Largest metadata from a backend.", server.max_metadata, "1KiB", "1MiB"),
  max_headers: size("Largest header block of a request, without its URL.", server.max_headers, "1KiB", "1MiB"),
  max_header_count: count("Most header fields of a request.", server.max_header_count, 8, 2000),
  max_url: size("Longest request target.", server.max_url, "256B", "1MiB"),
  max_query_params: count("Most parameters of a query string or form.", server.max_query_params, 1, 10_000),
  max_connections: count("Most client connections.", server.max_connections, 1, 1_000_000),
  max_connections_per_ip: {
    type: ["integer", "string"],
    description: "Most connections of one client address; `off` behind a proxy, whose address all clients have.",
    default: server.max_connections_per_ip,
    examples: ["off"],
    minimum: 1,
    maximum: 1_000_000,
    "x-form": { kind: "off" },
  },
  max_streams: count("Most requests a client has open on one HTTP/2 connection.", server.max_streams, 1, 100_000),
  headers_timeout: duration("Time for a client to send its request head.", server.headers_timeout, "100ms", "5m"),
  request_timeout: duration(
    "Time for a client to send its whole request; not less than `headers_timeout`.",
    server.request_timeout,
    "1s",
    "1h",
  ),
  keep_alive_timeout: duration("Time an idle connection is kept.", server.keep_alive_timeout, "1s", "1h"),
  connect_timeout: duration("Time to connect to a backend.", server.connect_timeout, "100ms", "5m"),
  shutdown_grace: duration(
    "Time for running requests to end when the gateway is stopped; `0s` cuts them.",
    server.shutdown_grace,
    "0s",
    "10m",
  ),
  workers: {
    type: ["integer", "string"],
    description: "Processes that serve; `auto` for one a processor. Limits and bounds hold for all of them together.",
    default: server.workers,
    examples: ["auto"],
    minimum: 1,
    maximum: maxWorkers,
    "x-form": { kind: "auto" },
  },
};

export const timeoutSchemas: Properties = {
  default: duration("Deadline of a unary call whose client and method name none.", timeouts.default, "1ms", "24h"),
  max: duration("Longest deadline a client may ask for; not less than `default`.", timeouts.max, "1ms", "24h"),
};
