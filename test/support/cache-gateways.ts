// Two gateways that keep answers in one Redis, in front of one backend: that of the first.
import { loadSource, startGateway } from "./gateway.ts";
import type { GatewayFixture, GatewaySource } from "./gateway.ts";
import type { RedisServer } from "./redis.ts";
import { until } from "./until.ts";

export interface CacheGateways {
  readonly first: GatewayFixture;
  readonly second: GatewayFixture;
  /** One more, or one that differs. */
  another(more?: Partial<GatewaySource>): Promise<GatewayFixture>;
  close(): Promise<void>;
}

export const toCacheYaml = ({ url }: Pick<RedisServer, "url">): string =>
  `cache: { store: redis }\nredis: { url: "${url}" }\n`;

/** Patient: the machines of tests are busy, and few of them are about how long Redis takes. */
export async function startPatient(source: GatewaySource, timeoutMs = 5000): Promise<GatewayFixture> {
  const { project, problems } = await loadSource(source);
  if (project?.config.redis === undefined) throw new Error(`there is no Redis, or more is wrong: ${problems.join()}`);
  const { config } = project;
  const patient = { ...config, redis: { ...project.config.redis, timeoutMs } };
  return startGateway({ ...source, loaded: { project: { ...project, config: patient }, problems } });
}

export async function startCacheGateways(
  source: GatewaySource,
  redis: Pick<RedisServer, "url">,
  timeoutMs?: number,
): Promise<CacheGateways> {
  const open: GatewayFixture[] = [];
  const start = async (more: Partial<GatewaySource>): Promise<GatewayFixture> => {
    const all = { ...source, ...more };
    const gateway = await startPatient({ ...all, yaml: `${toCacheYaml(redis)}${all.yaml ?? ""}` }, timeoutMs);
    open.push(gateway);
    return gateway;
  };
  const first = await start({});
  const another = (more: Partial<GatewaySource> = {}): Promise<GatewayFixture> =>
    start({ upstream: first.backend, ...more });
  return {
    first,
    second: await another(),
    another,
    async close() {
      await Promise.all(open.toReversed().map((gateway) => gateway.close()));
    },
  };
}

/** Of `sluice_cache_redis_writes_total` or `…_lookups_total`. */
export function countOf(gateway: GatewayFixture, what: "writes" | "lookups", result: string): number {
  const line = new RegExp(`^sluice_cache_redis_${what}_total\\{result="${result}"\\} (\\d+)$`, "m");
  return Number(line.exec(gateway.metrics())?.[1]);
}

/** What it was to keep is in Redis. */
export const stored = (gateway: GatewayFixture, count: number): Promise<void> =>
  until(() => countOf(gateway, "writes", "stored") >= count);
