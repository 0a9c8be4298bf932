// The gRPC front: gRPC over HTTP/2, its messages passed on as they are. OPEN FIRST in front/grpc/.
import type { Chain } from "../../call.ts";
import type { Method, Schema } from "../../schema/descriptor.ts";
import { GatewayError } from "../../status.ts";
import { compileForwarded } from "../forwarded.ts";
import type { Exchange, Front } from "../front.ts";
import { isGrpcType } from "../grpc-type.ts";
import type { Census } from "../stream/census.ts";
import type { Sweep } from "../stream/sweep.ts";
import { answerError, refuseTransport } from "./error-answer.ts";
import { codecOf } from "./codec.ts";
import { compileRequestMetadata } from "./metadata.ts";
import { createMethodTable } from "./method-table.ts";
import { negotiate } from "./negotiate.ts";
import type { GrpcOptions } from "./options.ts";
import { createPlans } from "./plan.ts";
import type { GrpcContext } from "./plan.ts";
import { serveStream } from "./stream.ts";
import { serveUnary } from "./unary.ts";

export interface GrpcFrontOptions {
  readonly schema: Schema;
  /** Everything that can be called: the services of the schema, and the gateway's own. */
  readonly methods: readonly Method[];
  /** Of some methods, the gateway's own, streams last as long as their clients want. */
  readonly isEndless?: (method: Method) => boolean;
  readonly chain: Chain;
  readonly options: GrpcOptions;
  readonly sweep: Sweep;
  readonly census: Census;
}

/** Whether a request is one for this front. */
export function isGrpc({ headers }: Exchange): boolean {
  const contentType = headers["content-type"];
  return typeof contentType === "string" && isGrpcType(contentType);
}

/** Takes the exchanges of which `isGrpc` is true. */
export function createGrpcFront(front: GrpcFrontOptions): Front {
  const { schema, methods, isEndless = () => false, chain, options, sweep, census } = front;
  const methodOf = createMethodTable(schema, methods, options.proxyUnknown);
  const planOf = createPlans({ schema, options, census, isEndless });
  const context: GrpcContext = {
    options,
    chain,
    forwardedOf: compileForwarded(options.trustedProxies),
    requestMetadata: compileRequestMetadata(),
    sweep,
  };

  return (exchange) => {
    const codec = codecOf(exchange.headers["content-type"] as string);
    const refusal = refuseTransport(exchange, codec);
    if (refusal !== undefined) {
      refusal();
      return;
    }
    let method: Method | undefined;
    try {
      method = methodOf(exchange.target);
      const plan = planOf(method, codec ?? "proto");
      const negotiated = negotiate(exchange, plan);
      const serve = plan.method.kind === "unary" ? serveUnary : serveStream;
      serve(context, exchange, plan, negotiated);
    } catch (cause) {
      const error = GatewayError.from(cause);
      answerError({ options, exchange, codec: codec ?? "proto" }, error);
      const { client } = context.forwardedOf(exchange);
      chain.onMiss?.({ front: "grpc", method, source: exchange, headers: exchange.headers, peer: client, error });
    }
  };
}
