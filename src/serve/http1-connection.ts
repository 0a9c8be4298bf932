// Serves a socket that speaks HTTP/1.1: every sound request becomes an Exchange for the front, the others are refused here.
import type { Socket } from "node:net";
import { createHttp1Connection } from "../http1/connection.ts";
import type { Http1Request, Refusal } from "../http1/contract.ts";
import { GatewayError } from "../status.ts";
import type { ConnectionContext, ServedConnection } from "./connection.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import type { Http1Client } from "./http1-exchange.ts";
import { checkHead } from "./http1-head.ts";
import { errorHeaders, fromFailure } from "./listen-error.ts";

export function serveHttp1(
  socket: Socket,
  firstBytes: Buffer | undefined,
  context: ConnectionContext,
): ServedConnection {
  const client: Http1Client = {
    peer: { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
    secure: "encrypted" in socket,
    context,
  };
  return createHttp1Connection(
    socket,
    context.limits,
    {
      onRequest: (request) => serveRequest(client, request),
      onFailure: (failure) => toRefusal(context, fromFailure(failure, context.limits)),
      onClose: () => {},
    },
    firstBytes,
  );
}

function serveRequest(client: Http1Client, request: Http1Request): void {
  const { context } = client;
  const head = checkHead(request, context.limits);
  if (head instanceof GatewayError) {
    refuseRequest(context, request, head);
    return;
  }
  try {
    context.front(new Http1Exchange(client, request, head));
  } catch (error) {
    refuseRequest(context, request, GatewayError.from(error));
  }
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
