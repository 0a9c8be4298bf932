// The modes behind one interface: what to open for a caller, and how each says no.
import type { Call, Chain } from "../../call.ts";
import type { Authenticate, Identity } from "../../caller.ts";
import type { Binding } from "../../schema/binding.ts";
import type { Schema } from "../../schema/descriptor.ts";
import type { SlotsOf } from "../../slots.ts";
import type { GatewayError } from "../../status.ts";
import type { TicketKeeper } from "../../ticket-box.ts";
import type { Census } from "../stream/census.ts";
import type { Sweep } from "../stream/sweep.ts";
import { createRouter } from "../../route/router.ts";
import { createGrpcWebSockets } from "./grpc-websockets.ts";
import { createMux } from "./mux.ts";
import { openSimple } from "./open-simple.ts";
import type { SimpleTable } from "./open-simple.ts";
import type { WebSocketOptions } from "./options.ts";
import { muxPath } from "./reception.ts";
import type { Admission, Caller, Mode } from "./reception.ts";
import { compileRoutes } from "./routes.ts";
import type { Session } from "./session-list.ts";
import { SimpleSession } from "./simple.ts";
import type { SimpleContext } from "./simple.ts";
import { compileSimpleFrames } from "./simple-frames.ts";
import { createSimplePlans } from "./simple-plan.ts";
import type { ClientSocket, StreamSocket } from "./socket.ts";

/** What the front is made of. */
export interface WebSocketSettings {
  readonly schema: Schema;
  readonly bindings: readonly Binding[];
  readonly chain: Chain;
  readonly options: WebSocketOptions;
  readonly sweep: Sweep;
  readonly census: Census;
  /** Where open sockets are counted. */
  readonly slotsOf: SlotsOf;
  /** Absent: everybody is let in, and the chain judges each call. Rejects and throws with GatewayError only. */
  readonly authenticate?: Authenticate;
  /** Of a worker: who keeps tickets for all workers. */
  readonly tickets?: TicketKeeper | undefined;
  /** Throws GatewayError for an address that is banned. */
  readonly checkBan?: ((address: string) => void) | undefined;
  /** Told of a client's address when what it sends is no WebSocket, or not the protocol agreed on. Must not throw. */
  readonly onMalformed?: ((address: string) => void) | undefined;
}

/** Whose a socket is. */
export interface Holder {
  /** To be told who it is, where that comes out later. Throws, or rejects with, GatewayError (8) where that one has too many sockets. */
  readonly claim: (identity: Identity) => void | Promise<void>;
}

/** Everything is settled; what is left is the socket. */
export interface Opening {
  /** The one call that the socket is for, to be admitted first; undefined where calls come later. */
  readonly call: Call | undefined;
  readonly open: (socket: ClientSocket, holder: Holder) => Session;
}

export interface Modes {
  /** Throws GatewayError for what cannot be opened. */
  prepare(caller: Caller, admission: Admission): Opening;
  /** The frame before a refusal's close code. */
  writeRefusal(socket: StreamSocket, mode: Mode, error: GatewayError): void;
}

export function createModes(settings: WebSocketSettings): Modes {
  const { schema, bindings, chain, options, sweep, census, authenticate, checkBan } = settings;
  const frames = compileSimpleFrames(schema, options);
  const simple: SimpleContext = { chain, sweep, frames };
  const table: SimpleTable = {
    findRoute: compileRoutes(bindings, options),
    planOf: createSimplePlans(schema, options, census),
  };

  const router = createRouter(bindings, options.routing);
  const mux = createMux({ schema, router, chain, options, sweep, census, authenticate, checkBan });
  const grpcWebSockets = createGrpcWebSockets({ schema, chain, options, sweep, census });

  const prepareSimple = (caller: Caller, admission: Admission): Opening => {
    const opening = openSimple(table, caller, admission);
    const open: Opening["open"] = (socket) => {
      const session = new SimpleSession(socket, simple, opening);
      socket.attach(session);
      session.start();
      return session;
    };
    return { call: opening.call, open };
  };

  const prepareMux = (caller: Caller, admission: Admission, form: "json" | "proto"): Opening => {
    if (caller.path !== muxPath) table.findRoute(caller.path, admission.parameters.verb);
    const open: Opening["open"] = (socket, { claim }) =>
      attach(socket, mux.open(socket, { form, ...admission, claim }));
    return { call: undefined, open };
  };

  return {
    prepare(caller, admission) {
      const { mode } = caller;
      if (mode.kind === "mux") return prepareMux(caller, admission, mode.form);
      if (mode.kind === "simple") return prepareSimple(caller, admission);
      const open = grpcWebSockets.prepare(caller.path);
      return { call: undefined, open: (socket) => attach(socket, open(socket, admission)) };
    },
    writeRefusal(socket, mode, error) {
      if (mode.kind === "simple") socket.sendText(frames.status(error, []));
      else if (mode.kind === "mux") mux.writeRefusal(socket, mode.form, error);
      else grpcWebSockets.writeRefusal(socket, error);
    },
  };
}

function attach(socket: ClientSocket, session: Session): Session {
  socket.attach(session);
  return session;
}
