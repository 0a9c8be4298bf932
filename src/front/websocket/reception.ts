// From the request to upgrade to what the client may have: everything that can be wrong with it is found out here, in the order it matters.
import type { Peer, RequestHeaders, RequestSource } from "../../caller.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import type { Forwarded, ForwardedSource } from "../forwarded.ts";
import type { Upgrade } from "../front.ts";
import type { RequestMetadata } from "../request-metadata.ts";
import { chooseCredentials, toPrincipal, withCredentials } from "./credentials.ts";
import type { Credentials } from "./credentials.ts";
import { checkHandshake, readOffer } from "./handshake.ts";
import type { SubProtocol } from "./handshake.ts";
import type { WebSocketOptions } from "./options.ts";
import type { CheckOrigin, CookieOriginOf } from "./origin.ts";
import { readParameters } from "./parameters.ts";
import type { Parameters } from "./parameters.ts";
import type { Encoding } from "./simple-plan.ts";
import type { Tickets } from "./tickets.ts";

/** How a client wants to speak. */
export type Mode =
  | {
      readonly kind: "simple";
      /** As the sub-protocol says, if there is one. */ readonly encoding: Encoding | undefined;
    }
  | { readonly kind: "mux"; readonly form: "json" | "proto" }
  | { readonly kind: "grpc-websockets" };

/** A handshake that is one, from a page that may. */
export interface Caller {
  readonly mode: Mode;
  readonly protocol: SubProtocol | undefined;
  readonly bearer: string | undefined;
  /** Undefined for a program. */
  readonly origin: string | undefined;
  readonly forwarded: Forwarded;
  /** Raw, up to the `?`, and without it. */
  readonly path: string;
  readonly query: string;
}

/** Who it is, and what it said beside the request. */
export interface Admission {
  readonly parameters: Parameters;
  readonly principal: string;
  /** Those of the handshake, with the credentials in them wherever they came from. */
  readonly headers: RequestHeaders;
  readonly source: RequestSource;
  readonly metadata: Metadata;
  readonly peer: Peer;
}

export interface ReceptionContext {
  readonly options: WebSocketOptions;
  readonly tickets: Tickets;
  readonly checkOrigin: CheckOrigin;
  readonly cookieOriginOf: CookieOriginOf;
  readonly forwardedOf: (source: ForwardedSource) => Forwarded;
  readonly requestMetadata: RequestMetadata;
}

export const muxPath = "/-/stream";

/** Throws GatewayError for what is always answered by HTTP: it is cheap, or a browser would not get further. */
export function receive({ checkOrigin }: ReceptionContext, upgrade: Upgrade, forwarded: Forwarded): Caller {
  const { headers, target } = upgrade;
  checkHandshake(upgrade);
  const origin = checkOrigin(headers, forwarded);
  const { protocol, bearer } = readOffer(headers["sec-websocket-protocol"]);
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const mode = protocol === undefined ? withoutProtocol : modes[protocol];
  if (path === muxPath && mode.kind !== "mux") throw muxOnly();
  return { mode, protocol, bearer, origin, forwarded, path, query: mark < 0 ? "" : target.slice(mark + 1) };
}

/** Throws, or rejects with, GatewayError: 400 for the query, 401 for a ticket. */
export function admit(context: ReceptionContext, upgrade: Upgrade, caller: Caller): Admission | Promise<Admission> {
  const parameters = readParameters(caller.query, context.options);
  const admitWith = (ticket: Credentials | undefined): Admission =>
    toAdmission(context, { upgrade, caller, parameters, ticket });
  if (parameters.ticket === undefined) return admitWith(undefined);
  const redeemed = context.tickets.redeem(parameters.ticket, caller.path, caller.origin);
  return redeemed instanceof Promise ? redeemed.then(admitWith) : admitWith(redeemed);
}

interface Presented {
  readonly upgrade: Upgrade;
  readonly caller: Caller;
  readonly parameters: Parameters;
  readonly ticket: Credentials | undefined;
}

function toAdmission(context: ReceptionContext, { upgrade, caller, parameters, ticket }: Presented): Admission {
  const { origin, forwarded, bearer } = caller;
  const credentials = chooseCredentials(upgrade.headers, {
    ticket,
    bearer,
    accessToken: parameters.accessToken,
    origin: context.cookieOriginOf(origin, forwarded),
  });
  const source = withCredentials(upgrade, credentials);
  return {
    parameters,
    principal: toPrincipal(credentials, forwarded.client.address),
    headers: source.headers,
    source: upgrade,
    metadata: context.requestMetadata(source, forwarded),
    peer: forwarded.client,
  };
}

const modes: Readonly<Record<SubProtocol, Mode>> = {
  "sluice.v1.json": { kind: "simple", encoding: "json" },
  "sluice.v1.proto": { kind: "simple", encoding: "proto" },
  "sluice.mux.v1.json": { kind: "mux", form: "json" },
  "sluice.mux.v1.proto": { kind: "mux", form: "proto" },
  "grpc-websockets": { kind: "grpc-websockets" },
};
const withoutProtocol: Mode = { kind: "simple", encoding: undefined };

function muxOnly(): GatewayError {
  return new GatewayError(
    Code.INVALID_ARGUMENT,
    `${muxPath} speaks the multiplexed protocol only; offer the sub-protocol sluice.mux.v1.json or sluice.mux.v1.proto`,
    { reason: "SUBPROTOCOL_UNKNOWN" },
  );
}
