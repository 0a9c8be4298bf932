// The gateway's own interceptors, each built from what the configuration says of it, in the order calls pass them; absent ones are left out.
import type { Authenticate } from "./call.ts";
import { createConfiguredAuthentication } from "./authenticators.ts";
import type { Authentication } from "./chain/authenticate.ts";
import type { Interceptor } from "./chain/compose.ts";
import type { Point } from "./chain/points.ts";
import type { Config } from "./config/config.ts";
import type { Census } from "./front/stream/census.ts";
import type { Sweep } from "./front/stream/sweep.ts";
import type { Method, Schema } from "./schema/descriptor.ts";
import type { GatewayError } from "./status.ts";
import type { Upstreams } from "./upstream/upstreams.ts";

export interface InterceptorInputs {
  readonly config: Config;
  readonly schema: Schema;
  /** Of all calls: what of them is open and for how long. */
  readonly census: Census;
  /** Those who answer: for what asks a gRPC service about a call. */
  readonly upstreams: Upstreams;
  readonly report: (error: GatewayError) => void;
  /** Of a program that embeds the gateway. */
  readonly authenticate: Authenticate | undefined;
  /** The one clock of all that is looked at now and then. */
  readonly timer: Sweep;
  /** The gateway's own methods, health and reflection. */
  readonly isOwn: (method: Method) => boolean;
}

export interface BuiltIns {
  readonly at: Partial<Readonly<Record<Point, Interceptor>>>;
  /** Undefined where nobody is asked who calls. */
  readonly authentication: Authentication | undefined;
}

export function createInterceptors(inputs: InterceptorInputs): BuiltIns {
  const authentication = createConfiguredAuthentication(inputs);
  return { at: authentication === undefined ? {} : { authenticate: authentication.interceptor }, authentication };
}
