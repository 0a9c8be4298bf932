// The interceptors that calls of a method pass, in order: built as for serving, asked about the method, and never started.
import { standIns } from "../interceptor-modules.ts";
import { arrange, takes } from "../chain/points.ts";
import { Census } from "../front/stream/census.ts";
import { Sweep } from "../front/stream/sweep.ts";
import { toTransportLimits, toUpstreamTargets } from "../gateway-options.ts";
import { createInterceptors } from "../interceptors.ts";
import type { Log } from "../log/log.ts";
import { createObservability } from "../observability.ts";
import { settlePolicies } from "../policy/policies.ts";
import type { Method } from "../schema/descriptor.ts";
import type { Transport } from "../upstream/transport.ts";
import { createUpstreams } from "../upstream/upstreams.ts";
import type { Project } from "./project.ts";

export interface ChainEntry {
  readonly name: string;
  /** Of one of the user's own, where it was named. */
  readonly from?: string;
}

/** Throws DiagnosticError for what could not be served. */
export async function listChain({ config, schema }: Project, method: Method): Promise<ChainEntry[]> {
  const upstreams = createUpstreams({
    targets: toUpstreamTargets(config),
    transport: () => ({}) as Transport,
    limits: toTransportLimits(config),
  });
  const timer = new Sweep();
  const isOwn = (): boolean => false;
  const shared = { config, schema, upstreams, timer, isOwn, census: new Census(), report: () => {}, revoke: () => {} };
  const policies = settlePolicies({ config, schema });
  const builtIns = createInterceptors({ ...shared, ...policies, authenticate: undefined });
  const seen = createObservability({ config, log: silent, upstreams, attempts: undefined, isOwn });
  try {
    const own = standIns(config);
    const { interceptors } = arrange({ ...seen.at, ...builtIns.at }, own);
    const before = interceptors.filter((one) => one.compile(method) !== undefined).map(({ name }) => name);
    const around = own.filter((one) => "around" in one && takes(one, method)).map(({ name }) => name);
    const placeOf = new Map(own.map(({ name, from }) => [name, from]));
    const passed = [...before, ...around].map((name) => {
      const from = placeOf.get(name);
      return from === undefined ? { name } : { name, from };
    });
    const isRetried = typeof policies.policyOf(method).retry?.value === "object";
    return isRetried ? [...passed, { name: "retry" }] : passed;
  } finally {
    builtIns.close();
    await seen.close();
    timer.stop();
  }
}

const silent = { writeLine() {} } as unknown as Log;
