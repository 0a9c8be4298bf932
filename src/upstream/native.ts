// OPEN FIRST: the transport on the gateway's own HTTP/2 engine. A call takes a stream of a connection: native-call; connections: native-channel.
import { X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Reply, StreamCall, StreamReply, UnaryCall } from "../call.ts";
import type { MessageEncoding } from "../compression.ts";
import type { KeepaliveOptions } from "../http2/contract.ts";
import type { StateListener } from "./connection.ts";
import { Deadlines } from "./deadlines.ts";
import { type DialOptions, parseEndpoint } from "./dial.ts";
import type { CallHost } from "./native-call.ts";
import { NativeChannel } from "./native-channel.ts";
import { toHttp2Limits } from "./native-link.ts";
import { runStream } from "./native-stream.ts";
import { runUnary } from "./native-unary.ts";
import { createReplyHeaderReader } from "./reply-headers.ts";
import { createRequestHeaders } from "./request-headers.ts";
import type { AttemptWatch, ConnectionState, TargetAddress, TlsOptions, Transport } from "./transport.ts";
import type { TransportFactory, TransportLimits } from "./transport.ts";

export interface NativeTransportOptions {
  /** PINGs on a connection with calls on it. */
  readonly keepalive?: KeepaliveOptions;
  /** Compresses every request message. Without it only messages that came compressed go on so. */
  readonly compression?: MessageEncoding;
  readonly maxConnections?: number;
}

/** Just above the five minutes below which servers on grpc-go take pings for an attack. */
const defaultKeepalive: KeepaliveOptions = Object.freeze({ intervalMs: 310_000, timeoutMs: 20_000 });
const defaultMaxConnections = 128;
/** A connection opened for a rush ends when nothing was called on it for this long. */
const passingIdleMs = 300_000;

/** Throws when the TLS material cannot be used; connects with the first call or `connect`. */
export const createNativeTransport: TransportFactory = createNativeTransportWith({});

export function createNativeTransportWith(options: NativeTransportOptions): TransportFactory {
  return (address, limits, watch) => new NativeTransport(address, limits, { ...options, watch });
}

interface Watched {
  readonly watch: AttemptWatch | undefined;
}

/** All transports' deadlines are on one timer. */
const deadlines = new Deadlines();

class NativeTransport implements Transport {
  readonly #host: CallHost;

  constructor(address: TargetAddress, limits: TransportLimits, options: NativeTransportOptions & Watched) {
    const dial = toDialOptions(address);
    const channel = new NativeChannel({
      link: { dial, keepalive: options.keepalive ?? defaultKeepalive },
      lastingLimits: toHttp2Limits(limits, 0),
      passingLimits: toHttp2Limits(limits, passingIdleMs),
      connectTimeoutMs: limits.connectTimeoutMs,
      maxConnections: options.maxConnections ?? defaultMaxConnections,
    });
    this.#host = {
      channel,
      limits,
      watch: options.watch,
      deadlines,
      requestHeaders: createRequestHeaders(dial.security === undefined ? "http" : "https", authorityOf(address, dial)),
      replyHeaders: createReplyHeaderReader(limits.maxMetadataBytes),
      compression: options.compression,
      accepted: "",
      openStreams: 0,
    };
  }

  get state(): ConnectionState {
    return this.#host.channel.state;
  }

  get waiting(): number {
    return this.#host.channel.waiting;
  }

  unary(call: UnaryCall): Promise<Reply> {
    return runUnary(this.#host, call);
  }

  stream(call: StreamCall): StreamReply {
    return runStream(this.#host, call);
  }

  connect(timeoutMs: number): Promise<boolean> {
    return this.#host.channel.connect(timeoutMs);
  }

  onStateChange(listener: StateListener): void {
    this.#host.channel.onStateChange(listener);
  }

  /** Calls still running end as UNAVAILABLE: whoever drains waits for them first. */
  close(): Promise<void> {
    this.#host.channel.close();
    return Promise.resolve();
  }
}

function toDialOptions(address: TargetAddress): DialOptions {
  const endpoint = parseEndpoint(address.target);
  if (address.tls === undefined) return { endpoint, security: undefined };
  return {
    endpoint,
    security: { context: toSecureContext(address.target, address.tls), serverName: address.tls.serverName },
  };
}

function authorityOf(address: TargetAddress, { endpoint }: DialOptions): string {
  if (address.tls?.serverName !== undefined) return address.tls.serverName;
  if (endpoint.kind === "unix") return "localhost";
  const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
  return `${host}:${endpoint.port}`;
}

function toSecureContext(target: string, { ca, cert, key }: TlsOptions): SecureContext {
  const pem = (bytes: Uint8Array | undefined): Buffer | undefined =>
    bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    // Node takes a broken authority for none at all, and says so only in every later handshake.
    if (ca !== undefined) parseCertificate(ca);
    if ((cert === undefined) !== (key === undefined))
      throw new Error("a certificate needs its key, and a key its certificate");
    return createSecureContext({
      minVersion: "TLSv1.2",
      ...(ca !== undefined && { ca: pem(ca) }),
      ...(cert !== undefined && { cert: pem(cert) }),
      ...(key !== undefined && { key: pem(key) }),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the TLS certificates or key of the upstream ${target} cannot be used: ${reason}`, {
      cause: error,
    });
  }
}

function parseCertificate(pem: Uint8Array): X509Certificate {
  return new X509Certificate(pem);
}
