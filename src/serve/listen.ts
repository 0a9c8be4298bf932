// A listening socket: bounded in connections; finds out what each client speaks and has that served, watches the clocks, ends gracefully.
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { addressKey } from "../addresses.ts";
import type { Front, UpgradeFront } from "../front/front.ts";
import { isHttp2Preface } from "../http2/preface.ts";
import { OwnSlots, releaseEach, takeEach } from "../slots.ts";
import type { Slots, SlotsOf, Wanted } from "../slots.ts";
import { readIntoShared } from "../read-buffer.ts";
import { Code, GatewayError } from "../status.ts";
import type { ConnectionContext, OnMalformed, ServeConnection, ServedConnection } from "./connection.ts";
import { awaitFirstBytes, isForeign } from "./first-bytes.ts";
import { serveHttp1 } from "./http1-connection.ts";
import { rawAnswer, writePlainError } from "./listen-error.ts";
import type { ErrorWriter } from "./listen-error.ts";
import type { ListenerLimits } from "./listen-limits.ts";
import { createTlsUpgrade, isTlsRecord } from "./listen-tls.ts";
import { PacedBodies } from "./paced-bodies.ts";
import type { ListenerTls } from "./listen-tls.ts";

/** `path` listens on a Unix socket. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface ListenerOptions {
  readonly address: ListenAddress;
  readonly limits: ListenerLimits;
  readonly front: Front;
  /**
   * Gets the requests of HTTP/1.1 clients that ask for WebSocket. What it takes over is still counted, and cut when the listener
   * closes for good; until then its sockets are for whoever serves them to end.
   */
  readonly upgrade?: UpgradeFront | undefined;
  /** The front's error shape, for requests no front gets to see. */
  readonly writeError?: ErrorWriter;
  /** Told of clients whose bytes are no valid HTTP. Must not throw. */
  readonly onMalformed?: OnMalformed | undefined;
  /** Whether an address is served at all; undefined for everybody. Whoever is not has the connection closed, unheard. */
  readonly isServed?: ((address: string) => boolean) | undefined;
  /** Where connections are counted for several processes; undefined for one that is alone. */
  readonly slotsOf?: SlotsOf | undefined;
  /** Serves HTTP/2 on the same port: agreed on by ALPN, or by prior knowledge. */
  readonly http2?: ServeConnection;
  /** Undefined for plain text. */
  readonly tls?: ListenerTls | undefined;
}

export interface BoundAddress {
  /** `unix:/path` for a Unix socket, with port 0. */
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  /** Rejects with the system's error, e.g. EADDRINUSE. */
  listen(): Promise<BoundAddress>;
  /** Open ones. */
  readonly connections: number;
  /** Stops accepting, lets exchanges in progress finish for `graceMs`, then cuts the rest. Resolves when nothing is open. */
  close(graceMs: number, lastCall?: LastCall): Promise<void>;
}

/** What is done for those that are still open shortly before the cut. */
export interface LastCall {
  /** So long before, and that much is left in any case: a process may be late. */
  readonly leadMs: number;
  readonly make: () => void;
}

const noLastCall: LastCall = { leadMs: 0, make: () => {} };

/** `unix:/run/sluice.sock` or host and port. */
export function toListenAddress(host: string, port: number): ListenAddress {
  return host.startsWith("unix:") ? { path: host.slice("unix:".length) } : { host, port };
}

/** Throws for a certificate or key that cannot be used. */
export function createListener(options: ListenerOptions): Listener {
  const { address, limits, front, upgrade, writeError = writePlainError, onMalformed } = options;
  const context: ConnectionContext = { limits, front, upgrade, writeError, reading: new PacedBodies(), onMalformed };
  const connections = new Connections(context, options);
  const server = createServer({ noDelay: true }, (socket) => connections.accept(socket));
  // One of several processes would hand over to the others what is too many, again and again.
  if (options.slotsOf === undefined) server.maxConnections = limits.maxConnections;
  let timer: NodeJS.Timeout | undefined;

  return {
    get connections() {
      return connections.open;
    },
    async listen() {
      await bind(server, address);
      timer = setInterval(() => connections.watch(performance.now()), limits.checkIntervalMs);
      timer.unref();
      return toBoundAddress(server, address);
    },
    async close(graceMs, { leadMs, make } = noLastCall) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      connections.drain();
      let cut = setTimeout(() => {
        cut = setTimeout(() => connections.destroy(), leadMs);
        make();
      }, graceMs - leadMs);
      await closed;
      clearTimeout(cut);
      clearInterval(timer);
    },
  };
}

/**
 * Connections that wait to be accepted; the system may allow fewer. Node's 511 are too few for a thousand clients that come
 * together: those over it try again a second later.
 */
const backlog = 4096;

/** Every open socket and what serves it. */
class Connections {
  readonly #context: ConnectionContext;
  readonly #http2: ServeConnection | undefined;
  readonly #secure: ((socket: Socket, firstBytes: Buffer) => void) | undefined;
  readonly #served = new Map<Socket, ServedConnection>();
  readonly #ofAddresses: Slots;
  /** Undefined where the server counts. */
  readonly #all: Slots | undefined;
  readonly #busyAnswer: Buffer;
  readonly #isServed: ListenerOptions["isServed"];
  #isClosing = false;

  constructor(context: ConnectionContext, { http2, tls, isServed, slotsOf }: ListenerOptions) {
    const { limits, writeError } = context;
    this.#context = context;
    this.#http2 = http2;
    this.#isServed = isServed;
    this.#ofAddresses =
      slotsOf?.("server.max_connections_per_ip", limits.maxConnectionsPerIp) ??
      new OwnSlots(limits.maxConnectionsPerIp);
    this.#all = slotsOf?.("server.max_connections", limits.maxConnections);
    const { contentType, body } = writeError(tooManyConnections());
    this.#busyAnswer = rawAnswer(503, contentType, body);
    if (tls !== undefined) {
      const upgrade = { withHttp2: http2 !== undefined, handshakeTimeoutMs: limits.headersTimeoutMs };
      this.#secure = createTlsUpgrade(tls, upgrade, (socket) => this.#serveSecure(socket));
    }
  }

  get open(): number {
    return this.#served.size;
  }

  accept(socket: Socket): void {
    if (this.#isServed?.(socket.remoteAddress ?? "") === false) {
      socket.destroy();
      return;
    }
    const wanted = this.#wantedBy(addressKey(socket.remoteAddress));
    const wanting = takeEach(wanted);
    if (wanting instanceof Promise) this.#await(socket, wanted, wanting);
    else if (wanting === undefined) this.#begin(socket, wanted);
    else this.#refuse(socket, wanting);
  }

  /** On a Unix socket there are no addresses. */
  #wantedBy(address: string): readonly Wanted[] {
    const wanted: Wanted[] = address === "" ? [] : [[this.#ofAddresses, address]];
    if (this.#all !== undefined) wanted.push([this.#all, ""]);
    return wanted;
  }

  /** Nothing is read until it is known whether there is room. */
  #await(socket: Socket, wanted: readonly Wanted[], wanting: Promise<Slots | undefined>): void {
    const destroy = (): void => void socket.destroy();
    socket.on("error", destroy);
    this.#keep(socket, { isIdle: true, drain: destroy, destroy });
    void wanting.then((slots) => {
      socket.off("error", destroy);
      if (slots !== undefined) this.#refuse(socket, slots);
      else if (socket.destroyed) releaseEach(wanted);
      else this.#begin(socket, wanted);
    });
  }

  #refuse(socket: Socket, wanting: Slots): void {
    socket.on("error", () => socket.destroy());
    // Where TLS is expected nobody could read it; and when there is no room at all, it is not said to all.
    if (this.#secure !== undefined || wanting === this.#all) socket.destroy();
    else socket.end(this.#busyAnswer, () => socket.destroy());
  }

  #begin(socket: Socket, wanted: readonly Wanted[]): void {
    socket.once("close", () => releaseEach(wanted));
    if (this.#secure !== undefined) {
      this.#expectTls(socket, this.#secure);
      return;
    }
    readIntoShared(socket);
    if (this.#http2 !== undefined) this.#tellApart(socket, this.#http2);
    else this.#serve(socket, serveHttp1, undefined);
  }

  #serve(socket: Socket, serve: ServeConnection, firstBytes: Buffer | undefined): void {
    this.#keep(socket, serve(socket, firstBytes, this.#context));
  }

  #keep(socket: Socket, connection: ServedConnection): void {
    if (!this.#served.has(socket)) socket.once("close", () => this.#served.delete(socket));
    this.#served.set(socket, connection);
    if (this.#isClosing) connection.drain();
  }

  /** HTTP/1.1 and HTTP/2 share a port without TLS: the client's first bytes tell them apart (RFC 9113 section 3.3). */
  #tellApart(socket: Socket, http2: ServeConnection): void {
    const waiting = awaitFirstBytes(socket, this.#context.limits.headersTimeoutMs, (bytes) => {
      const isHttp2 = isHttp2Preface(bytes);
      if (isHttp2 === undefined) return false;
      if (!isHttp2 && isForeign(bytes)) socket.destroy();
      else this.#serve(socket, isHttp2 ? http2 : serveHttp1, bytes);
      return true;
    });
    this.#keep(socket, waiting);
  }

  #expectTls(socket: Socket, secure: (socket: Socket, firstBytes: Buffer) => void): void {
    const waiting = awaitFirstBytes(socket, this.#context.limits.headersTimeoutMs, (bytes) => {
      if (isTlsRecord(bytes)) {
        // Until the handshake is done, which has a timeout of its own, there is nothing to drain.
        this.#keep(socket, { isIdle: false, drain: () => {}, destroy: () => void socket.destroy() });
        secure(socket, bytes);
      } else {
        socket.on("error", () => socket.destroy());
        socket.end(plainHttpAnswer, () => socket.destroySoon());
      }
      return true;
    });
    this.#keep(socket, waiting);
  }

  #serveSecure(socket: TLSSocket): void {
    readIntoShared(socket);
    const http2 = this.#http2;
    if (http2 === undefined || socket.alpnProtocol === "http/1.1") this.#serve(socket, serveHttp1, undefined);
    else if (socket.alpnProtocol === "h2") this.#serve(socket, http2, undefined);
    else this.#tellApart(socket, http2);
  }

  watch(now: number): void {
    const { limits, reading } = this.#context;
    for (const body of reading.values()) body.checkPace(now, limits.bodyGraceMs, limits.minBodyBytesPerSecond);
    for (const connection of this.#served.values()) connection.checkProgress?.(now);
  }

  drain(): void {
    this.#isClosing = true;
    for (const connection of this.#served.values()) connection.drain();
  }

  destroy(): void {
    for (const connection of this.#served.values()) connection.destroy();
  }
}

function tooManyConnections(): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "too many connections from this address", {
    reason: "TOO_MANY_CONNECTIONS",
  });
}

const plainHttpAnswer = rawAnswer(
  400,
  "text/plain",
  Buffer.from("this port speaks TLS, and the request came in plain HTTP; use https://\n"),
);

function bind(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(
      "path" in address
        ? { path: address.path, backlog }
        : { host: address.host === "" ? undefined : address.host, port: address.port, backlog },
      () => {
        server.off("error", reject);
        // Accepting can fail later (EMFILE): that connection is lost, the listener is not.
        server.on("error", () => {});
        resolve();
      },
    );
  });
}

function toBoundAddress(server: Server, address: ListenAddress): BoundAddress {
  if ("path" in address) return { host: `unix:${address.path}`, port: 0 };
  const bound = server.address() as AddressInfo;
  return { host: bound.address, port: bound.port };
}
