// A channel of grpc-js as a Link: its options, its TLS, and the sockets a hanging handshake would otherwise leave behind.
import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { Channel, ChannelCredentials, type ChannelOptions, connectivityState, Metadata, status } from "@grpc/grpc-js";
import { explainConnectText } from "./connect-failure.ts";
import type { Link } from "./connection.ts";
import type { ConnectionState, TargetAddress, TransportLimits } from "./transport.ts";

/** Longest timer of Node: a gateway keeps its connections, however long nobody calls. */
const neverIdleMs = 2_147_483_647;

/** A grpc-js channel and the sockets it has opened but not finished its handshakes on. */
export class ChannelLink implements Link {
  readonly channel: Channel;
  readonly #handshakes = new Handshakes();
  readonly #isSecure: boolean;

  constructor(address: TargetAddress, limits: TransportLimits) {
    const target = /^(?:dns|unix):/.test(address.target) ? address.target : `dns:${address.target}`;
    const base = toCredentials(address);
    this.#isSecure = base._isSecure();
    this.channel = new Channel(target, new WatchedCredentials(base, this.#handshakes), toOptions(address, limits));
  }

  state(): ConnectionState {
    return stateNames[this.channel.getConnectivityState(false)];
  }

  connect(): void {
    if (this.state() !== "closed") this.channel.getConnectivityState(true);
  }

  onceChanged(listener: () => void): void {
    this.channel.watchConnectivityState(this.channel.getConnectivityState(false), Infinity, () => {
      if (this.state() === "ready") this.#handshakes.clear();
      listener();
    });
  }

  /** grpc-js tells the reason of a failure to calls only, so one is made; should it ever get through, it is a health check. */
  explain(): Promise<string> {
    return new Promise((resolve) => {
      const call = this.channel.createCall("/grpc.health.v1.Health/Check", Date.now() + 1000, null, null, null);
      call.start(new Metadata(), {
        onReceiveMetadata: () => call.cancelWithStatus(status.CANCELLED, "connected again"),
        onReceiveMessage: () => {},
        onReceiveStatus: ({ details }) => resolve(this.describe(details)),
      });
    });
  }

  /** What a call is told that got no connection, with what to look at. */
  describe(details: string): string {
    return explainConnectText(readConnectError(details), this.#isSecure);
  }

  close(): void {
    this.channel.close();
    this.#handshakes.close();
  }
}

/** The error itself, without the sentences, the time and the line break that grpc-js puts around it. */
function readConnectError(details: string): string {
  const error = /Last error: (?:Error: )?(.*?)(?: \([\dT:.-]+Z\))?\. Resolution note:/s.exec(details)?.[1] ?? details;
  return error.replace(/ \([\dT:.-]+Z\)$/, "").trim();
}

type Connector = ReturnType<ChannelCredentials["_createSecureConnector"]>;

/** Sockets whose TLS or HTTP/2 handshake goes on: a closed channel would leave them to a server that may never answer. */
class Handshakes {
  readonly #sockets = new Set<Socket>();
  #isClosed = false;

  /** False when it comes too late; the caller then gives the socket up. */
  add(socket: Socket): boolean {
    if (this.#isClosed) return false;
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return true;
  }

  clear(): void {
    this.#sockets.clear();
  }

  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Credentials that show every socket before its handshake. */
class WatchedCredentials extends ChannelCredentials {
  readonly #base: ChannelCredentials;
  readonly #handshakes: Handshakes;

  constructor(base: ChannelCredentials, handshakes: Handshakes) {
    super();
    this.#base = base;
    this.#handshakes = handshakes;
  }

  override _isSecure(): boolean {
    return this.#base._isSecure();
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(...args: Parameters<ChannelCredentials["_createSecureConnector"]>): Connector {
    const connector = this.#base._createSecureConnector(...args);
    return {
      connect: (socket) =>
        this.#handshakes.add(socket) ? connector.connect(socket) : Promise.reject(new Error("the channel is closed")),
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }
}

const stateNames: Readonly<Record<connectivityState, ConnectionState>> = {
  [connectivityState.IDLE]: "idle",
  [connectivityState.CONNECTING]: "connecting",
  [connectivityState.READY]: "ready",
  [connectivityState.TRANSIENT_FAILURE]: "failing",
  [connectivityState.SHUTDOWN]: "closed",
};

function parseCertificate(pem: Uint8Array): X509Certificate {
  return new X509Certificate(pem);
}

function toCredentials({ target, tls }: TargetAddress): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  const pem = (bytes: Uint8Array | undefined): Buffer | null => (bytes === undefined ? null : toBuffer(bytes));
  try {
    // Node takes a broken authority for none at all, and says so only in every later handshake.
    if (tls.ca !== undefined) parseCertificate(tls.ca);
    return ChannelCredentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the TLS certificates or key of the upstream ${target} cannot be used: ${reason}`, {
      cause: error,
    });
  }
}

function toOptions({ tls }: TargetAddress, limits: TransportLimits): ChannelOptions {
  return {
    "grpc.primary_user_agent": "sluice",
    // Its own would try what Node refuses to send again and again, without a pause, until the deadline.
    "grpc.enable_retries": 0,
    "grpc.service_config_disable_resolution": 1,
    // A gateway reaches its backends directly, whatever proxy the environment names for other programs.
    "grpc.enable_http_proxy": 0,
    "grpc.enable_channelz": 0,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_receive_message_length": limits.maxMessageBytes,
    "grpc.max_send_message_length": -1,
    // A backend that comes up is used within about a second.
    "grpc.initial_reconnect_backoff_ms": 200,
    "grpc.max_reconnect_backoff_ms": 1000,
    "grpc.dns_min_time_between_resolutions_ms": 1000,
    // Just above the five minutes below which servers on grpc-go take pings for an attack.
    "grpc.keepalive_time_ms": 310_000,
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.client_idle_timeout_ms": neverIdleMs,
    ...(tls?.serverName !== undefined && {
      "grpc.ssl_target_name_override": tls.serverName,
      "grpc.default_authority": tls.serverName,
    }),
  };
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
