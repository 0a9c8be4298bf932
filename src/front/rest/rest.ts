// The REST front: HTTP+JSON exchanges become calls, replies become answers. OPEN FIRST in front/rest/.
import type { Chain } from "../../call.ts";
import type { Method } from "../../schema/descriptor.ts";
import type { Router } from "../../route/router.ts";
import type { Schema } from "../../schema/descriptor.ts";
import { GatewayError } from "../../status.ts";
import { compileForwarded } from "../forwarded.ts";
import type { Exchange, Front } from "../front.ts";
import type { RedeemTicket } from "../redeem-ticket.ts";
import { compileRequestMetadata } from "../request-metadata.ts";
import type { Census } from "../stream/census.ts";
import type { Sweep } from "../stream/sweep.ts";
import { classify } from "./classify.ts";
import { compileMayCompress } from "./compress.ts";
import type { FrontContext } from "./context.ts";
import { compileErrorAnswer, compileStreamStatus } from "./error-answer.ts";
import { compileReplyHeaders } from "./metadata.ts";
import type { RestOptions } from "./options.ts";
import { createPlans } from "./plan.ts";
import { serveStream } from "./stream.ts";
import { serveUnary } from "./unary.ts";

export interface RestFrontOptions {
  readonly router: Router;
  readonly schema: Schema;
  readonly chain: Chain;
  readonly options: RestOptions;
  /** For streams; absent: nobody gives tickets out. */
  readonly redeemTicket?: RedeemTicket | undefined;
  /** The clocks of all streams. */
  readonly sweep: Sweep;
  readonly census: Census;
}

/** Throws RangeError for options that cannot be followed: a reserved header name, a trusted proxy that is no address. */
export function createRestFront(front: RestFrontOptions): Front {
  const { router, schema, chain, options, redeemTicket, sweep, census } = front;
  const planOf = createPlans(schema, options);
  const forwardedOf = compileForwarded(options.trustedProxies);
  const context: FrontContext = {
    options,
    chain,
    answerError: compileErrorAnswer(schema, options),
    missed(exchange, method, error) {
      const { client } = forwardedOf(exchange);
      chain.onMiss?.({ front: "rest", method, source: exchange, headers: exchange.headers, peer: client, error });
    },
    forwardedOf,
    requestMetadata: compileRequestMetadata(options),
    appendReplyHeaders: compileReplyHeaders(options),
    mayCompress: compileMayCompress(options.trustedOrigins),
    writeStatus: compileStreamStatus(schema, options),
    redeemTicket,
    sweep,
    census,
  };

  /** What is refused before there is a call. */
  const refuse = (exchange: Exchange, cause: unknown, method: Method | undefined): void => {
    const error = GatewayError.from(cause);
    context.answerError(exchange, error);
    context.missed(exchange, method, error);
  };

  return (exchange) => {
    const request = classify(router, options.profile, exchange);
    switch (request.kind) {
      case "options":
        exchange.respond(204, ["allow", request.allow], undefined);
        return;
      case "refused":
        refuse(exchange, request.error, undefined);
        return;
      case "call":
        try {
          const plan = planOf(request.binding);
          if (plan.stream === undefined) serveUnary(context, exchange, plan, request);
          else serveStream(context, exchange, { ...request, plan, stream: plan.stream });
        } catch (error) {
          refuse(exchange, error, request.binding.method);
        }
    }
  };
}
