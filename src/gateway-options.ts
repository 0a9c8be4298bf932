// The settled configuration as each part of the gateway wants it: the only place that knows both sides.
import type { PolicyOf, SaidParts, Sourced } from "./chain/policy.ts";
import type { RedisOptions } from "./chain/redis-connection.ts";
import type { Config, RedisConfig, UpstreamConfig } from "./config/config.ts";
import { readTlsFiles } from "./config/tls-files.ts";
import { DiagnosticError } from "./diagnostic.ts";
import type { MethodTimeout } from "./front/deadline.ts";
import type { GrpcOptions } from "./front/grpc/options.ts";
import type { RestOptions } from "./front/rest/options.ts";
import type { AnswerRules } from "./front/rest/success.ts";
import type { StreamRules } from "./front/stream/stream-policy.ts";
import { defaultSocketLimits, strictWebSocket } from "./front/websocket/options.ts";
import type { SocketLimits, WebSocketOptions } from "./front/websocket/options.ts";
import { plainAnswer } from "./schema/answer-rule.ts";
import type { Binding } from "./schema/binding.ts";
import { plainStream } from "./schema/stream-rule.ts";
import type { RouterOptions } from "./route/router.ts";
import { defaultListenerLimits, type ListenerLimits } from "./serve/listen-limits.ts";
import { grpcGatewayJson, type JsonOptions, strictJson } from "./translate/options.ts";
import { toCookieOrigins, toSocketOrigins } from "./guard-options.ts";
import { parseTarget } from "./upstream/target.ts";
import type { TargetAddress, TransportLimits } from "./upstream/transport.ts";
import type { UpstreamTargets } from "./upstream/upstreams.ts";

/** Null for unset messages belongs to writing defaults at all. */
export function toJsonOptions({ profile, json }: Config): JsonOptions {
  const base = profile === "strict" ? strictJson : grpcGatewayJson;
  return { ...base, ...json, emitNullMessages: base.emitNullMessages && json.emitDefaults };
}

/** What is in force for methods, wherever it was said, as fronts and descriptions ask for it. */
export function toMethodRules(policyOf: PolicyOf): MethodRules {
  return {
    methodTimeoutMs: (method) => policyOf(method).timeoutMs?.value,
    streamRuleOf: (method) => toRule(plainStream, policyOf(method).stream),
    answerRuleOf: (method) => toRule(plainAnswer, policyOf(method).http),
  };
}

export type MethodRules = Required<StreamRules & AnswerRules> & { readonly methodTimeoutMs: MethodTimeout };

function toRule<R extends object>(plain: R, said: SaidParts<R>): R {
  const parts = Object.entries(said) as [string, Sourced<unknown>][];
  return { ...plain, ...Object.fromEntries(parts.map(([part, { value }]) => [part, value])) };
}

export function toRestOptions(config: Config, report: RestOptions["report"]): RestOptions {
  const { profile, http, server, streams, timeouts } = config;
  return {
    profile,
    json: toJsonOptions(config),
    queryIgnore: toIgnored(config),
    queryLimits: { what: "query string", maxLength: server.maxUrlBytes, maxParameters: server.maxQueryParams },
    errors: http.errors,
    maxBodyBytes: server.maxBodyBytes,
    defaultTimeoutMs: timeouts.defaultMs,
    maxTimeoutMs: timeouts.maxMs,
    streams,
    requestHeaders: http.requestHeaders,
    responseHeaders: http.responseHeaders,
    allowHttpCode: http.allowHttpCode,
    trustedProxies: http.trustedProxies,
    compressMinBytes: http.compressMinBytes,
    trustedOrigins: toSocketOrigins(config),
    report,
  };
}

/** A parameter that may hold an API key is no unknown one. */
function toIgnored({ query, auth }: Config): readonly string[] {
  const name = auth?.apiKeys?.query;
  return name === undefined ? query.ignore : [...query.ignore, name];
}

export function toGrpcOptions(config: Config, report: GrpcOptions["report"]): GrpcOptions {
  const { http, grpc, server, streams, timeouts } = config;
  return {
    profile: "strict",
    json: toJsonOptions(config),
    maxMessageBytes: server.maxMessageBytes,
    defaultTimeoutMs: timeouts.defaultMs,
    maxTimeoutMs: timeouts.maxMs,
    streams,
    trustedProxies: http.trustedProxies,
    proxyUnknown: grpc.proxyUnknown,
    report,
  };
}

export function toWebSocketOptions(config: Config, report: WebSocketOptions["report"]): WebSocketOptions {
  const { profile, http, server, streams, timeouts, websocket } = config;
  return {
    ...strictWebSocket,
    profile,
    json: toJsonOptions(config),
    routing: toRouterOptions(config),
    queryIgnore: toIgnored(config),
    queryLimits: { what: "query string", maxLength: server.maxUrlBytes, maxParameters: server.maxQueryParams },
    errors: http.errors,
    requestHeaders: http.requestHeaders,
    responseHeaders: http.responseHeaders,
    trustedProxies: http.trustedProxies,
    defaultTimeoutMs: timeouts.defaultMs,
    maxTimeoutMs: timeouts.maxMs,
    allowedOrigins: toSocketOrigins(config),
    cookieOrigins: toCookieOrigins(config),
    exposeUnary: websocket.exposeUnary,
    envelope: websocket.envelope,
    accessTokenInQuery: websocket.accessTokenInQuery,
    socket: toSocketLimits(config),
    maxReplyBytes: server.maxMessageBytes,
    maxStreamsPerSocket: websocket.maxStreams,
    maxSocketsPerPrincipal: websocket.maxSocketsPerPrincipal,
    maxSockets: websocket.maxSockets,
    handshakesPerSecond: websocket.handshakesPerSecond,
    idleMs: streams.idleMs,
    lifetimeMs: streams.lifetimeMs,
    // Before what is left gets its last call, and is cut.
    drainMs: server.shutdownGraceMs - Math.min(2000, 0.6 * server.shutdownGraceMs),
    report,
  };
}

function toSocketLimits({ websocket }: Config): SocketLimits {
  return {
    ...defaultSocketLimits,
    maxMessageBytes: websocket.maxMessageBytes,
    unsentHighBytes: websocket.maxUnsentBytes,
    unsentLowBytes: Math.floor(websocket.maxUnsentBytes / 4),
    slowConsumerMs: websocket.slowConsumerMs,
    pingMs: websocket.pingMs,
    pongMs: websocket.pongMs,
    messagesPerSecond: websocket.messagesPerSecond,
    bytesPerSecond: websocket.bytesPerSecond,
  };
}

export function toRouterOptions({ profile, http, server }: Config): RouterOptions {
  return { profile, urlUnescape: http.urlUnescape, maxPathLength: server.maxUrlBytes };
}

/** What a rule is bound to must get through, whatever its method is called. */
export function toListenerLimits({ server, http }: Config, bindings: readonly Binding[]): ListenerLimits {
  return {
    ...defaultListenerLimits,
    methods: new Set(bindings.map(({ httpMethod }) => httpMethod)),
    maxHeaderBytes: server.maxHeaderBytes,
    maxHeaderCount: server.maxHeaderCount,
    maxUrlBytes: server.maxUrlBytes,
    maxConnections: server.maxConnections,
    maxConnectionsPerIp: server.maxConnectionsPerIp,
    maxStreams: server.maxStreams,
    headersTimeoutMs: server.headersTimeoutMs,
    requestTimeoutMs: server.requestTimeoutMs,
    keepAliveTimeoutMs: server.keepAliveTimeoutMs,
    underscoreHeaders: http.underscoreHeaders,
  };
}

export function toTransportLimits({ server }: Config): TransportLimits {
  const { maxMessageBytes, maxMetadataBytes, connectTimeoutMs } = server;
  return { maxMessageBytes, maxMetadataBytes, connectTimeoutMs };
}

/** Throws DiagnosticError for TLS files that cannot be used. */
export function toUpstreamTargets(config: Config): UpstreamTargets {
  const byService = new Map<string, TargetAddress>();
  let fallback: TargetAddress | undefined;
  for (const upstream of config.upstreams) {
    if (upstream.service === undefined) fallback = toTargetAddress(upstream);
    else byService.set(upstream.service, toTargetAddress(upstream));
  }
  return { default: fallback, byService };
}

/** Throws DiagnosticError for a target that is none, and for TLS files that cannot be used. */
export function toTargetAddress({ target, tls }: Pick<UpstreamConfig, "target" | "tls">): TargetAddress {
  const parsed = parseTarget(target, tls === undefined ? undefined : readTlsFiles(tls));
  if (parsed.kind === "target") return parsed.address;
  throw new DiagnosticError([
    { severity: "error", position: undefined, message: parsed.message, hint: parsed.hint, rule: "target" },
  ]);
}

/** Throws DiagnosticError for a file of authorities that cannot be used. */
export function toRedisOptions(redis: RedisConfig, onDown: RedisOptions["onDown"]): RedisOptions {
  const { url, username, password } = redis;
  const files = { ca: redis.ca, cert: undefined, key: undefined, serverName: undefined };
  const ca = redis.ca === undefined ? undefined : readTlsFiles(files).ca?.toString();
  return { url, username, password, ca, onDown };
}
