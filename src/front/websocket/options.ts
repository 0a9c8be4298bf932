// Every switch and bound of the WebSocket front, with one frozen default per profile.
import type { ReportFault } from "../../call.ts";
import type { MethodTimeout } from "../deadline.ts";
import type { StreamRules } from "../stream/stream-policy.ts";
import type { RouterOptions } from "../../route/router.ts";
import type { Profile } from "../../schema/binding.ts";
import { grpcGatewayJson, strictJson } from "../../translate/options.ts";
import type { JsonOptions } from "../../translate/options.ts";
import { defaultTicketLimits } from "../../ticket-box.ts";
import { defaultQueryLimits, type QueryLimits } from "../../translate/request/query.ts";

/** What one socket may cost; 0 and Infinity mean what they say, there is no value for "off" beside Infinity. */
export interface SocketLimits {
  /** Of a message from the client; more is 1009. */
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
  readonly maxBufferedChunks: number;
  /** Unsent bytes from which on the backends wait, and below which they go on. */
  readonly unsentHighBytes: number;
  readonly unsentLowBytes: number;
  /** A client that takes nothing for so long while that much is unsent is closed with 4102. */
  readonly slowConsumerMs: number;
  readonly pingMs: number;
  readonly pongMs: number;
  /** For the client's answer to a close frame. */
  readonly closeMs: number;
  /** Messages and bytes of a client in a second, and as much at once; over it reading pauses. */
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Over the rate for so long without a break: 4154. */
  readonly rateExcessMs: number;
}

export interface WebSocketOptions extends StreamRules {
  readonly profile: Profile;
  readonly json: JsonOptions;
  readonly routing: RouterOptions;
  /** Globs of query parameters that are no fields and are let through. */
  readonly queryIgnore: readonly string[];
  readonly queryLimits?: QueryLimits;
  /** The shape of HTTP error bodies. */
  readonly errors: "status" | "problem" | "google";
  /** Request headers that become metadata, and metadata of replies that clients get, in profile strict. */
  readonly requestHeaders: readonly string[];
  readonly responseHeaders: readonly string[];
  /** Addresses and CIDR blocks whose X-Forwarded-* are believed. */
  readonly trustedProxies: readonly string[];
  /** Deadlines of unary calls: the one of a client that names none, and the furthest. */
  readonly defaultTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /** What is said of a method, in its proto or in the configuration; undefined for nothing. */
  readonly methodTimeoutMs?: MethodTimeout;
  /** Origins beside the gateway's own: `https://app.example`. */
  readonly allowedOrigins: readonly string[];
  /** Of those, the ones whose pages act with their visitors' cookies; all of them where absent. */
  readonly cookieOrigins?: readonly string[];
  /** Whether unary methods have a WebSocket URL. */
  readonly exposeUnary: boolean;
  readonly envelope: "none" | "grpc-gateway";
  readonly accessTokenInQuery: boolean;
  readonly socket: SocketLimits;
  /** Of a message to the client; more ends the call with code 8. */
  readonly maxReplyBytes: number;
  readonly maxStreamsPerSocket: number;
  readonly maxSocketsPerPrincipal: number;
  readonly maxSockets: number;
  readonly handshakesPerSecond: number;
  /** Multiplexed mode: for the first frame. */
  readonly initMs: number;
  /** Multiplexed mode: what open streams have left when the gateway stops; shorter than what the listener gives connections. */
  readonly drainMs: number;
  /** Of a call that says nothing else in (sluice.stream); in multiplexed mode also of a socket. */
  readonly idleMs: number;
  readonly lifetimeMs: number;
  readonly ticketMs: number;
  readonly maxTickets: number;
  /** Hears of errors that have a cause no client gets to see, for the log. Must not throw. */
  readonly report: ReportFault;
}

export const defaultSocketLimits: SocketLimits = Object.freeze({
  maxMessageBytes: 1024 * 1024,
  maxFragments: 1024,
  maxBufferedChunks: 16_384,
  unsentHighBytes: 256 * 1024,
  unsentLowBytes: 64 * 1024,
  slowConsumerMs: 30_000,
  pingMs: 25_000,
  pongMs: 10_000,
  closeMs: 10_000,
  messagesPerSecond: 5000,
  bytesPerSecond: 32 * 1024 * 1024,
  rateExcessMs: 10_000,
});

export const strictWebSocket: WebSocketOptions = Object.freeze({
  profile: "strict",
  json: strictJson,
  routing: Object.freeze({ profile: "strict", urlUnescape: "except_reserved" }),
  queryIgnore: Object.freeze([]),
  queryLimits: defaultQueryLimits,
  errors: "status",
  requestHeaders: Object.freeze([
    "accept-language",
    "traceparent",
    "tracestate",
    "baggage",
    "x-request-id",
    "authorization",
  ]),
  responseHeaders: Object.freeze([]),
  trustedProxies: Object.freeze([]),
  defaultTimeoutMs: 15_000,
  maxTimeoutMs: 300_000,
  allowedOrigins: Object.freeze([]),
  exposeUnary: false,
  envelope: "none",
  accessTokenInQuery: false,
  socket: defaultSocketLimits,
  maxReplyBytes: 4 * 1024 * 1024,
  maxStreamsPerSocket: 100,
  maxSocketsPerPrincipal: 20,
  maxSockets: 10_000,
  handshakesPerSecond: 200,
  initMs: 10_000,
  drainMs: 8000,
  idleMs: 600_000,
  lifetimeMs: 7_200_000,
  ...defaultTicketLimits,
  report: () => {},
});

export const grpcGatewayWebSocket: WebSocketOptions = Object.freeze({
  ...strictWebSocket,
  profile: "grpc-gateway",
  json: grpcGatewayJson,
  routing: Object.freeze({ profile: "grpc-gateway", urlUnescape: "all" }),
});
