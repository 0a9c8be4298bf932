// The settings about how much clients may use, as the gateway runs by them.
import { isLimitFault, readLimitRule } from "../schema/limit-rule.ts";
import type { LimitSettings } from "../schema/limit-rule.ts";
import type { Position } from "../diagnostic.ts";
import type { LimitConfig, RedisConfig, SheddingConfig } from "./config.ts";
import { layerError, locatePath } from "./layer.ts";
import type { Layer } from "./layer.ts";
import { toMs } from "./quantity.ts";
import { defaultRedis } from "./settings.ts";
import type { DefaultSettings } from "./settings.ts";
import type { KeyPath, Report } from "./yaml-source.ts";

/** The highest layer that has limits; reports those that cannot be kept. */
export function resolveLimits(layers: readonly Layer[], report: Report): LimitConfig[] {
  const layer = layers.find(({ settings }) => settings.limits !== undefined);
  if (layer === undefined) return [];
  const names = new Map<string, number>();
  return (layer.settings.limits ?? []).flatMap((settings, index) => {
    const path = ["limits", index] as const;
    const first = names.get(settings.name);
    if (first !== undefined) {
      report(
        layerError(layer, [...path, "name"], `limits[${first}] has the name ${JSON.stringify(settings.name)} already`),
      );
      return [];
    }
    names.set(settings.name, index);
    return readLimit(layer, settings, path, report);
  });
}

function readLimit(
  layer: Layer,
  settings: LimitSettings & { methods?: readonly string[] },
  path: KeyPath,
  report: Report,
): LimitConfig[] {
  const rule = readLimitRule(settings);
  if (isLimitFault(rule)) {
    const { at, message, hint } = rule;
    report(layerError(layer, settings[at] === undefined ? path : [...path, at], message, hint));
    return [];
  }
  const positionOf = (index?: number): Position | undefined =>
    layer.positionOf(index === undefined || settings.methods === undefined ? path : [...path, "methods", index]);
  return [{ rule, methods: settings.methods ?? ["*"], positionOf }];
}

/** Undefined without Redis. */
export function resolveRedis(layers: readonly Layer[]): RedisConfig | undefined {
  const layer = layers.find(({ settings }) => settings.redis !== undefined);
  const settings = layer?.settings.redis;
  if (layer === undefined || settings === undefined) return undefined;
  const { prefix, timeout, on_failure, instances } = { ...defaultRedis, ...settings };
  return {
    url: settings.url,
    username: settings.username,
    password: settings.password,
    ca: settings.ca === undefined ? undefined : locatePath(layer, settings.ca),
    prefix,
    timeoutMs: toMs(timeout),
    onFailure: on_failure,
    instances,
  };
}

export function toShedding(shedding: DefaultSettings["shedding"]): SheddingConfig {
  return { enabled: shedding.enabled, maxDelayMs: toMs(shedding.max_delay), maxHeap: shedding.max_heap / 100 };
}
