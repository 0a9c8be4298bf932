// Which backend answers which service: one handler at the end of the chain over one transport per distinct target.
import type { Handler } from "../call.ts";
import { deferReply } from "../defer-reply.ts";
import type { Method, Service } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import type { AttemptWatch, ConnectionState, TargetAddress, Transport } from "./transport.ts";
import type { TransportFactory, TransportLimits } from "./transport.ts";

export interface UpstreamTargets {
  readonly default?: TargetAddress | undefined;
  /**
   * Keys are `pkg.Service` or `pkg.*`, the latter for every service of the package and those below it. The exact name
   * wins, then the longest pattern, then the default; the order of the entries never matters.
   */
  readonly byService: ReadonlyMap<string, TargetAddress>;
}

export interface UpstreamsOptions {
  readonly targets: UpstreamTargets;
  readonly transport: TransportFactory;
  readonly limits: TransportLimits;
  /** Who wants to be told of the calls to a target. */
  readonly watchOf?: ((target: string) => AttemptWatch) | undefined;
}

export interface UpstreamState {
  readonly target: string;
  readonly state: ConnectionState;
}

export type UpstreamStateListener = (target: string, state: ConnectionState, reason: string) => void;

export interface Upstreams {
  readonly handler: Handler;
  /** The target as configured; undefined when none serves the method. */
  targetOf(method: Method): string | undefined;
  /** What serves the service, by its full name; undefined when nothing does. */
  find(service: string): { readonly target: string; readonly transport: Transport } | undefined;
  /** The transport behind `targetOf`, e.g. for reflection. */
  readonly transports: readonly { readonly target: string; readonly transport: Transport }[];
  /** Starts connecting to all; resolves with what each has come to, at the latest after the time. */
  connectAll(timeoutMs: number): Promise<readonly UpstreamState[]>;
  states(): readonly UpstreamState[];
  onStateChange(listener: UpstreamStateListener): void;
  close(): Promise<void>;
}

interface Upstream {
  readonly target: string;
  readonly transport: Transport;
}

/** Whether a text can be a key of `byService`. */
export function isServicePattern(text: string): boolean {
  return /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\.\*)?$/.test(text);
}

/** Throws what the transport factory throws, e.g. for unusable TLS material. */
export function createUpstreams({ targets, transport: open, limits, watchOf }: UpstreamsOptions): Upstreams {
  const upstreams = new Map<string, Upstream>();
  const upstreamOf = (address: TargetAddress): Upstream => {
    const key = keyOf(address);
    const found = upstreams.get(key);
    if (found !== undefined) return found;
    const upstream = { target: address.target, transport: open(address, limits, watchOf?.(address.target)) };
    upstreams.set(key, upstream);
    return upstream;
  };
  const exact = new Map<string, Upstream>();
  const prefixes: { readonly prefix: string; readonly upstream: Upstream }[] = [];
  for (const [pattern, address] of targets.byService) {
    if (pattern.endsWith(".*")) prefixes.push({ prefix: pattern.slice(0, -1), upstream: upstreamOf(address) });
    else exact.set(pattern, upstreamOf(address));
  }
  prefixes.sort((a, b) => b.prefix.length - a.prefix.length);
  const fallback = targets.default === undefined ? undefined : upstreamOf(targets.default);
  const resolve = (service: string): Upstream | undefined =>
    exact.get(service) ?? prefixes.find(({ prefix }) => service.startsWith(prefix))?.upstream ?? fallback;

  const all = [...upstreams.values()];
  const states = (): readonly UpstreamState[] =>
    all.map(({ target, transport }) => ({ target, state: transport.state }));
  return {
    handler: createHandler(resolve),
    targetOf: (method) => resolve(method.service.name)?.target,
    find: resolve,
    transports: all,
    connectAll: async (timeoutMs) => {
      await Promise.all(all.map(({ transport }) => transport.connect(timeoutMs)));
      return states();
    },
    states,
    onStateChange: (listener) => {
      for (const { target, transport } of all)
        transport.onStateChange((state, reason) => listener(target, state, reason));
    },
    close: async () => {
      await Promise.all(all.map(({ transport }) => transport.close()));
    },
  };
}

function createHandler(resolve: (service: string) => Upstream | undefined): Handler {
  // By the service itself, not its name: where services without a proto are passed on, clients make up their names.
  const cache = new WeakMap<Service, Upstream>();
  const find = (service: Service): Upstream | undefined => {
    const known = cache.get(service);
    if (known !== undefined) return known;
    const found = resolve(service.name);
    if (found !== undefined) cache.set(service, found);
    return found;
  };
  return {
    unary: (call) => find(call.method.service)?.transport.unary(call) ?? Promise.reject(noUpstream(call.method)),
    stream: (call) =>
      find(call.method.service)?.transport.stream(call) ?? deferReply(Promise.reject(noUpstream(call.method))),
  };
}

function noUpstream(method: Method): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, `no upstream is configured for ${method.service.name}`, {
    reason: "NO_UPSTREAM",
  });
}

/** Equal targets with equal TLS share one transport. */
function keyOf({ target, tls }: TargetAddress): string {
  if (tls === undefined) return target;
  const text = (bytes: Uint8Array | undefined): string | null =>
    bytes === undefined ? null : Buffer.from(bytes).toString("base64");
  return JSON.stringify([target, text(tls.ca), text(tls.cert), text(tls.key), tls.serverName ?? null]);
}
