// What the gateway runs by: one deep-frozen record, settled once at start from flags, environment, file and defaults.
import type { Profile, UrlUnescape } from "../schema/binding.ts";
import type { Position } from "../diagnostic.ts";
import type { ComposeRule } from "../schema/compose-rule.ts";
import type { LimitRule } from "../schema/limit-rule.ts";
import type { YamlHttpRule } from "../schema/bind/http-rule.ts";
import type { GuardConfig } from "./config-guard.ts";
import type { CacheConfig } from "./resolve-cache.ts";
import type { ValidationConfig } from "./resolve-validation.ts";

export type { LogConfig, MetricsConfig, TracingConfig } from "./observe-settings.ts";
export type { AuthConfig, IssuerConfig } from "./auth-settings.ts";
import type { AuthConfig } from "./auth-settings.ts";
import type { TlsFiles } from "./config-tls.ts";

export type { TlsFiles } from "./config-tls.ts";
import type { LogConfig, MetricsConfig, TracingConfig } from "./observe-settings.ts";
export type { AuthRuleConfig, InterceptorConfig, PolicyConfig, RedactConfig } from "./policy-settings.ts";
import type { InterceptorConfig, PolicyConfig } from "./policy-settings.ts";

export type TransportName = "native" | "grpc-js";

/** Where to listen; port 0 picks a free one. */
export interface Address {
  /** A name or an IP address without brackets; empty for every interface; `unix:/path` with port 0 for a socket file. */
  readonly host: string;
  readonly port: number;
}

/** TLS towards clients: PEM files by absolute path; `readListenTls` reads them. */
export interface ListenTls {
  readonly cert: string;
  readonly key: string;
  /** Undefined: clients need no certificate. */
  readonly clientCa: string | undefined;
  /** Whether clients without a certificate are turned away, where `clientCa` is given. */
  readonly clientAuth: "required" | "optional";
  readonly minVersion: TlsVersion;
}

export type TlsVersion = "TLSv1.2" | "TLSv1.3";

export interface UpstreamConfig {
  /** `pkg.Service` or `pkg.*`; undefined for the default that takes all others. */
  readonly service: string | undefined;
  /** As written, see upstream/target.ts: `localhost:50051`, `grpcs://orders:443`, `unix:/run/orders.sock`. */
  readonly target: string;
  /** Undefined for plain text. */
  readonly tls: TlsFiles | undefined;
}

export interface HttpConfig {
  /** Of `http.rules`, then `http.rules_file`, then --http-rules: the last one for a method wins. */
  readonly rules: readonly YamlHttpRule[];
  readonly bindUnannotated: boolean;
  readonly urlUnescape: UrlUnescape;
  readonly errors: "status" | "problem" | "google";
  /** Lower case. */
  readonly requestHeaders: readonly string[];
  /** Lower case. */
  readonly responseHeaders: readonly string[];
  /** Answers of at least this size are compressed when the client accepts it; undefined never. */
  readonly compressMinBytes: number | undefined;
  readonly allowHttpCode: boolean;
  /** Addresses and CIDR blocks, as written. */
  readonly trustedProxies: readonly string[];
  readonly underscoreHeaders: "reject" | "drop";
  readonly rateLimitHeaders: "always" | "refused" | "off";
}

/** The settable part of translate's JsonOptions; the rest follows from the profile. */
export interface JsonConfig {
  readonly unknownFields: "reject" | "ignore";
  readonly emitDefaults: boolean;
  readonly protoNames: boolean;
  readonly enumsAsNumbers: boolean;
  readonly int64AsNumbers: boolean;
  readonly indent: number;
  readonly stripEnumPrefix: boolean;
  readonly caseInsensitiveEnums: boolean;
  readonly maxDepth: number;
}

/** What gRPC clients get beyond the methods of the protos. */
export interface GrpcConfig {
  readonly health: boolean;
  readonly reflection: boolean;
  readonly proxyUnknown: boolean;
}

/** Every bound on what a client, or a backend, may cost. */
export interface ServerConfig {
  readonly maxBodyBytes: number;
  readonly maxMessageBytes: number;
  readonly maxMetadataBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxHeaderCount: number;
  readonly maxUrlBytes: number;
  readonly maxQueryParams: number;
  readonly maxConnections: number;
  /** Undefined when the file says `off`: behind a proxy every client has the proxy's address. */
  readonly maxConnectionsPerIp: number | undefined;
  /** Open at once on one HTTP/2 connection of a client. */
  readonly maxStreams: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly shutdownGraceMs: number;
  /** Processes that serve; with one there is no other. */
  readonly workers: number;
}

export interface TimeoutConfig {
  /** Deadline of a unary call whose client names none. */
  readonly defaultMs: number;
  /** The longest deadline a client may ask for. */
  readonly maxMs: number;
}

/** How long streams may last, unless their method says otherwise. */
export interface StreamConfig {
  readonly idleMs: number;
  readonly lifetimeMs: number;
}

export interface WebSocketConfig {
  readonly enabled: boolean;
  /** Unary methods, too, at their REST URLs. */
  readonly exposeUnary: boolean;
  /** `scheme://host[:port]`, lower case; or `*` for every origin. */
  readonly allowedOrigins: readonly string[];
  readonly maxMessageBytes: number;
  /** The high mark of what waits for a client on a socket. */
  readonly maxUnsentBytes: number;
  readonly maxSockets: number;
  readonly maxSocketsPerPrincipal: number;
  readonly maxStreams: number;
  readonly handshakesPerSecond: number;
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly pingMs: number;
  readonly pongMs: number;
  readonly slowConsumerMs: number;
  readonly envelope: "none" | "grpc-gateway";
  readonly accessTokenInQuery: boolean;
}

export interface PageConfig {
  /** Settled: `auto` has become yes or no. */
  readonly playground: boolean;
  /** Nobody asked for it: only whoever names this machine in Host gets it, no page that DNS rebinding led here. */
  readonly localOnly: boolean;
}

/** A limit of the configuration, and the methods it is for. */
export interface LimitConfig {
  readonly rule: LimitRule;
  /** Selectors. */
  readonly methods: readonly string[];
  /** Of the limit's `methods[index]`; of the whole limit without one. */
  readonly positionOf: (index?: number) => Position | undefined;
}

export interface RedisConfig {
  /** `redis://host:port/N`, `rediss://…`, `unix:/path`. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Absolute path. */
  readonly ca: string | undefined;
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly onFailure: "local" | "closed";
  readonly instances: number;
}

export interface SheddingConfig {
  readonly enabled: boolean;
  readonly maxDelayMs: number;
  /** Of V8's heap limit, 0 to 1. */
  readonly maxHeap: number;
}

export interface Config extends GuardConfig {
  /** Absolute path of the YAML file; undefined without one. */
  readonly file: string | undefined;
  /** `.proto` files, folders of them, descriptor sets. */
  readonly protos: readonly string[];
  readonly importPaths: readonly string[];
  /** Ask the default upstream for its schema. */
  readonly reflect: boolean;
  readonly listen: Address;
  /** Undefined for plain text. */
  readonly tls: ListenTls | undefined;
  /** Undefined when off. */
  readonly admin: Address | undefined;
  /** Nobody chose the admin address: when it is taken, the gateway starts without. */
  readonly adminIsDefault: boolean;
  readonly profile: Profile;
  readonly transport: TransportName;
  /** The default upstream first, if there is one. */
  readonly upstreams: readonly UpstreamConfig[];
  readonly http: HttpConfig;
  readonly query: {
    /** Names, or prefixes ending in `*`, that may appear in a query and are not bound. */ readonly ignore: readonly string[];
  };
  readonly json: JsonConfig;
  readonly grpc: GrpcConfig;
  readonly validation: ValidationConfig;
  readonly cache: CacheConfig;
  readonly server: ServerConfig;
  readonly timeouts: TimeoutConfig;
  readonly streams: StreamConfig;
  readonly websocket: WebSocketConfig;
  readonly pages: PageConfig;
  /** Undefined without the group: then nobody is asked who calls. */
  readonly auth: AuthConfig | undefined;
  /** Open streams of one principal, or of one address where there is none; undefined when off. */
  readonly maxStreamsPerClient: number | undefined;
  readonly limits: readonly LimitConfig[];
  /** What the file says of methods beside. */
  readonly policies: readonly PolicyConfig[];
  /** Methods that the gateway answers itself, beside and before those of the protos. */
  readonly compose: readonly ComposeRule[];
  readonly interceptors: readonly InterceptorConfig[];
  /** Undefined when the gateway counts for itself. */
  readonly redis: RedisConfig | undefined;
  readonly shedding: SheddingConfig;
  readonly log: LogConfig;
  readonly tracing: TracingConfig;
  readonly metrics: MetricsConfig;
}

/** Freezes plain objects and arrays, all the way down. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const child of Object.values(value)) deepFreeze(child);
  return value;
}
