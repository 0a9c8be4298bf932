// OPEN FIRST. The way of a request, and the wiring in the same order.
//
//   socket → serve/listen ─┬→ front/rest → route/router → translate/request ─┬→ chain/* ─┬→ upstream/retry → upstream/* → backend
//              │ 400 431   │    │ 404 405 415              │ 400 with the field │   │       ├→ services/* (health, reflection)
//              │           ├→ front/grpc (bytes as they are) ──────────────────┤   │       └→ compose/* (steps, each on to upstream/retry)
//              │           └→ front/websocket (one call a socket, or many) ────┘   │ 401 403 429     │ 503 504
//              └────────────────┴── one error shape per front ◄────────────────────┴─────────────────┘
//   client  ← front/* (translate/reply) ← chain/* (upwards) ← Reply (protobuf bytes, metadata, status)
//
// What chain/cache has kept is given from there, and nothing behind it is asked; chain/redact stands before it, and cuts out of such replies, too.
// Before every front stands front/guard: the request's id, what pages may read, addresses that are served, bans, preflights.
import type { ReportFault } from "./call.ts";
import type { Authenticate } from "./caller.ts";
import { credentialsRevoked } from "./chain/authenticate.ts";
import type { Authentication } from "./chain/authenticate.ts";
import { composeChain } from "./chain/compose.ts";
import { compileServed } from "./addresses.ts";
import { arrange } from "./chain/points.ts";
import type { CustomInterceptor } from "./chain/points.ts";
import { createComposing } from "./composing.ts";
import { toListenerLimits, toTransportLimits, toUpstreamTargets } from "./gateway-options.ts";
import type { Address, Config } from "./config/config.ts";
import { readListenTls } from "./config/tls-files.ts";
import type { MetricsFormat } from "./exposition.ts";
import { createFronts } from "./fronts.ts";
import type { Fronts } from "./fronts.ts";
import { checkAccessRules } from "./guard-options.ts";
import { checkInterceptors } from "./interceptor-modules.ts";
import { createInterceptors } from "./interceptors.ts";
import { Census } from "./front/stream/census.ts";
import { openSlots } from "./limiting.ts";
import type { Log } from "./log/log.ts";
import { Sweep } from "./front/stream/sweep.ts";
import type { Binding } from "./schema/binding.ts";
import type { Method, Schema } from "./schema/descriptor.ts";
import { collectGarbage, MemoryReturn } from "./memory-return.ts";
import { AttemptCounts } from "./metrics/attempt-counts.ts";
import { slotMetrics } from "./metrics/slot-metrics.ts";
import { createObservability } from "./observability.ts";
import { createConfiguredRetries } from "./retrying.ts";
import { settlePolicies } from "./policy/policies.ts";
import { readReadiness } from "./readiness.ts";
import type { Readiness } from "./serve/admin.ts";
import { serveHttp2 } from "./serve/http2-connection.ts";
import { createListener, toListenAddress } from "./serve/listen.ts";
import type { Listener } from "./serve/listen.ts";
import { createOwnServices } from "./services/services.ts";
import { Code, GatewayError } from "./status.ts";
import { createGrpcJsTransport } from "./upstream/grpc-js.ts";
import { createNativeTransport } from "./upstream/native.ts";
import { createUpstreams, type Upstreams } from "./upstream/upstreams.ts";
import type { Links } from "./workers/worker.ts";

/** What a gateway is made of: the settings, what the protos say, and how HTTP reaches it. */
export interface GatewayInputs {
  readonly config: Config;
  readonly schema: Schema;
  readonly bindings: readonly Binding[];
}

export interface GatewayOptions {
  /** Of one's own, each at its named place in the chain; behind those that the configuration names. */
  readonly interceptors?: readonly CustomInterceptor[];
  /** Asked about every call but those of the gateway's own health and reflection, and about every WebSocket. Absent: nobody is asked. */
  readonly authenticate?: Authenticate;
  /** Faults that a client only sees as "internal error". */
  readonly report?: ReportFault;
  /** Where lines about calls go, if the configuration asks for them; the caller closes it. Absent: where the configuration says. */
  readonly log?: Log;
  /** The one clock of streams and sockets, for those who want to move it. */
  readonly sweep?: Sweep;
  /** The clock of cached answers, in milliseconds, for those who want to move it. */
  readonly cacheClock?: () => number;
  /** Of one of several processes: what they have together. */
  readonly links?: Links | undefined;
}

/** What `revoke` has ended: calls that were streams or on a WebSocket, and WebSockets. */
export interface Revoked {
  readonly calls: number;
  readonly sockets: number;
}

export interface Gateway {
  readonly upstreams: Upstreams;
  /** Whether calls should be sent here, and why not. */
  readiness(): Readiness;
  /** In the text format of Prometheus unless OpenMetrics is asked for. */
  metrics(format?: MetricsFormat): string;
  /**
   * Ends every stream and WebSocket of a principal with UNAUTHENTICATED. Unary calls over HTTP and gRPC go on to their end; who comes
   * again is asked by `authenticate` as always, which must have heard of it before.
   */
  revoke(principal: string): Revoked;
  /** Rejects with the error of the socket, e.g. EADDRINUSE. */
  listen(): Promise<Address>;
  /** Lets running requests end, as long as `server.shutdown_grace` allows; then closes the upstreams. */
  close(): Promise<void>;
}

/**
 * Throws DiagnosticError for upstreams, TLS files and a log that cannot be used, and for policies that contradict themselves. Nothing is
 * listened to or connected before `listen`.
 */
export function createGateway({ config, schema, bindings }: GatewayInputs, options: GatewayOptions = {}): Gateway {
  const { interceptors = [], authenticate, report = () => {}, sweep = new Sweep(), log, links } = options;

  let isStopping = false;

  const attempts = config.metrics.enabled ? new AttemptCounts(config.metrics.buckets) : undefined;
  const upstreams = openUpstreams(config, attempts);
  const readiness = (): Readiness => readReadiness(config, upstreams.states(), isStopping, authentication?.problems());
  const { plans: composed, ...composing } = createComposing(config, schema);
  const own = createOwnServices({ schema, composed, upstreams, isReady: () => readiness().ready, ...config.grpc });
  const census = new Census();
  const slotsOf = openSlots(config, links?.slots, report);
  const isOwn = (method: Method): boolean => own.isOwn(method);
  const revoke = (principal: string): Revoked => endAll(principal, fronts, authentication);
  const policies = settlePolicies({ schema, config, hasAuthenticate: authenticate !== undefined, isOwn });
  const shared = { config, schema, ...policies, census, slotsOf, upstreams, report, revoke };
  const notAsked = (method: Method): boolean => isOwn(method) || composed.has(method);
  const seen = createObservability({ config, log, upstreams, attempts, isOwn: notAsked });
  const builtIns = createInterceptors({ ...shared, authenticate, timer: sweep, isOwn, links, now: options.cacheClock });
  const { at, authentication, bans } = builtIns;
  const methods = [...own.methods, ...schema.services.flatMap((service) => service.methods)];
  checkAccessRules(config.access.rules, methods);
  checkInterceptors(config, interceptors, methods);
  const retries = createConfiguredRetries(shared);
  const metrics = [...builtIns.metrics, retries.metrics, composing.metrics, () => slotMetrics(links?.slots)];
  const end = own.before(retries.around(seen.around(upstreams.handler)));
  const arranged = composing.before(arrange({ ...seen.at, ...at }, interceptors, report));
  const chain = composeChain({ ...arranged, ...seen.hooks(bans?.onMiss), methods, end });
  sweep.add(new MemoryReturn({ countOpen: () => census.open, collect: collectGarbage }));
  const parts = { ...shared, bindings, chain, own, sweep, bans, tickets: links?.tickets };
  const fronts = createFronts({ ...parts, authenticate: authentication?.authenticate });
  const listener = createListener({
    address: toListenAddress(config.listen.host, config.listen.port),
    limits: toListenerLimits(config, bindings),
    tls: config.tls === undefined ? undefined : readListenTls(config.tls),
    http2: serveHttp2,
    onMalformed: bans?.onMalformed,
    slotsOf: links && slotsOf,
    isServed: config.access.onDeny === "close" ? compileServed(config.access) : undefined,
    ...fronts,
  });

  return {
    upstreams,
    readiness,
    metrics: (format) => seen.writeMetrics({ census, upstreams, listener, format }, metrics),
    revoke,
    async listen() {
      await builtIns.start();
      return listener.listen();
    },
    async close() {
      isStopping = true;
      own.stop();
      fronts.drain();
      await closeListener(listener, sweep, config.server.shutdownGraceMs);
      sweep.stop();
      builtIns.close();
      await upstreams.close();
      await seen.close();
    },
  };
}

function openUpstreams(config: Config, attempts: AttemptCounts | undefined): Upstreams {
  return createUpstreams({
    targets: toUpstreamTargets(config),
    transport: config.transport === "native" ? createNativeTransport : createGrpcJsTransport,
    limits: toTransportLimits(config),
    watchOf: attempts && ((target) => attempts.of(target)),
  });
}

/** Streams that are still open shortly before the cut get an end that says why. */
function closeListener(listener: Listener, sweep: Sweep, graceMs: number): Promise<void> {
  return listener.close(graceMs, { leadMs: Math.min(1000, graceMs / 2), make: () => sweep.expire(stopping()) });
}

function endAll(principal: string, fronts: Fronts, authentication: Authentication | undefined): Revoked {
  const error = credentialsRevoked();
  // The sockets first: their calls are then not counted again.
  const { calls, sockets } = fronts.revoke(principal, error);
  return { calls: calls + (authentication?.revoke(principal, error) ?? 0), sockets };
}

function stopping(): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "the gateway is stopping; open the stream again", {
    reason: "SHUTTING_DOWN",
  });
}
