import type { Config } from "../../src/config/config.ts";

/**
 * The configuration without shedding, for gateways that share their thread with their clients, their backend and all other
 * tests of a file: it is late whenever one of these works.
 */
export function unshed(config: Config): Config {
  return { ...config, shedding: { ...config.shedding, enabled: false } };
}
