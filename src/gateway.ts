// OPEN FIRST. The way of a request, and the wiring in the same order.
//
//   socket → serve/listen ─┬→ front/rest → route/router → translate/request ─┬→ chain/* ─┬→ upstream/* → backend
//              │ 400 431   │    │ 404 405 415              │ 400 with the field │   │       └→ services/* (health, reflection)
//              │           ├→ front/grpc (bytes as they are) ──────────────────┤   │ (401 403 429)   │ 503 504
//              │           └→ front/websocket (one call a socket, or many) ────┘   │                 │
//              └────────────────┴── one error shape per front ◄────────────────────┴─────────────────┘
//   client  ← front/* (translate/reply) ← chain/* (upwards) ← Reply (protobuf bytes, metadata, status)
import { composeChain, type Interceptor } from "./chain/compose.ts";
import { toListenerLimits, toTransportLimits, toUpstreamTargets } from "./gateway-options.ts";
import type { Address, Config } from "./config/config.ts";
import { readListenTls } from "./config/tls-files.ts";
import { createFronts } from "./fronts.ts";
import { Census } from "./front/stream/census.ts";
import { Sweep } from "./front/stream/sweep.ts";
import type { Binding } from "./schema/binding.ts";
import type { Schema } from "./schema/descriptor.ts";
import { writeMetrics } from "./metrics.ts";
import { readReadiness } from "./readiness.ts";
import type { Readiness } from "./serve/admin.ts";
import { serveHttp2 } from "./serve/http2-connection.ts";
import { createListener, toListenAddress } from "./serve/listen.ts";
import { createOwnServices } from "./services/services.ts";
import { Code, GatewayError } from "./status.ts";
import { createGrpcJsTransport } from "./upstream/grpc-js.ts";
import { createNativeTransport } from "./upstream/native.ts";
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
  /** Whether calls should be sent here, and why not. */
  readiness(): Readiness;
  /** In the text format of Prometheus. */
  metrics(): string;
  /** Rejects with the error of the socket, e.g. EADDRINUSE. */
  listen(): Promise<Address>;
  /** Lets running requests end, as long as `server.shutdown_grace` allows; then closes the upstreams. */
  close(): Promise<void>;
}

/** Throws DiagnosticError for upstreams and TLS files that cannot be used. Nothing is listened to or connected before `listen`. */
export function createGateway({ config, schema, bindings }: GatewayInputs, options: GatewayOptions = {}): Gateway {
  const { interceptors = [], report = () => {} } = options;

  let isStopping = false;

  const upstreams = createUpstreams({
    targets: toUpstreamTargets(config),
    transport: config.transport === "native" ? createNativeTransport : createGrpcJsTransport,
    limits: toTransportLimits(config),
  });
  const readiness = (): Readiness => readReadiness(config, upstreams.states(), isStopping);
  const own = createOwnServices({ schema, upstreams, isReady: () => readiness().ready, ...config.grpc });
  const handler = composeChain(interceptors, own.before(upstreams.handler));
  const sweep = new Sweep();
  const census = new Census();
  const fronts = createFronts({ config, schema, bindings, handler, own, sweep, census, report });
  const listener = createListener({
    address: toListenAddress(config.listen.host, config.listen.port),
    limits: toListenerLimits(config),
    tls: config.tls === undefined ? undefined : readListenTls(config.tls),
    http2: serveHttp2,
    ...fronts,
  });

  return {
    upstreams,
    readiness,
    metrics: () => writeMetrics(census, upstreams.states()),
    listen: () => listener.listen(),
    async close() {
      isStopping = true;
      own.stop();
      fronts.drain();
      const { shutdownGraceMs } = config.server;
      // Streams that are still open shortly before the cut get an end that says why.
      const lastCall = setTimeout(
        () => sweep.expire(stopping()),
        shutdownGraceMs - Math.min(1000, shutdownGraceMs / 2),
      );
      await listener.close(shutdownGraceMs);
      clearTimeout(lastCall);
      sweep.stop();
      await upstreams.close();
    },
  };
}

function stopping(): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "the gateway is stopping; open the stream again", {
    reason: "SHUTTING_DOWN",
  });
}
