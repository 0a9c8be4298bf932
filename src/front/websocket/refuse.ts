// How a handshake is refused: over HTTP, or, to a page that could not read that, by a socket that says why and closes.
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import type { WriteError } from "../../translate/reply/error-body.ts";
import type { Upgrade } from "../front.ts";
import { toNamedError } from "../named-error.ts";
import type { Census } from "../stream/census.ts";
import type { Accept } from "./accept.ts";
import { CloseCode, toCloseCode, toCloseReason } from "./close-codes.ts";
import type { Modes } from "./modes.ts";
import type { WebSocketOptions } from "./options.ts";
import type { Caller } from "./reception.ts";
import { ClientSocket } from "./socket.ts";
import type { SocketContext, SocketOwner } from "./socket.ts";

export interface RefusalContext {
  readonly options: WebSocketOptions;
  readonly census: Census;
  readonly writeError: WriteError;
  readonly accept: Accept;
  readonly socketContext: SocketContext;
  readonly modes: Modes;
}

export interface Refusals {
  /** `caller` is undefined where the request did not get that far. Never throws. */
  refuse(upgrade: Upgrade, caller: Caller | undefined, refusal: Refusal): void;
}

export interface Refusal {
  readonly error: GatewayError;
  /** Of the call, if there was one. */
  readonly headers: Metadata | undefined;
}

const nobody: SocketOwner = { onGone: () => {} };

export function createRefusals(context: RefusalContext): Refusals {
  const { census, accept, socketContext, modes, options } = context;

  const overHttp = (upgrade: Upgrade, { error, headers: own = [] }: Refusal): void => {
    const { contentType, body } = context.writeError(error);
    const headers = ["content-type", contentType, "x-content-type-options", "nosniff", ...own];
    // RFC 9110 section 15.5.2 demands one.
    if (error.code === Code.UNAUTHENTICATED && error.headers["www-authenticate"] === undefined)
      headers.push("www-authenticate", "Bearer");
    for (const [name, value] of Object.entries(error.headers)) headers.push(name, value);
    upgrade.respond(error.httpStatus, headers, body);
  };

  const bySocket = (upgrade: Upgrade, caller: Caller, error: GatewayError): void => {
    const accepted = accept(upgrade, caller.protocol);
    if (accepted === undefined) return;
    const socket = new ClientSocket(accepted, socketContext, nobody);
    if (error.reason === "TOO_MANY_SOCKETS") {
      socket.close(CloseCode.OVERLOADED, toCloseReason(error));
      return;
    }
    modes.writeRefusal(socket, caller.mode, error);
    socket.close(toCloseCode(error.code), toCloseReason(error));
  };

  return {
    refuse(upgrade, caller, refusal) {
      const error = toNamedError(refusal.error, upgrade.requestId);
      census.refuse(error.reason ?? "INTERNAL");
      if (error.cause !== undefined) options.report(error);
      try {
        if (caller?.origin === undefined) overHttp(upgrade, { ...refusal, error });
        else bySocket(upgrade, caller, error);
      } catch (fault) {
        options.report(GatewayError.from(fault));
      }
    },
  };
}
