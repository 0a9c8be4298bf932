// The WebSocket front: handshakes become sockets, sockets become calls. OPEN FIRST in front/websocket/.
//
//   upgrade → reception (400 403 426 429) → open-simple | mux | grpc-websockets → accept (101) → socket → one of the sessions
//                                              └ refuse: over HTTP, or, to pages, in a frame and a close code
import { Code, GatewayError } from "../../status.ts";
import { compileErrorWriter } from "../../translate/reply/error-body.ts";
import { compileForwarded } from "../forwarded.ts";
import type { Front, Upgrade, UpgradeFront } from "../front.ts";
import type { RedeemTicket } from "../redeem-ticket.ts";
import { compileRequestMetadata } from "../request-metadata.ts";
import { createAccept } from "./accept.ts";
import { CloseCode } from "./close-codes.ts";
import { HandshakeRate } from "./handshake-rate.ts";
import { createModes } from "./modes.ts";
import type { OpenMode, WebSocketSettings } from "./modes.ts";
import type { WebSocketOptions } from "./options.ts";
import { compileOriginCheck } from "./origin.ts";
import { admit, receive } from "./reception.ts";
import type { Caller, ReceptionContext } from "./reception.ts";
import { createRefusals } from "./refuse.ts";
import { compileRedeem, createTicketFront } from "./serve-ticket.ts";
import { SessionList } from "./session-list.ts";
import { ClientSocket } from "./socket.ts";
import type { SocketContext } from "./socket.ts";
import { Tickets } from "./tickets.ts";

export interface WebSocketFront {
  readonly upgrade: UpgradeFront;
  /** Answers `POST /-/ticket`. */
  readonly serveTicket: Front;
  /** For other ways that take tickets. */
  readonly redeemTicket: RedeemTicket;
  /** Takes no more sockets, and brings those there are to an end. */
  drain(): void;
}

/** Throws RangeError for options that cannot be followed: what is no origin, a reserved header name. */
export function createWebSocketFront(settings: WebSocketSettings): WebSocketFront {
  const { schema, options, sweep, census } = settings;
  const { profile, errors, json } = options;
  const writeError = compileErrorWriter(schema, { shape: errors, json, ownDetails: profile === "strict" });
  const tickets = new Tickets(options, sweep);
  const reception: ReceptionContext = {
    options,
    tickets,
    rate: new HandshakeRate(options.handshakesPerSecond),
    checkOrigin: compileOriginCheck(options.allowedOrigins),
    forwardedOf: compileForwarded(options.trustedProxies),
    requestMetadata: compileRequestMetadata(options),
  };
  const accept = createAccept(options.socket);
  const socketContext: SocketContext = { limits: options.socket, sweep, onPause: () => census.pauses++ };
  const sessions = new SessionList(census);
  const modes = createModes(settings);
  const refusals = createRefusals({ options, census, writeError, accept, socketContext, modes });
  const limits = { maxSockets: options.maxSockets, maxPerPrincipal: options.maxSocketsPerPrincipal };
  let isDraining = false;

  /** Throws GatewayError; what to open, and for whom. */
  const prepare = (upgrade: Upgrade, caller: Caller): { readonly open: OpenMode; readonly principal: string } => {
    if (isDraining) throw stopping();
    const admission = admit(reception, upgrade, caller);
    const open = modes.prepare(caller, admission);
    const verdict = census.openSocket(admission.principal, limits);
    if (verdict !== "open") throw tooMany(verdict, options);
    return { open, principal: admission.principal };
  };

  const serve = (upgrade: Upgrade, caller: Caller): void => {
    const { open, principal } = prepare(upgrade, caller);
    const accepted = accept(upgrade, caller.protocol);
    if (accepted === undefined) {
      census.closeSocket(principal, CloseCode.ABNORMAL);
      return;
    }
    const session = sessions.open(principal);
    const socket = new ClientSocket(accepted, socketContext, session);
    session.mode = open(socket);
  };

  const upgrade: UpgradeFront = (asked) => {
    let caller: Caller | undefined;
    try {
      caller = receive(reception, asked);
      serve(asked, caller);
    } catch (error) {
      refusals.refuse(asked, caller, GatewayError.from(error));
    }
  };

  return {
    upgrade,
    serveTicket: createTicketFront({ ...reception, writeError }),
    redeemTicket: compileRedeem(reception),
    drain() {
      isDraining = true;
      sessions.drain();
    },
  };
}

function stopping(): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "the gateway is stopping; try again", { reason: "SHUTTING_DOWN" });
}

function tooMany(verdict: "too-many" | "too-many-of-principal", options: WebSocketOptions): GatewayError {
  if (verdict === "too-many") {
    const message = `the gateway has ${options.maxSockets} WebSockets open, and no room for more; try again later`;
    return new GatewayError(Code.UNAVAILABLE, message, { reason: "TOO_MANY_SOCKETS" });
  }
  const message = `more than ${options.maxSocketsPerPrincipal} WebSockets of one client; close one, or use one for all streams`;
  return new GatewayError(Code.RESOURCE_EXHAUSTED, message, { reason: "TOO_MANY_SOCKETS_OF_CLIENT" });
}
