import type { Config } from "../../src/config/config.ts";

/**
 * The configuration without shedding, for gateways that share their thread with their clients, their backend and all other
 * tests of a file: it is late whenever one of these works, and so is a backend that it connects to.
 */
export function unshed(config: Config): Config {
  const { server, shedding } = config;
  return { ...config, server: { ...server, connectTimeoutMs: 60_000 }, shedding: { ...shedding, enabled: false } };
}
