// Layers of valid settings -> Config: the highest layer that names a key wins; text becomes bytes, milliseconds, addresses.
import { availableParallelism } from "node:os";
import { parseAddress } from "./address.ts";
import type { Address, Config, GrpcConfig, HttpConfig, JsonConfig, ServerConfig } from "./config.ts";
import { checkAgreement } from "./agreement.ts";
import { locatePath } from "./layer.ts";
import type { Layer } from "./layer.ts";
import { toBytes, toMs } from "./quantity.ts";
import { defaultSettings, maxWorkers } from "./settings.ts";
import type { DefaultSettings } from "./settings.ts";
import { resolveLimits, resolveRedis, toShedding } from "./resolve-limits.ts";
import { toCache } from "./resolve-cache.ts";
import { toValidation } from "./resolve-validation.ts";
import type { GuardSettings } from "./settings-guard.ts";
import { toAccess, toBans, toCors, toRequestId } from "./resolve-guard.ts";
import { resolveCompose } from "./resolve-compose.ts";
import { resolveInterceptors, resolvePolicies } from "./resolve-policies.ts";
import { toPages, toStreams, toWebSocket } from "./resolve-streams.ts";
import { resolveLog, resolveMetrics } from "./resolve-observe.ts";
import { resolveAuth } from "./resolve-auth.ts";
import { resolveListenTls } from "./resolve-tls.ts";
import { resolveUpstreams } from "./resolve-upstreams.ts";
import type { KeyPath, Report } from "./yaml-source.ts";
import type { YamlHttpRule } from "../schema/bind/http-rule.ts";

/** What the layers do not hold themselves. */
export interface ResolvedExtras {
  readonly file: string | undefined;
  readonly rules: readonly YamlHttpRule[];
}

type Group =
  | keyof GuardSettings
  | "http"
  | "query"
  | "json"
  | "grpc"
  | "server"
  | "timeouts"
  | "streams"
  | "websocket"
  | "pages"
  | "shedding"
  | "log"
  | "tracing"
  | "metrics"
  | "validation"
  | "cache";

/** The highest layer first. Undefined when settings contradict each other, which has been reported. */
export function resolveConfig(layers: readonly Layer[], extras: ResolvedExtras, report: Report): Config {
  const profile = top(layers, "profile", "strict")[0];
  const defaults = defaultSettings[profile];
  const admin = top(layers, "admin", defaults.admin);
  const timeouts = group(layers, "timeouts", defaults);
  const listen = toAddress(top(layers, "listen", defaults.listen)[0]);
  const config: Config = {
    file: extras.file,
    protos: paths(layers, "protos"),
    importPaths: paths(layers, "import_paths"),
    reflect: top(layers, "reflect", defaults.reflect)[0],
    listen,
    tls: resolveListenTls(layers, report),
    admin: admin[0] === "off" ? undefined : toAddress(admin[0]),
    adminIsDefault: admin[1] === undefined,
    profile,
    transport: top(layers, "transport", defaults.transport)[0],
    upstreams: resolveUpstreams(layers, report),
    http: toHttp(group(layers, "http", defaults), extras.rules),
    query: { ignore: group(layers, "query", defaults).ignore },
    json: toJson(group(layers, "json", defaults)),
    grpc: toGrpc(group(layers, "grpc", defaults)),
    validation: toValidation(group(layers, "validation", defaults)),
    cache: toCache(group(layers, "cache", defaults)),
    server: toServer(group(layers, "server", defaults)),
    timeouts: { defaultMs: toMs(timeouts.default), maxMs: toMs(timeouts.max) },
    streams: toStreams(group(layers, "streams", defaults)),
    websocket: toWebSocket(group(layers, "websocket", defaults)),
    pages: toPages(group(layers, "pages", defaults), listen),
    auth: resolveAuth(layers, report),
    maxStreamsPerClient: toNumberOrOff(group(layers, "streams", defaults).max_per_client),
    limits: resolveLimits(layers, report),
    policies: resolvePolicies(layers, report),
    compose: resolveCompose(layers),
    interceptors: resolveInterceptors(layers, report),
    redis: resolveRedis(layers),
    shedding: toShedding(group(layers, "shedding", defaults)),
    cors: toCors(group(layers, "cors", defaults)),
    access: toAccess(group(layers, "access", defaults), layers),
    bans: toBans(group(layers, "bans", defaults)),
    requestId: toRequestId(group(layers, "request_id", defaults)),
    log: resolveLog(group(layers, "log", defaults), layers, report),
    tracing: group(layers, "tracing", defaults),
    metrics: resolveMetrics(group(layers, "metrics", defaults), layers, report),
  };
  checkAgreement(config, (path) => findOrigin(layers, path), report);
  return config;
}

/** The layer that settles a path, for messages. */
function findOrigin(layers: readonly Layer[], path: KeyPath): Layer | undefined {
  return layers.find((layer) => valueAt(layer.settings, path) !== undefined);
}

function valueAt(settings: unknown, path: KeyPath): unknown {
  let value: unknown = settings;
  for (const key of path) value = (value as Record<string | number, unknown> | undefined)?.[key];
  return value;
}

function top<K extends keyof DefaultSettings>(
  layers: readonly Layer[],
  key: K,
  fallback: DefaultSettings[K],
): [DefaultSettings[K], Layer | undefined] {
  for (const layer of layers) {
    const value = layer.settings[key];
    if (value !== undefined) return [value as DefaultSettings[K], layer];
  }
  return [fallback, undefined];
}

/** A group is merged key by key. */
function group<K extends Group>(layers: readonly Layer[], key: K, defaults: DefaultSettings): DefaultSettings[K] {
  const merged = { ...defaults[key] };
  for (const layer of layers.toReversed()) Object.assign(merged, layer.settings[key]);
  return merged;
}

function paths(layers: readonly Layer[], key: "protos" | "import_paths"): string[] {
  const [values, layer] = top(layers, key, []);
  return layer === undefined ? [] : values.map((path) => locatePath(layer, path));
}

function toAddress(text: string): Address {
  const address = parseAddress(text);
  if (typeof address === "string") throw new TypeError(address);
  return address;
}

function toHttp(http: DefaultSettings["http"], rules: readonly YamlHttpRule[]): HttpConfig {
  return {
    rules,
    bindUnannotated: http.bind_unannotated,
    urlUnescape: http.url_unescape,
    errors: http.errors,
    requestHeaders: http.request_headers.map((name) => name.toLowerCase()),
    responseHeaders: http.response_headers.map((name) => name.toLowerCase()),
    compressMinBytes: http.compress_min === "off" ? undefined : toBytes(http.compress_min),
    allowHttpCode: http.allow_http_code,
    trustedProxies: http.trusted_proxies,
    underscoreHeaders: http.underscore_headers,
    rateLimitHeaders: http.rate_limit_headers,
  };
}

function toNumberOrOff(value: number | "off"): number | undefined {
  return value === "off" ? undefined : value;
}

function toJson(json: DefaultSettings["json"]): JsonConfig {
  return {
    unknownFields: json.unknown_fields,
    emitDefaults: json.emit_defaults,
    protoNames: json.names === "proto",
    enumsAsNumbers: json.enums_as_numbers,
    int64AsNumbers: json.int64_as_numbers,
    indent: json.indent,
    stripEnumPrefix: json.strip_enum_prefix,
    caseInsensitiveEnums: json.case_insensitive_enums,
    maxDepth: json.max_depth,
  };
}

function toGrpc(grpc: DefaultSettings["grpc"]): GrpcConfig {
  return { health: grpc.health, reflection: grpc.reflection, proxyUnknown: grpc.proxy_unknown };
}

function toServer(server: DefaultSettings["server"]): ServerConfig {
  return {
    maxBodyBytes: toBytes(server.max_body),
    maxMessageBytes: toBytes(server.max_message),
    maxMetadataBytes: toBytes(server.max_metadata),
    maxHeaderBytes: toBytes(server.max_headers),
    maxHeaderCount: server.max_header_count,
    maxUrlBytes: toBytes(server.max_url),
    maxQueryParams: server.max_query_params,
    maxConnections: server.max_connections,
    maxConnectionsPerIp: toNumberOrOff(server.max_connections_per_ip),
    maxStreams: server.max_streams,
    headersTimeoutMs: toMs(server.headers_timeout),
    requestTimeoutMs: toMs(server.request_timeout),
    keepAliveTimeoutMs: toMs(server.keep_alive_timeout),
    connectTimeoutMs: toMs(server.connect_timeout),
    shutdownGraceMs: toMs(server.shutdown_grace),
    workers: server.workers === "auto" ? Math.min(maxWorkers, availableParallelism()) : server.workers,
  };
}
