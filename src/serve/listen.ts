// A listening socket for HTTP/1.1: bounded in connections, sizes and time; every sound request becomes an Exchange for the front.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Front } from "../front/front.ts";
import { Code, GatewayError } from "../status.ts";
import { Http1Connection } from "./http1-connection.ts";
import type { ConnectionContext, Expectation } from "./http1-connection.ts";
import type { HeadLimits } from "./request-headers.ts";
import { addressKey, createConnectionCount } from "./listen-count.ts";
import { fromParseFailure, rawAnswer, writePlainError } from "./listen-error.ts";
import type { ErrorWriter } from "./listen-error.ts";

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

/** `path` listens on a Unix socket. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface ListenerOptions {
  readonly address: ListenAddress;
  readonly limits: ListenerLimits;
  readonly front: Front;
  /** The front's error shape, for requests no front gets to see. */
  readonly writeError?: ErrorWriter;
}

export interface BoundAddress {
  /** `unix:/path` for a Unix socket, with port 0. */
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  /** Rejects with the system's error, e.g. EADDRINUSE. */
  listen(): Promise<BoundAddress>;
  /** Stops accepting, lets exchanges in progress finish for `graceMs`, then cuts the rest. Resolves when nothing is open. */
  close(graceMs: number): Promise<void>;
}

/** `unix:/run/sluice.sock` or host and port. */
export function toListenAddress(host: string, port: number): ListenAddress {
  return host.startsWith("unix:") ? { path: host.slice("unix:".length) } : { host, port };
}

export function createListener({ address, limits, front, writeError = writePlainError }: ListenerOptions): Listener {
  let isClosing = false;
  const context: ConnectionContext = { limits, front, writeError, reading: new Set(), isClosing: () => isClosing };
  const connections = new Map<Socket, Http1Connection>();
  const server = createHttpServer(limits);
  handleConnections(server, limits, context, connections);
  handleRequests(server, connections);
  handleFailures(server, limits, connections);
  const watch = (): void => watchClocks(limits, context, connections);
  let timer: NodeJS.Timeout | undefined;

  return {
    async listen() {
      await bind(server, address);
      timer = setInterval(watch, limits.checkIntervalMs);
      timer.unref();
      return toBoundAddress(server, address);
    },
    async close(graceMs) {
      isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections.values()) if (connection.isIdle) connection.destroy();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
      clearInterval(timer);
    },
  };
}

function createHttpServer(limits: ListenerLimits): Server {
  const server = createServer({
    // Counted together by Node; checkHead applies each limit by itself.
    maxHeaderSize: limits.maxHeaderBytes + limits.maxUrlBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    insecureHTTPParser: false,
    // Node's own answer would have no body.
    requireHostHeader: false,
    noDelay: true,
  });
  // Node would silently cut the list; checkHead refuses instead.
  server.maxHeadersCount = 0;
  server.maxConnections = limits.maxConnections;
  return server;
}

function handleConnections(
  server: Server,
  limits: ListenerLimits,
  context: ConnectionContext,
  connections: Map<Socket, Http1Connection>,
): void {
  const count = createConnectionCount(limits.maxConnectionsPerIp);
  const busy = new GatewayError(Code.UNAVAILABLE, "too many connections from this address", {
    reason: "TOO_MANY_CONNECTIONS",
  });
  const { contentType, body } = context.writeError(busy);
  const busyAnswer = rawAnswer(503, contentType, body);
  server.on("connection", (socket: Socket) => {
    const key = addressKey(socket.remoteAddress);
    if (!count.add(key)) {
      socket.on("error", () => socket.destroy());
      socket.end(busyAnswer, () => socket.destroy());
      return;
    }
    connections.set(socket, new Http1Connection(socket, context));
    socket.once("close", () => {
      connections.delete(socket);
      count.remove(key);
    });
  });
}

function handleRequests(server: Server, connections: Map<Socket, Http1Connection>): void {
  const accept =
    (expectation: Expectation) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      const connection = connections.get(request.socket);
      if (connection === undefined) request.socket.destroy();
      else connection.accept(request, response, expectation);
    };
  server.on("request", accept("none"));
  server.on("checkContinue", accept("continue"));
  server.on("checkExpectation", accept("unknown"));
}

function handleFailures(server: Server, limits: ListenerLimits, connections: Map<Socket, Http1Connection>): void {
  server.on("clientError", (failure: NodeJS.ErrnoException, socket) => {
    const connection = connections.get(socket as Socket);
    // The end in the middle of a request is a client that left; there is nobody to tell.
    if (connection === undefined || failure.code === "ECONNRESET" || failure.code === "HPE_INVALID_EOF_STATE")
      socket.destroy();
    else connection.fail(fromParseFailure(failure, limits));
  });
  server.on("connect", (_request, socket) => {
    const connection = connections.get(socket as Socket);
    const error = new GatewayError(Code.UNIMPLEMENTED, "CONNECT is not served here: this is a gateway, not a proxy", {
      reason: "METHOD_NOT_ALLOWED",
      httpStatus: 405,
    });
    if (connection === undefined) socket.destroy();
    else connection.fail(error);
  });
}

function watchClocks(
  limits: ListenerLimits,
  context: ConnectionContext,
  connections: Map<Socket, Http1Connection>,
): void {
  const now = performance.now();
  for (const exchange of context.reading) exchange.checkPace(now, limits.bodyGraceMs, limits.minBodyBytesPerSecond);
  for (const connection of connections.values()) connection.checkProgress(now, limits.stallTimeoutMs);
}

function bind(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(
      "path" in address
        ? { path: address.path }
        : { host: address.host === "" ? undefined : address.host, port: address.port },
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
