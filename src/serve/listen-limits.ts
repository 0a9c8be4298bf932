// Every bound on what a connection may cost, and its default.
import type { HeadLimits } from "./request-headers.ts";

/** Has the names of `server` in the configuration; what it has no key for keeps its default. */
export interface ListenerLimits extends HeadLimits {
  readonly maxConnections: number;
  /** Undefined for no bound, behind a proxy. */
  readonly maxConnectionsPerIp: number | undefined;
  /** Streams a client may have open on one HTTP/2 connection. */
  readonly maxStreams: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** A body slower than this on average, after `bodyGraceMs`, is given up. */
  readonly minBodyBytesPerSecond: number;
  readonly bodyGraceMs: number;
  /** A client that takes nothing of its answer for so long is cut off. */
  readonly stallTimeoutMs: number;
  /** How often the clocks above are looked at. */
  readonly checkIntervalMs: number;
  /** HTTP methods the routes add to those of Node: the others are no HTTP/1.1. */
  readonly methods?: ReadonlySet<string> | undefined;
}

export const defaultListenerLimits: ListenerLimits = Object.freeze({
  maxHeaderBytes: 16 * 1024,
  maxHeaderCount: 64,
  maxUrlBytes: 8 * 1024,
  underscoreHeaders: "reject",
  maxConnections: 10_000,
  maxConnectionsPerIp: 256,
  maxStreams: 100,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 65_000,
  minBodyBytesPerSecond: 128,
  bodyGraceMs: 5_000,
  stallTimeoutMs: 30_000,
  checkIntervalMs: 1_000,
});
