// The option `(sluice.cache)` of a method or service.
import { parseTimeout } from "../metadata.ts";
import { cacheTimes, varyProblem } from "../schema/cache-rule.ts";
import type { CacheRule } from "../schema/cache-rule.ts";
import type { Declared, OptionMessage } from "../schema/descriptor.ts";
import { isMessage, text, texts } from "./option-values.ts";
import type { Fault } from "./option-values.ts";
import { place } from "./placed.ts";
import type { Placed } from "./placed.ts";

export function readCache(declared: Declared, option: string, fault: Fault): Placed<CacheRule> | undefined {
  const cache = declared.options.get(option);
  if (!isMessage(cache)) return undefined;
  const ttlMs = readTime(cache, "ttl", option, fault);
  const staleWhileRevalidateMs = readTime(cache, "stale_while_revalidate", option, fault);
  const staleIfErrorMs = readTime(cache, "stale_if_error", option, fault);
  const vary = texts(cache.get("vary"));
  vary.forEach((name, index) => {
    const problem = varyProblem(name);
    if (problem !== undefined) fault(`${option}.vary[${index}]`, `vary: ${JSON.stringify(name)}: ${problem}`);
  });
  if (!cache.has("ttl")) fault(option, "a cache without ttl", 'say how long an answer is good: ttl: "30s"');
  const rule: CacheRule = {
    ttlMs: ttlMs ?? 0,
    staleWhileRevalidateMs: staleWhileRevalidateMs ?? 0,
    staleIfErrorMs: staleIfErrorMs ?? 0,
    isPublic: cache.get("public") === true,
    vary: vary.map((name) => name.toLowerCase()),
  };
  return ttlMs === undefined ? undefined : place(rule, declared.optionPosition(option));
}

function readTime(cache: OptionMessage, field: string, option: string, fault: Fault): number | undefined {
  if (!cache.has(field)) return undefined;
  const written = text(cache.get(field));
  const ms = parseTimeout(written);
  if (ms !== undefined && ms >= 1 && ms <= cacheTimes.maxMs) return ms;
  fault(
    `${option}.${field}`,
    `${field}: ${JSON.stringify(written.slice(0, 80))} is no time between ${cacheTimes.min} and ${cacheTimes.max}, e.g. "30s"`,
  );
  return undefined;
}
