// Every bound of a connection, its default, and the check that none is nonsense. docs/http2.md has the same table.
import { defaultFrameSize, maxFrameSizeAllowed, maxWindow } from "./protocol.ts";

export interface Http2Limits {
  /** Streams the peer may have open at once. */
  readonly maxConcurrentStreams: number;
  /** Requests this end has open at once, whatever the peer would allow. */
  readonly maxOpenRequests: number;
  /** Names, values and 32 bytes for each field (RFC 9113 section 6.5.2), counted while decoding. */
  readonly maxHeaderListBytes: number;
  readonly maxHeaderFields: number;
  /** A compressed header block, continuations included; beyond it the connection ends. */
  readonly maxHeaderBlockBytes: number;
  /** Size of the HPACK table the peer may fill. */
  readonly headerTableBytes: number;
  /** Largest frame accepted. */
  readonly maxFrameBytes: number;
  /** Credit of a new stream, and how far it grows while its bytes are consumed fast. */
  readonly streamWindowBytes: number;
  readonly maxStreamWindowBytes: number;
  readonly connectionWindowBytes: number;
  readonly maxConnectionWindowBytes: number;
  /** Unsent bytes of a stream from which `sendData` answers false. */
  readonly sendBufferBytes: number;
  /** Frames waiting for a peer that does not read, from which nothing more is read from it. */
  readonly maxOutputBytes: number;
  /** Streams that went wrong by the peer's doing (its resets, and ours for its invalid frames), in `abuseWindowMs`. */
  readonly maxResets: number;
  /** Frames that ask for work and carry none (SETTINGS, PING, PRIORITY, WINDOW_UPDATE, empty ones), in `abuseWindowMs`. */
  readonly maxControlFrames: number;
  readonly abuseWindowMs: number;
  /** Preface, first SETTINGS and the acknowledgement of ours. */
  readonly handshakeTimeoutMs: number;
  /** From the HEADERS frame to its last CONTINUATION. */
  readonly headersTimeoutMs: number;
  /** Without a frame in either direction on an open stream; 0 is never. */
  readonly streamIdleTimeoutMs: number;
  /** Without an open stream; 0 is never. */
  readonly idleTimeoutMs: number;
  /** Nothing is taken by the socket in this time. */
  readonly stallTimeoutMs: number;
  /** Bytes of a stream wait to be sent and fewer than 1,024 left in this time; 0 is never. Without one, `stallTimeoutMs`. */
  readonly streamStallTimeoutMs: number;
  /** How long a graceful end may take before the rest is cut off; 0 is as long as the streams do. */
  readonly drainTimeoutMs: number;
}

export const defaultLimits: Http2Limits = Object.freeze({
  maxConcurrentStreams: 100,
  maxOpenRequests: 1000,
  maxHeaderListBytes: 16_384,
  maxHeaderFields: 128,
  maxHeaderBlockBytes: 65_536,
  headerTableBytes: 4096,
  maxFrameBytes: 16_384,
  streamWindowBytes: 65_535,
  maxStreamWindowBytes: 1_048_576,
  connectionWindowBytes: 1_048_576,
  maxConnectionWindowBytes: 4_194_304,
  sendBufferBytes: 65_536,
  maxOutputBytes: 262_144,
  maxResets: 100,
  maxControlFrames: 1000,
  abuseWindowMs: 10_000,
  handshakeTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  streamIdleTimeoutMs: 300_000,
  idleTimeoutMs: 300_000,
  stallTimeoutMs: 30_000,
  streamStallTimeoutMs: 30_000,
  drainTimeoutMs: 30_000,
});

type Range = readonly [least: number, most: number];

const anyBytes: Range = [1, maxWindow];
const anyTime: Range = [0, maxWindow];
const someTime: Range = [1, maxWindow];

const ranges: { readonly [Name in keyof Http2Limits]: Range } = {
  maxConcurrentStreams: [0, maxWindow],
  maxOpenRequests: [1, maxWindow],
  maxHeaderListBytes: anyBytes,
  maxHeaderFields: anyBytes,
  maxHeaderBlockBytes: anyBytes,
  headerTableBytes: [0, 1_048_576],
  maxFrameBytes: [defaultFrameSize, maxFrameSizeAllowed],
  streamWindowBytes: anyBytes,
  maxStreamWindowBytes: anyBytes,
  connectionWindowBytes: [65_535, maxWindow],
  maxConnectionWindowBytes: [65_535, maxWindow],
  sendBufferBytes: anyBytes,
  maxOutputBytes: anyBytes,
  maxResets: [1, maxWindow],
  maxControlFrames: [1, maxWindow],
  abuseWindowMs: someTime,
  handshakeTimeoutMs: someTime,
  headersTimeoutMs: someTime,
  streamIdleTimeoutMs: anyTime,
  idleTimeoutMs: anyTime,
  stallTimeoutMs: someTime,
  streamStallTimeoutMs: anyTime,
  drainTimeoutMs: anyTime,
};

/** The defaults with some replaced. A limit that is no whole number in its range is a RangeError, never an absent limit. */
export function resolveLimits(given: Partial<Http2Limits> = {}): Http2Limits {
  const limits: Record<keyof Http2Limits, number> = { ...defaultLimits };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(ranges, name)) throw new RangeError(`HTTP/2 limit ${JSON.stringify(name)} does not exist`);
    const key = name as keyof Http2Limits;
    const [least, most] = ranges[key];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(
        `HTTP/2 limit ${name} is ${String(value)}; it must be a whole number from ${least} to ${most}`,
      );
    }
    limits[key] = value;
  }
  limits.streamStallTimeoutMs = given.streamStallTimeoutMs ?? limits.stallTimeoutMs;
  limits.maxStreamWindowBytes = Math.max(limits.maxStreamWindowBytes, limits.streamWindowBytes);
  limits.maxConnectionWindowBytes = Math.max(limits.maxConnectionWindowBytes, limits.connectionWindowBytes);
  return Object.freeze(limits);
}
