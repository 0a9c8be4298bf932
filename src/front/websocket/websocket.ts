// The WebSocket front: handshakes become sockets, sockets become calls. OPEN FIRST in front/websocket/.
//
//   upgrade → reception (400 403 426 429) → open-simple | mux | grpc-websockets → accept (101) → socket → one of the sessions
//                                              └ refuse: over HTTP, or, to pages, in a frame and a close code
import type { Identity } from "../../call.ts";
import { GatewayError } from "../../status.ts";
import { compileErrorWriter } from "../../translate/reply/error-body.ts";
import { compileForwarded } from "../forwarded.ts";
import type { Front, Upgrade, UpgradeFront } from "../front.ts";
import type { RedeemTicket } from "../redeem-ticket.ts";
import { compileRequestMetadata } from "../request-metadata.ts";
import { createAccept } from "./accept.ts";
import type { Accept } from "./accept.ts";
import { CloseCode } from "./close-codes.ts";
import { HandshakeRate } from "./handshake-rate.ts";
import { createModes } from "./modes.ts";
import type { OpenMode, WebSocketSettings } from "./modes.ts";
import { compileOriginCheck } from "./origin.ts";
import { admit, receive } from "./reception.ts";
import type { Admission, Caller, ReceptionContext } from "./reception.ts";
import { createRefusals } from "./refuse.ts";
import { compileRedeem, createTicketFront } from "./serve-ticket.ts";
import { SessionList } from "./session-list.ts";
import type { Ended } from "./session-list.ts";
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
  /** Ends the sockets of a principal, and the calls on them. */
  revoke(principal: string, error: GatewayError): Ended;
}

/** Everything is settled, but for who it is. */
interface Prepared {
  readonly upgrade: Upgrade;
  readonly caller: Caller;
  readonly admission: Admission;
  readonly open: OpenMode;
}

/** Throws RangeError for options that cannot be followed: what is no origin, a reserved header name. */
export function createWebSocketFront(settings: WebSocketSettings): WebSocketFront {
  const { schema, options, sweep, census, authenticate } = settings;
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
  const modes = createModes(settings);
  const refusals = createRefusals({ options, census, writeError, accept, socketContext, modes });
  const limits = { maxSockets: options.maxSockets, maxPerPrincipal: options.maxSocketsPerPrincipal };
  const sessions = new SessionList(census, limits);

  /** Throws GatewayError. */
  const prepare = (asked: Upgrade, caller: Caller): Prepared => {
    const admission = admit(reception, asked, caller);
    return { upgrade: asked, caller, admission, open: modes.prepare(caller, admission) };
  };

  /** Only simple mode has all its credentials in the handshake; throws GatewayError for those that are refused. */
  const judge = ({ caller, admission }: Prepared): Identity | Promise<Identity | undefined> | undefined =>
    caller.mode.kind === "simple" ? authenticate?.({ metadata: admission.metadata, peer: admission.peer }) : undefined;

  const enter = compileEnter(sessions, accept, socketContext);

  const upgrade: UpgradeFront = (asked) => {
    let caller: Caller | undefined;
    const refuse = (cause: unknown): void => refusals.refuse(asked, caller, GatewayError.from(cause));
    try {
      caller = receive(reception, asked);
      const prepared = prepare(asked, caller);
      const judged = judge(prepared);
      if (judged instanceof Promise) judged.then((identity) => enter(prepared, identity)).catch(refuse);
      else enter(prepared, judged);
    } catch (error) {
      refuse(error);
    }
  };

  return {
    upgrade,
    serveTicket: createTicketFront({ ...reception, writeError }),
    redeemTicket: compileRedeem(reception),
    drain: () => sessions.drain(),
    revoke: (principal, error) => sessions.revoke(principal, error),
  };
}

/** Lets in who was judged, if anybody judges. Throws GatewayError where there are too many. */
type Enter = (prepared: Prepared, identity: Identity | undefined) => void;

function compileEnter(sessions: SessionList, accept: Accept, context: SocketContext): Enter {
  return ({ upgrade, caller, admission, open }, identity) => {
    const place = sessions.admit(admission.principal, identity);
    const accepted = accept(upgrade, caller.protocol);
    if (accepted === undefined) {
      sessions.dismiss(place, CloseCode.ABNORMAL);
      return;
    }
    const session = sessions.open(place);
    const socket = new ClientSocket(accepted, context, session);
    session.mode = open(socket, { identity, claim: (known) => session.claim(known) });
  };
}
