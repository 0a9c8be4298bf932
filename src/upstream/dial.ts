// A socket to a target: its name resolved, its addresses tried one after the other, TLS with HTTP/2 agreed on it.
import { lookup, type LookupAddress } from "node:dns";
import { connect as connectSocket, isIP, type Socket } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";
import { readIntoShared } from "../read-buffer.ts";

export type Endpoint =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "host"; readonly host: string; readonly port: number };

export interface Security {
  readonly context: SecureContext;
  /** Name to verify instead of the host. */
  readonly serverName: string | undefined;
}

export interface DialOptions {
  readonly endpoint: Endpoint;
  /** Undefined: plaintext. */
  readonly security: Security | undefined;
}

export interface Dialing {
  /** Gives up; neither callback comes any more. */
  cancel(): void;
}

/** The next address is tried beside one that has not answered for this long (RFC 8305 section 5). */
const nextAddressMs = 250;

/** `host:port` or `unix:path`, as target.ts makes them. */
export function parseEndpoint(target: string): Endpoint {
  if (target.startsWith("unix:")) return { kind: "unix", path: target.slice("unix:".length) };
  const address = target.replace(/^dns:(?:\/\/\/)?/, "");
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { kind: "host", host, port: Number(address.slice(colon + 1)) };
}

/** Calls back once, never at once. */
export function dial(
  options: DialOptions,
  onSocket: (socket: Socket) => void,
  onError: (error: Error) => void,
): Dialing {
  const dialing = new Dialer(options, onSocket, onError);
  dialing.start();
  return dialing;
}

class Dialer implements Dialing {
  readonly #options: DialOptions;
  readonly #onSocket: (socket: Socket) => void;
  readonly #onError: (error: Error) => void;
  readonly #sockets = new Set<Socket>();
  readonly #failures: Error[] = [];
  #addresses: readonly string[] = [];
  #next = 0;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DialOptions, onSocket: (socket: Socket) => void, onError: (error: Error) => void) {
    this.#options = options;
    this.#onSocket = onSocket;
    this.#onError = onError;
  }

  start(): void {
    const { endpoint } = this.#options;
    if (endpoint.kind === "unix") {
      this.#watch(connectSocket({ path: endpoint.path }));
      return;
    }
    if (isIP(endpoint.host) !== 0) {
      this.#addresses = [endpoint.host];
      this.#tryNext();
      return;
    }
    lookup(endpoint.host, { all: true, verbatim: true }, (error, found) => {
      if (this.#isOver) return;
      if (error !== null || found.length === 0) {
        this.#fail(error ?? new Error(`${endpoint.host} has no address`));
        return;
      }
      this.#addresses = alternate(found);
      this.#tryNext();
    });
  }

  cancel(): void {
    this.#isOver = true;
    this.#keepOnly(undefined);
  }

  /** The first to connect wins. */
  #keepOnly(winner: Socket | undefined): void {
    clearTimeout(this.#timer);
    const others = [...this.#sockets].filter((socket) => socket !== winner);
    this.#sockets.clear();
    if (winner !== undefined) this.#sockets.add(winner);
    for (const socket of others) socket.destroy();
  }

  #tryNext(): void {
    clearTimeout(this.#timer);
    const { endpoint } = this.#options;
    if (endpoint.kind === "unix") return;
    const host = this.#addresses[this.#next++];
    if (this.#next < this.#addresses.length) {
      this.#timer = setTimeout(() => this.#tryNext(), nextAddressMs);
    }
    this.#watch(connectSocket({ host, port: endpoint.port }));
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    // Stays on: a socket that was given up, or is secured by now, may still fail.
    socket.on("error", (error) => {
      if (this.#isOver || !this.#sockets.delete(socket)) return;
      this.#failures.push(error);
      if (this.#next < this.#addresses.length) this.#tryNext();
      else if (this.#sockets.size === 0) this.#fail(joined(this.#failures));
    });
    socket.once("connect", () => {
      if (this.#isOver) return;
      this.#keepOnly(socket);
      if (this.#options.security === undefined) this.#succeed(socket);
      else this.#secure(socket, this.#options.security);
    });
  }

  #secure(raw: Socket, { context, serverName }: Security): void {
    const { endpoint } = this.#options;
    const host = endpoint.kind === "host" ? endpoint.host : "localhost";
    const name = serverName ?? host;
    const socket = connectTls({
      socket: raw,
      secureContext: context,
      ALPNProtocols: ["h2"],
      minVersion: "TLSv1.2",
      // The name the certificate must have; an IP address is no name to ask for (RFC 6066 section 3).
      host: name,
      ...(isIP(name) === 0 && { servername: name }),
    });
    this.#sockets.delete(raw);
    this.#sockets.add(socket);
    socket.on("error", (error) => {
      if (!this.#isOver) this.#fail(error);
    });
    socket.once("close", () => {
      if (!this.#isOver) this.#fail(new Error("the server closed the connection during the TLS handshake"));
    });
    socket.once("secureConnect", () => {
      if (this.#isOver) return;
      if (socket.alpnProtocol === "h2") {
        this.#succeed(socket);
        return;
      }
      this.#fail(new Error("the server did not agree to HTTP/2 (ALPN h2)"));
    });
  }

  #succeed(socket: Socket): void {
    this.#isOver = true;
    readIntoShared(socket);
    this.#sockets.clear();
    this.#onSocket(socket);
  }

  #fail(error: Error): void {
    this.cancel();
    this.#onError(error);
  }
}

/** Families in turn, in the order the system prefers (RFC 8305 section 4): a broken one costs a moment only. */
function alternate(found: readonly LookupAddress[]): string[] {
  const first = found.filter(({ family }) => family === found[0].family);
  const second = found.filter(({ family }) => family !== found[0].family);
  const order: string[] = [];
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    for (const list of [first, second]) if (i < list.length) order.push(list[i].address);
  }
  return order;
}

function joined(failures: readonly Error[]): Error {
  if (failures.length === 1) return failures[0];
  return new Error(failures.map(({ message }) => message).join("; "), { cause: failures[0] });
}
