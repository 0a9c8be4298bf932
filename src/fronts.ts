// Every front on one handler, and which of them takes what comes: gRPC by its content type, own pages by their path, REST all the rest.
import type { Chain, ReportFault } from "./call.ts";
import type { Authenticate } from "./caller.ts";
import type { Bans } from "./chain/bans.ts";
import type { PolicyOf } from "./chain/policy.ts";
import type { Config } from "./config/config.ts";
import { readClientBundle } from "./docs/client-bundle.ts";
import { writeClientModule, writeClientScript } from "./docs/client-module.ts";
import type { Front, UpgradeFront } from "./front/front.ts";
import { compileForwarded } from "./front/forwarded.ts";
import { codecOf } from "./front/grpc/codec.ts";
import { answerError as answerGrpc } from "./front/grpc/error-answer.ts";
import { createGrpcFront, isGrpc } from "./front/grpc/grpc.ts";
import { guardFronts } from "./front/guard/guard.ts";
import type { GuardedFronts } from "./front/guard/guard.ts";
import { createPagesFront, isOwnPage } from "./front/pages/pages.ts";
import { compileErrorAnswer, compileErrorBody } from "./front/rest/error-answer.ts";
import type { RestOptions } from "./front/rest/options.ts";
import { createRestFront } from "./front/rest/rest.ts";
import type { Census } from "./front/stream/census.ts";
import type { Sweep } from "./front/stream/sweep.ts";
import type { Ended } from "./front/websocket/session-list.ts";
import { createWebSocketFront } from "./front/websocket/websocket.ts";
import type { WebSocketFront } from "./front/websocket/websocket.ts";
import { toGrpcOptions, toMethodRules, toRestOptions, toRouterOptions, toWebSocketOptions } from "./gateway-options.ts";
import type { MethodRules } from "./gateway-options.ts";
import { toGuardOptions } from "./guard-options.ts";
import { createRouter } from "./route/router.ts";
import type { Binding } from "./schema/binding.ts";
import type { Schema } from "./schema/descriptor.ts";
import { errorHeaders } from "./serve/listen-error.ts";
import type { ErrorWriter } from "./serve/listen-error.ts";
import type { OwnServices } from "./services/services.ts";
import type { SlotsOf } from "./slots.ts";
import type { GatewayError } from "./status.ts";
import type { TicketKeeper } from "./ticket-box.ts";

export interface FrontsInputs {
  readonly config: Config;
  readonly schema: Schema;
  readonly bindings: readonly Binding[];
  readonly chain: Chain;
  readonly policyOf: PolicyOf;
  readonly own: OwnServices;
  readonly sweep: Sweep;
  readonly census: Census;
  readonly slotsOf: SlotsOf;
  /** For fronts whose clients stay longer than a call. */
  readonly authenticate: Authenticate | undefined;
  readonly report: ReportFault;
  /** Undefined where nobody is banned. */
  readonly bans: Bans | undefined;
  /** Who keeps tickets, where it is not the gateway itself. */
  readonly tickets: TicketKeeper | undefined;
}

export interface Fronts {
  readonly front: Front;
  /** Undefined where WebSocket is off. */
  readonly upgrade: UpgradeFront | undefined;
  /** For what no front gets to see. */
  readonly writeError: ErrorWriter;
  /** Takes no more sockets, and brings those there are to an end. */
  drain(): void;
  /** Ends the sockets of a principal, and the calls on them. */
  revoke(principal: string, error: GatewayError): Ended;
}

const nothing: Ended = Object.freeze({ calls: 0, sockets: 0 });

export function createFronts(inputs: FrontsInputs): Fronts {
  const { config, schema, bindings, chain, sweep, census, slotsOf, authenticate, report, bans, tickets } = inputs;
  const rules = toMethodRules(inputs.policyOf);
  const restOptions = { ...toRestOptions(config, report), ...rules };
  const router = createRouter(bindings, toRouterOptions(config));
  const options = { ...toWebSocketOptions(config, report), ...rules };
  const websocket = config.websocket.enabled
    ? createWebSocketFront({
        schema,
        bindings,
        chain,
        options,
        sweep,
        census,
        slotsOf,
        authenticate,
        tickets,
        checkBan: bans?.checkAddress,
        onMalformed: bans?.onMalformed,
      })
    : undefined;
  const redeemTicket = websocket?.redeemTicket;
  const rest = createRestFront({ router, schema, chain, options: restOptions, redeemTicket, sweep, census });
  const grpc = createGrpc(inputs);
  const pages = createPages(inputs, restOptions, websocket);
  const writeError = compileErrorBody(schema, restOptions);
  const guarded = guardFronts(toGuardOptions(config, router, bans?.checkAddress), {
    front: (exchange) => (isGrpc(exchange) ? grpc : isOwnPage(exchange) ? pages : rest)(exchange),
    upgrade: websocket?.upgrade,
    answerError: compileAnswerError(inputs, restOptions),
    refuseUpgrade(upgrade, error) {
      census.refuse(error.reason ?? "INTERNAL");
      const { contentType, body } = writeError(error);
      upgrade.respond(error.httpStatus, errorHeaders(error, contentType), body);
    },
  });
  return {
    ...guarded,
    writeError,
    drain: () => websocket?.drain(),
    revoke: (principal, error) => websocket?.revoke(principal, error) ?? nothing,
  };
}

/** For what is refused before a front has seen it. */
function compileAnswerError(
  { config, schema, chain, report }: FrontsInputs,
  options: RestOptions,
): GuardedFronts["answerError"] {
  const answerRest = compileErrorAnswer(schema, options);
  const grpcOptions = toGrpcOptions(config, report);
  const forwardedOf = compileForwarded(config.http.trustedProxies);
  return (exchange, error) => {
    const front = isGrpc(exchange) ? "grpc" : "rest";
    const { headers } = exchange;
    chain.onMiss?.({ front, method: undefined, source: exchange, headers, peer: forwardedOf(exchange).client, error });
    if (front === "rest") answerRest(exchange, error);
    else
      answerGrpc({ options: grpcOptions, exchange, codec: codecOf(String(headers["content-type"])) ?? "proto" }, error);
  };
}

function createGrpc(inputs: FrontsInputs): Front {
  const { config, schema, chain, own, policyOf, sweep, census, report } = inputs;
  const methods = [...own.methods, ...schema.services.flatMap((service) => service.methods)];
  const options = { ...toGrpcOptions(config, report), ...toMethodRules(policyOf) };
  return createGrpcFront({
    schema,
    methods,
    isEndless: (method) => own.isOwn(method),
    chain,
    options,
    sweep,
    census,
  });
}

function createPages(
  { config, schema, bindings }: FrontsInputs,
  options: RestOptions & MethodRules,
  websocket: WebSocketFront | undefined,
): Front {
  const { json, streamRuleOf } = options;
  const module = { schema, bindings, json, streamRuleOf };
  return createPagesFront({
    schema,
    bindings,
    streamRuleOf,
    profile: config.profile,
    ...config.pages,
    webSocket: { enabled: config.websocket.enabled, unary: config.websocket.exposeUnary },
    clientScript: readClientBundle,
    apiModule: (form) => (form === "ts" ? writeClientModule : writeClientScript)(module),
    serveTicket: websocket?.serveTicket,
    answerError: compileErrorAnswer(schema, options),
  });
}
