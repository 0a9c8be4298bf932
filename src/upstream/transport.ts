// The one way out: a transport carries calls in protobuf bytes to one target. native.ts and grpc-js.ts; both pass test/upstream/transport-suite.ts.
import type { Reply, StreamCall, StreamReply, UnaryCall } from "../call.ts";

export interface TargetAddress {
  /** As configured: `localhost:50051`, `dns:///svc:443`, `unix:/run/x.sock`. */
  readonly target: string;
  readonly tls: TlsOptions | undefined;
}

export interface TlsOptions {
  /** PEM; undefined trusts the system's roots. */
  readonly ca: Uint8Array | undefined;
  readonly cert: Uint8Array | undefined;
  readonly key: Uint8Array | undefined;
  /** Name to verify instead of the host of the target. */
  readonly serverName: string | undefined;
}

export interface TransportLimits {
  /** Largest message either way, in bytes after decompression. */
  readonly maxMessageBytes: number;
  readonly maxMetadataBytes: number;
  readonly connectTimeoutMs: number;
}

export type ConnectionState = "idle" | "connecting" | "ready" | "failing" | "closed";

/** A transport to one target. It connects lazily and again by itself; a call while it is failing is UNAVAILABLE. */
export interface Transport {
  readonly state: ConnectionState;
  /** Calls that have no stream yet; absent where that is not known. */
  readonly waiting?: number;
  /**
   * Rejects with GatewayError only. Cancelling the call resets it at the backend at once; the deadline of the call is
   * sent along and kept here too.
   */
  unary(call: UnaryCall): Promise<Reply>;
  stream(call: StreamCall): StreamReply;
  /** Starts connecting; resolves with whether the target is ready within the time. */
  connect(timeoutMs: number): Promise<boolean>;
  onStateChange(listener: (state: ConnectionState, reason: string) => void): void;
  close(): Promise<void>;
}

/** Is told of each call that a transport begins to carry, and once how it ended. */
export interface AttemptWatch {
  began(): void;
  /** `startedAt`: what `performance.now()` said when it began. */
  ended(startedAt: number, code: number): void;
}

export type TransportFactory = (address: TargetAddress, limits: TransportLimits, watch?: AttemptWatch) => Transport;
