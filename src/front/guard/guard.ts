// What stands before every front, in this order: a name for the request, what pages may read, addresses that are served, bans, preflights. OPEN FIRST in front/guard/.
import { addressForbidden, compileAddressList, compileServed } from "../../addresses.ts";
import type { AddressLists } from "../../addresses.ts";
import { GatewayError } from "../../status.ts";
import type { ForwardedSource } from "../forwarded.ts";
import { compileForwarded } from "../forwarded.ts";
import type { Exchange, Front, Upgrade, UpgradeFront } from "../front.ts";
import { compileCors } from "./cors.ts";
import type { CorsOptions } from "./cors.ts";
import { compileRequestId } from "./request-id.ts";
import type { RequestIdOptions } from "./request-id.ts";

export interface GuardOptions {
  readonly trustedProxies: readonly string[];
  /** Undefined for none of it, each. */
  readonly cors: CorsOptions | undefined;
  readonly requestId: Omit<RequestIdOptions, "isProxy"> | undefined;
  readonly access: AddressLists;
  /** Throws GatewayError for a client that is banned. */
  readonly checkBan: ((address: string) => void) | undefined;
}

export interface GuardedFronts {
  readonly front: Front;
  readonly upgrade: UpgradeFront | undefined;
  /** Answers in the shape of the front that would have taken the exchange. Never throws. */
  readonly answerError: (exchange: Exchange, error: GatewayError) => void;
  readonly refuseUpgrade: (upgrade: Upgrade, error: GatewayError) => void;
}

export type Guarded = Pick<GuardedFronts, "front" | "upgrade">;

/** The fronts themselves where nothing is to be guarded. Throws RangeError for options that cannot be followed. */
export function guardFronts(options: GuardOptions, fronts: GuardedFronts): Guarded {
  const name = compileNaming(options);
  const check = compileCheck(options);
  const cors = options.cors === undefined ? undefined : compileCors(options.cors);
  if (name === undefined && check === undefined && cors === undefined) return fronts;
  const { answerError, refuseUpgrade, upgrade } = fronts;
  const header = options.requestId?.header ?? "";
  return {
    front(exchange) {
      try {
        if (name !== undefined) exchange.addAnswerHeaders([header, name(exchange)]);
        cors?.grant(exchange);
        check?.(exchange);
        if (cors?.preflight(exchange) === true) return;
      } catch (error) {
        answerError(exchange, GatewayError.from(error));
        return;
      }
      fronts.front(exchange);
    },
    upgrade:
      upgrade &&
      ((asked) => {
        try {
          if (name !== undefined) asked.addAnswerHeaders([header, name(asked)]);
          check?.(asked);
        } catch (error) {
          refuseUpgrade(asked, GatewayError.from(error));
          return;
        }
        upgrade(asked);
      }),
  };
}

type Named = Pick<Exchange, "headers" | "peer"> & { requestId: string | undefined };

function compileNaming({ requestId, trustedProxies }: GuardOptions): ((request: Named) => string) | undefined {
  if (requestId === undefined) return undefined;
  const isProxy = compileAddressList(trustedProxies, "trusted proxy");
  const toRequestId = compileRequestId({ ...requestId, isProxy });
  return (request) => (request.requestId = toRequestId(request.headers, request.peer.address));
}

/** Throws GatewayError for whoever is not served. */
function compileCheck({
  access,
  checkBan,
  trustedProxies,
}: GuardOptions): ((request: ForwardedSource) => void) | undefined {
  const isServed = compileServed(access);
  const forwardedOf = compileForwarded(trustedProxies);
  if (isServed === undefined && checkBan === undefined) return undefined;
  return (request) => {
    // Without trusted proxies it is the other end of the connection, and nothing else needs to be looked at.
    const { address } = trustedProxies.length === 0 ? request.peer : forwardedOf(request).client;
    if (isServed?.(address) === false) throw addressForbidden();
    checkBan?.(address);
  };
}
