// The interceptors that calls of a method pass, in order, and what backends hear of who calls: built as for serving, asked, and never started.
import type { ForwardIdentity } from "../chain/authenticate/forward-identity.ts";
import { standIns } from "../interceptor-modules.ts";
import { arrange, takes } from "../chain/points.ts";
import { Census } from "../front/stream/census.ts";
import { Sweep } from "../front/stream/sweep.ts";
import { toTransportLimits, toUpstreamTargets } from "../gateway-options.ts";
import { createInterceptors } from "../interceptors.ts";
import type { BuiltIns } from "../interceptors.ts";
import { createObservability } from "../observability.ts";
import type { LogSink } from "../observability.ts";
import { settlePolicies } from "../policy/policies.ts";
import type { Method } from "../schema/descriptor.ts";
import type { Transport } from "../upstream/transport.ts";
import { createUpstreams } from "../upstream/upstreams.ts";
import type { Upstreams } from "../upstream/upstreams.ts";
import { compileSlots } from "../slots.ts";
import type { Project } from "./project.ts";

export interface ChainEntry {
  readonly name: string;
  /** Of one of the user's own, where it was named. */
  readonly from?: string;
}

/** Throws DiagnosticError for what could not be served. */
export async function listChain(project: Project, method: Method): Promise<ChainEntry[]> {
  return build(project, async (builtIns, { policies, upstreams }) => {
    const { config } = project;
    const seen = createObservability({ config, log: silent, upstreams, attempts: undefined, isOwn });
    const own = standIns(config);
    const { interceptors } = arrange({ ...seen.at, ...builtIns.at }, own, () => {});
    const before = interceptors.filter((one) => one.compile(method) !== undefined).map(({ name }) => name);
    await seen.close();
    const around = own.filter((one) => "around" in one && takes(one, method)).map(({ name }) => name);
    const placeOf = new Map(own.map(({ name, from }) => [name, from]));
    const passed = [...before, ...around].map((name) => {
      const from = placeOf.get(name);
      return from === undefined ? { name } : { name, from };
    });
    const isRetried = typeof policies.policyOf(method).retry?.value === "object";
    return isRetried ? [...passed, { name: "retry" }] : passed;
  });
}

/** What backends are told of who calls, and not told. Throws DiagnosticError for what could not be served. */
export function findForwarding(project: Project): Promise<ForwardIdentity | undefined> {
  return build(project, ({ authentication }) => authentication?.forward);
}

const isOwn = (): boolean => false;

interface Surroundings {
  readonly policies: ReturnType<typeof settlePolicies>;
  readonly upstreams: Upstreams;
}

async function build<T>(
  { config, schema }: Project,
  ask: (builtIns: BuiltIns, surroundings: Surroundings) => T | Promise<T>,
): Promise<T> {
  const upstreams = createUpstreams({
    targets: toUpstreamTargets(config),
    transport: () => ({}) as Transport,
    limits: toTransportLimits(config),
  });
  const timer = new Sweep();
  const idle = { census: new Census(), slotsOf: compileSlots(undefined, 1), report: () => {}, revoke: () => {} };
  const shared = { config, schema, upstreams, timer, isOwn, ...idle };
  const policies = settlePolicies({ config, schema });
  const builtIns = createInterceptors({ ...shared, ...policies, authenticate: undefined });
  try {
    return await ask(builtIns, { policies, upstreams });
  } finally {
    builtIns.close();
    timer.stop();
  }
}

const silent: LogSink = { writeLine() {}, dropped: 0 };
