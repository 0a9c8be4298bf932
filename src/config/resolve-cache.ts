// The settings of what is kept of answers, as the gateway runs by them.
import { toBytes } from "./quantity.ts";
import type { CacheSettings } from "./settings-cache.ts";

export interface CacheConfig {
  readonly maxBytes: number;
  readonly maxEntryBytes: number;
}

export function toCache(settings: CacheSettings): CacheConfig {
  return { maxBytes: toBytes(settings.max_bytes), maxEntryBytes: toBytes(settings.max_entry) };
}
