// The settings as the YAML file spells them, and their defaults: the one place where a default is written.
import type { Profile } from "../schema/binding.ts";
import type { AuthSettings } from "./auth-settings.ts";
import { defaultLog, defaultMetrics, defaultTracing } from "./observe-settings.ts";
import type { LogSettings, MetricSettings, TracingSettings } from "./observe-settings.ts";
import type { InterceptorSettings, PolicySettings } from "./policy-settings.ts";
import type { ComposeSettings } from "../schema/compose-rule.ts";
import type { LimitSettings } from "../schema/limit-rule.ts";
import type { TlsVersion, TransportName } from "./config.ts";
import { guardSettings } from "./settings-guard.ts";
import type { GuardLayer, GuardSettings } from "./settings-guard.ts";
import { cacheSettings } from "./settings-cache.ts";
import type { CacheSettings } from "./settings-cache.ts";
import { validationSettings } from "./settings-validation.ts";
import type { ValidationSettings } from "./settings-validation.ts";

export interface UpstreamSettings {
  target: string;
  tls?: { ca?: string; cert?: string; key?: string; server_name?: string };
}

export interface ListenTlsSettings {
  cert?: string;
  key?: string;
  client_ca?: string;
  client_auth?: "required" | "optional";
  min_version?: TlsVersion;
}

/** What a valid layer (file, environment, flags) may hold; sizes and durations are still text. */
export interface Settings extends GuardLayer {
  protos?: string[];
  import_paths?: string[];
  reflect?: boolean;
  listen?: string;
  tls?: ListenTlsSettings;
  admin?: string;
  profile?: Profile;
  transport?: TransportName;
  upstreams?: Record<string, string | UpstreamSettings>;
  http?: Partial<HttpSettings> & { rules?: unknown[]; rules_file?: string };
  query?: Partial<QuerySettings>;
  json?: Partial<JsonSettings>;
  grpc?: Partial<GrpcSettings>;
  server?: Partial<ServerSettings>;
  timeouts?: Partial<TimeoutSettings>;
  streams?: Partial<StreamSettings>;
  websocket?: Partial<WebSocketSettings>;
  pages?: Partial<PageSettings>;
  validation?: Partial<ValidationSettings>;
  cache?: Partial<CacheSettings>;
  auth?: AuthSettings;
  log?: Partial<LogSettings>;
  tracing?: Partial<TracingSettings>;
  metrics?: Partial<MetricSettings>;
  limits?: YamlLimit[];
  policies?: PolicySettings[];
  compose?: Record<string, ComposeSettings>;
  interceptors?: InterceptorSettings[];
  redis?: { url: string; username?: string; password?: string; ca?: string } & Partial<RedisSettings>;
  shedding?: Partial<SheddingSettings>;
}

interface HttpSettings {
  bind_unannotated: boolean;
  url_unescape: "except_reserved" | "except_slash" | "all";
  errors: "status" | "problem" | "google";
  request_headers: string[];
  response_headers: string[];
  compress_min: string | number;
  allow_http_code: boolean;
  trusted_proxies: string[];
  underscore_headers: "reject" | "drop";
  rate_limit_headers: "always" | "refused" | "off";
}

interface QuerySettings {
  ignore: string[];
}

interface JsonSettings {
  names: "json" | "proto";
  unknown_fields: "reject" | "ignore";
  emit_defaults: boolean;
  enums_as_numbers: boolean;
  int64_as_numbers: boolean;
  indent: number;
  strip_enum_prefix: boolean;
  case_insensitive_enums: boolean;
  max_depth: number;
}

interface GrpcSettings {
  health: boolean;
  reflection: boolean;
  proxy_unknown: boolean;
}

interface ServerSettings {
  max_body: string | number;
  max_message: string | number;
  max_metadata: string | number;
  max_headers: string | number;
  max_header_count: number;
  max_url: string | number;
  max_query_params: number;
  max_connections: number;
  max_connections_per_ip: number | "off";
  max_streams: number;
  headers_timeout: string;
  request_timeout: string;
  keep_alive_timeout: string;
  connect_timeout: string;
  shutdown_grace: string;
  workers: number | "auto";
}

interface TimeoutSettings {
  default: string;
  max: string;
}

/** Limits with the methods they are for. */
interface YamlLimit extends LimitSettings {
  methods?: string[];
}

interface RedisSettings {
  prefix: string;
  timeout: string;
  on_failure: "local" | "closed";
  instances: number;
}

interface SheddingSettings {
  enabled: boolean;
  max_delay: string;
  max_heap: number;
}

interface StreamSettings {
  idle_timeout: string;
  max_lifetime: string;
  max_per_client: number | "off";
}

interface WebSocketSettings {
  enabled: boolean;
  unary: boolean;
  allowed_origins: string[];
  max_message: string | number;
  max_unsent: string | number;
  max_sockets: number;
  max_sockets_per_principal: number;
  max_streams: number;
  handshakes_per_second: number;
  messages_per_second: number;
  bytes_per_second: string | number;
  ping_interval: string;
  pong_timeout: string;
  slow_consumer_timeout: string;
  envelope: "none" | "grpc-gateway";
  access_token_in_query: boolean;
}

interface PageSettings {
  playground: "auto" | "on" | "off";
}

export interface DefaultSettings extends GuardSettings {
  readonly protos: string[];
  readonly import_paths: string[];
  readonly reflect: boolean;
  readonly listen: string;
  readonly admin: string;
  readonly profile: Profile;
  readonly transport: TransportName;
  readonly http: HttpSettings;
  readonly query: QuerySettings;
  readonly json: JsonSettings;
  readonly grpc: GrpcSettings;
  readonly server: ServerSettings;
  readonly timeouts: TimeoutSettings;
  readonly streams: StreamSettings;
  readonly websocket: WebSocketSettings;
  readonly pages: PageSettings;
  readonly validation: ValidationSettings;
  readonly cache: CacheSettings;
  readonly shedding: SheddingSettings;
  readonly log: LogSettings;
  readonly tracing: TracingSettings;
  readonly metrics: MetricSettings;
}

const strict: DefaultSettings = {
  protos: [],
  import_paths: [],
  reflect: false,
  listen: "127.0.0.1:8080",
  admin: "127.0.0.1:9901",
  profile: "strict",
  transport: "native",
  http: {
    bind_unannotated: true,
    url_unescape: "except_reserved",
    errors: "status",
    request_headers: ["accept-language", "traceparent", "tracestate", "baggage", "x-request-id", "authorization"],
    response_headers: [],
    compress_min: "1KiB",
    allow_http_code: false,
    trusted_proxies: [],
    underscore_headers: "reject",
    rate_limit_headers: "always",
  },
  query: { ignore: [] },
  json: {
    names: "json",
    unknown_fields: "reject",
    emit_defaults: true,
    enums_as_numbers: false,
    int64_as_numbers: false,
    indent: 0,
    strip_enum_prefix: false,
    case_insensitive_enums: false,
    max_depth: 100,
  },
  grpc: { health: true, reflection: true, proxy_unknown: false },
  server: {
    max_body: "4MiB",
    max_message: "4MiB",
    max_metadata: "16KiB",
    max_headers: "16KiB",
    max_header_count: 64,
    max_url: "8KiB",
    max_query_params: 256,
    max_connections: 10_000,
    max_connections_per_ip: 256,
    max_streams: 100,
    headers_timeout: "10s",
    request_timeout: "60s",
    keep_alive_timeout: "65s",
    connect_timeout: "5s",
    shutdown_grace: "10s",
    workers: 1,
  },
  timeouts: { default: "15s", max: "5m" },
  streams: { idle_timeout: "10m", max_lifetime: "2h", max_per_client: "off" },
  websocket: {
    enabled: true,
    unary: false,
    allowed_origins: [],
    max_message: "1MiB",
    max_unsent: "256KiB",
    max_sockets: 10_000,
    max_sockets_per_principal: 20,
    max_streams: 100,
    handshakes_per_second: 200,
    messages_per_second: 5000,
    bytes_per_second: "32MiB",
    ping_interval: "25s",
    pong_timeout: "10s",
    slow_consumer_timeout: "30s",
    envelope: "none",
    access_token_in_query: false,
  },
  pages: { playground: "auto" },
  log: defaultLog,
  tracing: defaultTracing,
  metrics: defaultMetrics,
  validation: validationSettings,
  cache: cacheSettings,
  shedding: { enabled: true, max_delay: "500ms", max_heap: 90 },
  ...guardSettings,
};

/** What grpc-gateway v2 does out of the box, where it differs. */
const grpcGateway: DefaultSettings = {
  ...strict,
  profile: "grpc-gateway",
  http: { ...strict.http, bind_unannotated: false, url_unescape: "all" },
  json: { ...strict.json, unknown_fields: "ignore" },
  validation: { ...validationSettings, enabled: false },
};

export const defaultSettings: Readonly<Record<Profile, DefaultSettings>> = { strict, "grpc-gateway": grpcGateway };

/** Of a group that is there when it names a URL, and else is not. */
export const defaultRedis: Readonly<RedisSettings> = {
  prefix: "sluice:",
  timeout: "50ms",
  on_failure: "local",
  instances: 1,
};

/** Of one gateway. */
export const maxWorkers = 64;
