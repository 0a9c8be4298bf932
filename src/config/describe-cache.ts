// A cache rule as people read it: `sluice routes --policy`, `sluice explain`, messages.
import type { CacheRule } from "../schema/cache-rule.ts";
import { formatDuration } from "./quantity.ts";
import type { CacheStore } from "./settings-cache.ts";

export function describeCache(cache: CacheRule | "off", store?: CacheStore): string {
  if (cache === "off") return "off";
  const { ttlMs, staleWhileRevalidateMs, staleIfErrorMs, isPublic, vary } = cache;
  return [
    `${formatDuration(ttlMs)} ${isPublic ? "for all callers" : "for each caller"}`,
    ...(staleWhileRevalidateMs === 0 ? [] : [`stale while revalidating ${formatDuration(staleWhileRevalidateMs)}`]),
    ...(staleIfErrorMs === 0 ? [] : [`stale on errors ${formatDuration(staleIfErrorMs)}`]),
    ...(vary.length === 0 ? [] : [`vary ${vary.join(" and ")}`]),
    ...(store === "redis" ? ["in memory and Redis"] : []),
  ].join(", ");
}
