// The settings of what is kept of answers, as the gateway runs by them.
import { toBytes } from "./quantity.ts";
import type { CacheSettings, CacheStore } from "./settings-cache.ts";

export interface CacheConfig {
  readonly store: CacheStore;
  readonly maxBytes: number;
  readonly maxEntryBytes: number;
}

export function toCache(settings: CacheSettings): CacheConfig {
  const { store, max_bytes: most, max_entry: largest } = settings;
  return { store, maxBytes: toBytes(most), maxEntryBytes: toBytes(largest) };
}
