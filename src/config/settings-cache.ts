// The settings of what is kept of answers, as the YAML file spells them, and their defaults.
/** `redis`: in the memory of each process, and behind it in Redis for all. */
export type CacheStore = "memory" | "redis";

export interface CacheSettings {
  store: CacheStore;
  max_bytes: string | number;
  max_entry: string | number;
}

export const cacheSettings: Readonly<CacheSettings> = {
  store: "memory",
  max_bytes: "64MiB",
  max_entry: "1MiB",
};
