// The gateway's own interceptors, each built from what the configuration says of it, in the order calls pass them; absent ones are left out.
import type { Authenticate } from "./caller.ts";
import { createConfiguredAuthentication, realm } from "./authenticators.ts";
import { createCaching } from "./caching.ts";
import { createAddressRules } from "./chain/address.ts";
import type { Authentication } from "./chain/authenticate.ts";
import { createAuthorize } from "./chain/authorize/authorize.ts";
import { createBans } from "./chain/bans.ts";
import type { Bans } from "./chain/bans.ts";
import type { Interceptor } from "./chain/compose.ts";
import type { Point } from "./schema/points.ts";
import { createRequestIds } from "./chain/request-id.ts";
import type { PolicyOf, RedactionOf } from "./chain/policy.ts";
import { createRedact } from "./chain/redact.ts";
import type { Config } from "./config/config.ts";
import type { MetricSource } from "./exposition.ts";
import { createConfiguredExtAuthz } from "./ext-authz.ts";
import type { Census } from "./front/stream/census.ts";
import type { Sweep } from "./front/stream/sweep.ts";
import { createLimiting } from "./limiting.ts";
import type { Method, Schema } from "./schema/descriptor.ts";
import type { SlotsOf } from "./slots.ts";
import type { GatewayError } from "./status.ts";
import type { Upstreams } from "./upstream/upstreams.ts";
import { createConfiguredValidation } from "./validation.ts";
import type { Links } from "./workers/worker.ts";

export interface InterceptorInputs {
  readonly config: Config;
  readonly schema: Schema;
  readonly policyOf: PolicyOf;
  /** Of all limits that there are. */
  readonly limitNames: readonly string[];
  readonly redactionOf: RedactionOf;
  /** Of all calls: what of them is open and for how long. */
  readonly census: Census;
  /** Those who answer: for what asks a gRPC service about a call. */
  readonly upstreams: Upstreams;
  readonly report: (error: GatewayError) => void;
  /** Ends what is open for a principal whose credentials hold no more. */
  readonly revoke: (principal: string) => void;
  /** Of a program that embeds the gateway. */
  readonly authenticate: Authenticate | undefined;
  /** The one clock of all that is looked at now and then. */
  readonly timer: Sweep;
  /** The gateway's own methods, health and reflection. */
  readonly isOwn: (method: Method) => boolean;
  /** Where calls and streams under way are counted. */
  readonly slotsOf: SlotsOf;
  /** Of a worker: who counts for all workers. */
  readonly links?: Pick<Links, "limits" | "bans"> | undefined;
  /** The clock of what is kept, for those who want to move it. */
  readonly now?: (() => number) | undefined;
}

export interface BuiltIns {
  readonly at: Partial<Readonly<Record<Point, Interceptor | undefined>>>;
  /** Undefined where nobody is asked who calls. */
  readonly authentication: Authentication | undefined;
  /** Undefined where nobody is banned. */
  readonly bans: Bans | undefined;
  /** Of those that count. */
  readonly metrics: readonly MetricSource[];
  /** Connects to what they need. Resolves within a second or so, whatever comes of it. */
  start(): Promise<void>;
  close(): void;
}

export function createInterceptors(inputs: InterceptorInputs): BuiltIns {
  const { config } = inputs;
  const { policyOf, redactionOf, schema, isOwn } = inputs;
  const isAsked = (method: Method): boolean => !isOwn(method) && policyOf(method).auth.value !== "public";
  const extAuthz = createConfiguredExtAuthz(config, isAsked);
  const authentication = createConfiguredAuthentication({ ...inputs, more: [extAuthz?.authenticator ?? []].flat() });
  const { bans: banConfig, requestId, access, http } = config;
  const exempt = [...(banConfig?.exempt ?? []), ...http.trustedProxies];
  const bans = banConfig && createBans({ ...banConfig, exempt, link: inputs.links?.bans });
  const limiting = createLimiting({ ...inputs, limitLink: inputs.links?.limits });
  const caching = createCaching(inputs);
  return {
    at: {
      request_id: requestId && createRequestIds(requestId),
      shed: limiting.shed,
      address: both(bans?.counting, createAddressRules(access.rules)),
      authenticate: authentication?.interceptor,
      ban: bans?.refusing,
      ext_authz: extAuthz?.interceptor,
      authorize: createAuthorize({ policyOf, schema, realm }),
      limit: limiting.limit,
      concurrency: limiting.concurrency,
      validate: createConfiguredValidation(inputs),
      cache: caching.interceptor,
      redact: createRedact({ policyOf, redactionOf, schema }),
    },
    authentication,
    bans,
    metrics: [
      limiting.metrics,
      caching.metrics,
      ...(authentication === undefined ? [] : [authentication.metrics]),
      ...(extAuthz === undefined ? [] : [extAuthz.metrics]),
      ...(bans === undefined ? [] : [bans.metrics]),
    ],
    async start() {
      authentication?.start();
      extAuthz?.start();
      await Promise.all([limiting.start(), caching.start()]);
    },
    close() {
      authentication?.close();
      extAuthz?.close();
      limiting.close();
      caching.close();
    },
  };
}

/** One after the other, at one point; the first decides at once. */
function both(first: Interceptor | undefined, second: Interceptor | undefined): Interceptor | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return {
    name: second.name,
    compile(method) {
      const [one, other] = [first.compile(method), second.compile(method)];
      if (one === undefined || other === undefined) return one ?? other;
      return (call) => {
        void one(call);
        return other(call);
      };
    },
  };
}
