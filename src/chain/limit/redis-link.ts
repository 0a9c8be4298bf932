// Redis as the one who counts limits for several gateways.
import { createRedisConnection, toScript } from "../redis-connection.ts";
import type { RedisOptions } from "../redis-connection.ts";
import type { LimitLink } from "./limit-link.ts";
import { limitScript } from "./redis-script.ts";

export function createRedisLink(options: RedisOptions): LimitLink {
  const connection = createRedisConnection(options);
  const script = toScript(limitScript);
  return {
    get isReady() {
      return connection.isReady;
    },
    connect: () => connection.connect(),
    run: (keys, args) => connection.run(script, keys, args),
    close: () => connection.close(),
  };
}
