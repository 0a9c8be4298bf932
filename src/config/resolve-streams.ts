// The settings about streams and browsers as the gateway runs by them.
import { isLoopback } from "./address.ts";
import type { Address, PageConfig, StreamConfig, WebSocketConfig } from "./config.ts";
import { toBytes, toMs } from "./quantity.ts";
import type { DefaultSettings } from "./settings.ts";

export function toStreams(streams: DefaultSettings["streams"]): StreamConfig {
  return { idleMs: toMs(streams.idle_timeout), lifetimeMs: toMs(streams.max_lifetime) };
}

export function toWebSocket(websocket: DefaultSettings["websocket"]): WebSocketConfig {
  return {
    enabled: websocket.enabled,
    exposeUnary: websocket.unary,
    allowedOrigins: websocket.allowed_origins.map((origin) => origin.toLowerCase()),
    maxMessageBytes: toBytes(websocket.max_message),
    maxUnsentBytes: toBytes(websocket.max_unsent),
    maxSockets: websocket.max_sockets,
    maxSocketsPerPrincipal: websocket.max_sockets_per_principal,
    maxStreams: websocket.max_streams,
    handshakesPerSecond: websocket.handshakes_per_second,
    messagesPerSecond: websocket.messages_per_second,
    bytesPerSecond: toBytes(websocket.bytes_per_second),
    pingMs: toMs(websocket.ping_interval),
    pongMs: toMs(websocket.pong_timeout),
    slowConsumerMs: toMs(websocket.slow_consumer_timeout),
    envelope: websocket.envelope,
    accessTokenInQuery: websocket.access_token_in_query,
  };
}

/** Whoever can reach a loopback address may see the schema; elsewhere it is the operator's to decide. */
export function toPages({ playground }: DefaultSettings["pages"], listen: Address): PageConfig {
  const isLocal = listen.host.startsWith("unix:") || isLoopback(listen.host);
  return {
    playground: playground === "on" || (playground === "auto" && isLocal),
    localOnly: playground === "auto" && isLocal && !listen.host.startsWith("unix:"),
  };
}
