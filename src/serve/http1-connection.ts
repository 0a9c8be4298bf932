// Serves a socket that speaks HTTP/1.1: every sound request becomes an Exchange for the front, or an Upgrade; the others are refused here.
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createHttp1Connection } from "../http1/connection.ts";
import type { Http1Connection, Http1Request, Refusal } from "../http1/contract.ts";
import { GatewayError } from "../status.ts";
import { createCertificateReader } from "./client-certificate.ts";
import type { ConnectionContext, ServedConnection } from "./connection.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import type { Http1Client } from "./http1-exchange.ts";
import { checkHead } from "./http1-head.ts";
import type { CheckedHead } from "./http1-head.ts";
import { Http1Upgrade, toProtocol } from "./http1-upgrade.ts";
import { errorHeaders, fromFailure } from "./listen-error.ts";
import { withoutNames } from "./request-headers.ts";

export function serveHttp1(
  socket: Socket,
  firstBytes: Buffer | undefined,
  context: ConnectionContext,
): ServedConnection {
  const client: Http1Client = {
    peer: { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
    secure: "encrypted" in socket,
    readCertificate: createCertificateReader(socket),
    context,
  };
  const served = new ServedHttp1(socket);
  const canUpgrade = context.upgrade !== undefined;
  const connection = createHttp1Connection(
    socket,
    context.limits,
    {
      onRequest: (request) => serveRequest(client, request),
      onFailure: (failure) => {
        if (failure.code !== "timeout") context.onMalformed?.(client.peer.address);
        return toRefusal(context, fromFailure(failure, context.limits));
      },
      onUpgrade: canUpgrade ? (...upgrade) => serveUpgrade(client, served, upgrade) : undefined,
      onClose: () => {},
    },
    firstBytes,
  );
  served.start(connection);
  return served;
}

/** What serves the socket now: HTTP/1.1, an upgrade that is not answered, or (nothing here) whoever took it over. */
class ServedHttp1 implements ServedConnection {
  readonly #socket: Socket;
  #now: Http1Connection | Http1Upgrade | undefined;
  #isUpgraded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The first bytes may have brought the upgrade already. */
  start(connection: Http1Connection): void {
    if (!this.#isUpgraded) this.#now = connection;
  }

  upgrade(upgrade: Http1Upgrade): void {
    this.#isUpgraded = true;
    this.#now = upgrade;
  }

  /** Nothing of HTTP is kept for a connection that may stay open for hours. */
  release(): void {
    this.#now = undefined;
  }

  get isIdle(): boolean {
    return this.#now?.isIdle ?? false;
  }

  drain(): void {
    this.#now?.drain();
  }

  destroy(): void {
    if (this.#now === undefined) this.#socket.destroy();
    else this.#now.destroy();
  }

  checkProgress(now: number): void {
    this.#now?.checkProgress(now);
  }
}

function serveRequest(client: Http1Client, request: Http1Request): void {
  const { context } = client;
  const head = checkHead(request, context.limits);
  if (head instanceof GatewayError) {
    context.onMalformed?.(client.peer.address);
    refuseRequest(context, request, head);
    return;
  }
  try {
    context.front(new Http1Exchange(client, request, withoutUpgrade(head)));
  } catch (error) {
    refuseRequest(context, request, GatewayError.from(error));
  }
}

/** Nobody took it up: behind here a request with `Upgrade` is a handshake, whose page was looked at. */
function withoutUpgrade(head: CheckedHead): CheckedHead {
  if (head.headers["upgrade"] === undefined) return head;
  const headers = Object.assign(Object.create(null), head.headers) as CheckedHead["headers"];
  delete headers["upgrade"];
  return { ...head, headers, rawHeaders: withoutNames(head.rawHeaders, (name) => name.toLowerCase() === "upgrade") };
}

/** False for what is served, or refused, as a request like others. */
function serveUpgrade(
  client: Http1Client,
  served: ServedHttp1,
  [request, socket, firstBytes]: [Http1Request, Duplex, Buffer],
): boolean {
  const { context } = client;
  const protocol = toProtocol(request.block.upgrade ?? "");
  if (protocol === undefined || context.upgrade === undefined || request.minorVersion === 0) return false;
  const head = checkHead(request, context.limits);
  if (head instanceof GatewayError) return false;
  const upgrade = new Http1Upgrade(client, { protocol, request, head, socket, firstBytes }, () => served.release());
  served.upgrade(upgrade);
  try {
    context.upgrade(upgrade);
  } catch (error) {
    const { status, headers, body } = toRefusal(context, GatewayError.from(error));
    upgrade.respond(status, headers, body);
  }
  return true;
}

function refuseRequest(context: ConnectionContext, request: Http1Request, error: GatewayError): void {
  request.closeAfter();
  const { status, headers, body } = toRefusal(context, error);
  request.respond(status, headers, body);
}

function toRefusal(context: ConnectionContext, error: GatewayError): Refusal {
  const { contentType, body } = context.writeError(error);
  return { status: error.httpStatus, headers: errorHeaders(error, contentType), body };
}
