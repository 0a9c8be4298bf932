// OPEN FIRST. The way of a request, and the wiring in the same order.
//
//   socket → serve/listen → front/rest      → route/router → translate/request → chain/* → upstream/* → backend
//              │ 400 431      │ 404 405 415     │              │ 400 with the field    │ (401 403 429)   │ 503 504
//              └──────────────┴──── one error shape per front ◄┴───────────────────────┴─────────────────┘
//   client  ← front/rest ← translate/reply ← chain/* (upwards) ← Reply (protobuf bytes, metadata, status)
import { composeChain, type Interceptor } from "./chain/compose.ts";
import {
  toListenerLimits,
  toRestOptions,
  toRouterOptions,
  toTransportLimits,
  toUpstreamTargets,
} from "./gateway-options.ts";
import type { Address, Config } from "./config/config.ts";
import { compileErrorBody } from "./front/rest/error-answer.ts";
import { createRestFront } from "./front/rest/rest.ts";
import { createRouter } from "./route/router.ts";
import type { Binding } from "./schema/binding.ts";
import type { Schema } from "./schema/descriptor.ts";
import { createListener, toListenAddress } from "./serve/listen.ts";
import type { GatewayError } from "./status.ts";
import { createGrpcJsTransport } from "./upstream/grpc-js.ts";
import { createUpstreams, type Upstreams } from "./upstream/upstreams.ts";

/** What a gateway is made of: the settings, what the protos say, and how HTTP reaches it. */
export interface GatewayInputs {
  readonly config: Config;
  readonly schema: Schema;
  readonly bindings: readonly Binding[];
}

export interface GatewayOptions {
  /** Outermost first, around the upstream. */
  readonly interceptors?: readonly Interceptor[];
  /** Faults that a client only sees as "internal error". */
  readonly report?: (error: GatewayError) => void;
}

export interface Gateway {
  readonly upstreams: Upstreams;
  /** Rejects with the error of the socket, e.g. EADDRINUSE. */
  listen(): Promise<Address>;
  /** Lets running requests end, as long as `server.shutdown_grace` allows; then closes the upstreams. */
  close(): Promise<void>;
}

/** Throws DiagnosticError for upstreams that cannot be used. Nothing is listened to or connected before `listen`. */
export function createGateway({ config, schema, bindings }: GatewayInputs, options: GatewayOptions = {}): Gateway {
  const { interceptors = [], report = () => {} } = options;

  const upstreams = createUpstreams({
    targets: toUpstreamTargets(config),
    transport: createGrpcJsTransport,
    limits: toTransportLimits(config),
  });
  const handler = composeChain(interceptors, upstreams.handler);
  const router = createRouter(bindings, toRouterOptions(config));
  const restOptions = toRestOptions(config, report);
  const front = createRestFront({ router, schema, handler, options: restOptions });
  const listener = createListener({
    address: toListenAddress(config.listen.host, config.listen.port),
    limits: toListenerLimits(config),
    front,
    writeError: compileErrorBody(schema, restOptions),
  });

  return {
    upstreams,
    listen: () => listener.listen(),
    async close() {
      await listener.close(config.server.shutdownGraceMs);
      await upstreams.close();
    },
  };
}
