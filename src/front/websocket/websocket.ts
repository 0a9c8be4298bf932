// The WebSocket front: handshakes become sockets, sockets become calls. OPEN FIRST in front/websocket/.
//
//   upgrade → reception (400 403 426 429) → open-simple | mux | grpc-websockets → accept (101) → socket → one of the sessions
//                                              └ refuse: over HTTP, or, to pages, in a frame and a close code
import { addressKey } from "../../addresses.ts";
import type { Call } from "../../call.ts";
import { Code, GatewayError } from "../../status.ts";
import { compileErrorWriter } from "../../translate/reply/error-body.ts";
import { compileForwarded } from "../forwarded.ts";
import type { Forwarded } from "../forwarded.ts";
import type { Front, Upgrade, UpgradeFront } from "../front.ts";
import type { RedeemTicket } from "../redeem-ticket.ts";
import { compileRequestMetadata } from "../request-metadata.ts";
import { whenAdmitted } from "../when-admitted.ts";
import { createAccept } from "./accept.ts";
import type { Accept } from "./accept.ts";
import { CloseCode, isMalformed } from "./close-codes.ts";
import { HandshakeRate } from "./handshake-rate.ts";
import { createModes } from "./modes.ts";
import type { Opening, WebSocketSettings } from "./modes.ts";
import type { WebSocketOptions } from "./options.ts";
import { compileCookieOrigin, compileOriginCheck } from "./origin.ts";
import { admit, receive } from "./reception.ts";
import type { Admission, Caller, ReceptionContext } from "./reception.ts";
import { createRefusals } from "./refuse.ts";
import { compileRedeem, createTicketFront } from "./serve-ticket.ts";
import { SessionList } from "./session-list.ts";
import type { Ended, Place } from "./session-list.ts";
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
  readonly opening: Opening;
}

/** Throws RangeError for options that cannot be followed: what is no origin, a reserved header name. */
export function createWebSocketFront(settings: WebSocketSettings): WebSocketFront {
  const { schema, options, sweep, census, chain, onMalformed } = settings;
  const { profile, errors, json } = options;
  const writeError = compileErrorWriter(schema, { shape: errors, json, ownDetails: profile === "strict" });
  const tickets = new Tickets(options, sweep, settings.tickets);
  const reception = compileReception(options, tickets);
  const rate = new HandshakeRate(options.handshakesPerSecond, settings.slotsOf);
  const accept = createAccept(options.socket);
  const socketContext: SocketContext = { limits: options.socket, sweep, onPause: () => census.pauses++ };
  const modes = createModes(settings);
  const refusals = createRefusals({ options, census, writeError, accept, socketContext, modes });
  const limits = { maxSockets: options.maxSockets, maxPerPrincipal: options.maxSocketsPerPrincipal };
  const sessions = new SessionList(census, limits, settings.slotsOf);

  const enter = compileEnter({ sessions, accept, context: socketContext, onMalformed });

  const missed = (source: Upgrade, error: GatewayError): void => {
    const peer = reception.forwardedOf(source).client;
    chain.onMiss?.({ front: "websocket", method: undefined, source, headers: source.headers, peer, error });
  };

  const upgrade: UpgradeFront = (asked) => {
    let caller: Caller | undefined;
    let call: Call | undefined;
    const refuse = (cause: unknown): void => {
      const error = GatewayError.from(cause);
      refusals.refuse(asked, caller, { error, headers: call?.replyHeaders });
      if (call === undefined) missed(asked, error);
      else call.end(error.code, error, caller?.origin === undefined ? error.httpStatus : 101);
    };
    /** Throws GatewayError. */
    const open = (known: Caller, admission: Admission): void => {
      const prepared = { upgrade: asked, caller: known, admission, opening: modes.prepare(known, admission) };
      call = prepared.opening.call;
      if (call === undefined) enter(prepared)?.catch(refuse);
      else whenAdmitted(chain, call, () => enter(prepared), refuse);
    };
    const begin = (forwarded: Forwarded): void | Promise<void> => {
      const known = receive(reception, asked, forwarded);
      caller = known;
      const admission = admit(reception, asked, known);
      return admission instanceof Promise ? admission.then((one) => open(known, one)) : open(known, admission);
    };
    try {
      const forwarded = reception.forwardedOf(asked);
      const counted = rate.check(addressKey(forwarded.client.address));
      const begun = counted instanceof Promise ? counted.then(() => begin(forwarded)) : begin(forwarded);
      begun?.catch(refuse);
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

function compileReception(options: WebSocketOptions, tickets: Tickets): ReceptionContext {
  return {
    options,
    tickets,
    checkOrigin: compileOriginCheck(options.allowedOrigins),
    cookieOriginOf: compileCookieOrigin(options.cookieOrigins ?? options.allowedOrigins),
    forwardedOf: compileForwarded(options.trustedProxies),
    requestMetadata: compileRequestMetadata(options),
  };
}

/** Lets in whom the chain let pass. Throws, or rejects with, GatewayError where there are too many. */
type Enter = (prepared: Prepared) => void | Promise<void>;

interface EnterParts {
  readonly sessions: SessionList;
  readonly accept: Accept;
  readonly context: SocketContext;
  readonly onMalformed: WebSocketSettings["onMalformed"];
}

function compileEnter({ sessions, accept, context, onMalformed }: EnterParts): Enter {
  const enterAt = (place: Place, { upgrade, caller, admission, opening }: Prepared): void => {
    const { call, open } = opening;
    const accepted = accept(upgrade, caller.protocol);
    if (accepted === undefined) {
      sessions.dismiss(place, CloseCode.ABNORMAL);
      call?.end(Code.CANCELLED);
      return;
    }
    const { address } = admission.peer;
    const onGone = onMalformed && ((code: number) => (isMalformed(code) ? onMalformed(address) : undefined));
    const session = sessions.open(place, onGone);
    const socket = new ClientSocket(accepted, context, session);
    session.mode = open(socket, { claim: (known) => session.claim(known) });
  };
  return (prepared) => {
    const place = sessions.admit(prepared.admission.principal, prepared.opening.call?.identity);
    return place instanceof Promise ? place.then((found) => enterAt(found, prepared)) : enterAt(place, prepared);
  };
}
