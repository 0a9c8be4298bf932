// What the file says of methods by selector: rules of `auth`, policies, interceptors, each with its place.
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { layerError, locatePath } from "./layer.ts";
import type { Layer } from "./layer.ts";
import type { CacheRule } from "../schema/cache-rule.ts";
import type {
  AuthRuleConfig,
  CacheRuleSettings,
  InterceptorConfig,
  InterceptorPlace,
  InterceptorSettings,
  PolicyConfig,
  PolicySettings,
  RedactConfig,
  RedactSettings,
  Selecting,
} from "./policy-settings.ts";
import { toMs } from "./quantity.ts";
import { toRetry } from "./resolve-retry.ts";
import type { KeyPath, Report } from "./yaml-source.ts";

export function resolveAuthRules(layer: Layer, report: Report): AuthRuleConfig[] {
  const rules = layer.settings.auth?.rules ?? [];
  rules.forEach((rule, index) => {
    const path = ["auth", "rules", index];
    const first = rules.findIndex(({ name }) => name === rule.name);
    if (first < index)
      report(
        layerError(layer, [...path, "name"], `auth.rules[${first}] has the name ${JSON.stringify(rule.name)} already`),
      );
    if (rule.scopes === undefined && rule.roles === undefined && rule.when === undefined)
      report(layerError(layer, path, "asks for nothing", "give it scopes, roles or when"));
  });
  return rules.map(({ name, methods, scopes = [], roles = [], when, shadow = false }, index) => {
    return { ...selecting(layer, ["auth", "rules", index], methods), name, scopes, roles, when, shadow };
  });
}

export function resolvePolicies(layers: readonly Layer[], report: Report): PolicyConfig[] {
  const layer = layers.find(({ settings }) => settings.policies !== undefined);
  if (layer === undefined) return [];
  return (layer.settings.policies ?? []).map((policy, index) => toPolicy(layer, index, policy, report));
}

const saidHint = "give it timeout, max_in_flight, validate, cache, retry, redact, stream or http";

function toPolicy(layer: Layer, index: number, policy: PolicySettings, report: Report): PolicyConfig {
  const path = ["policies", index];
  const { methods, ...said } = policy;
  const { timeout, max_in_flight: maxInFlight, validate, cache, retry: retried, redact, stream, http } = said;
  if (Object.values(said).every((one) => one === undefined)) report(layerError(layer, path, "says nothing", saidHint));
  for (const [key, value] of Object.entries({ stream, http }))
    if (value !== undefined && Object.keys(value).length === 0)
      report(layerError(layer, [...path, key], "says nothing", "name fields of it, see docs/policies.md"));
  const timeoutMs = timeout === undefined ? undefined : toMs(timeout);
  const retry =
    retried &&
    toRetry(retried, ({ at, message, hint }) => report(layerError(layer, [...path, "retry", at], message, hint)));
  return {
    ...selecting(layer, path, methods),
    timeoutMs,
    maxInFlight,
    validate,
    cache: cache && toCacheRule(cache),
    retry,
    redact: (redact ?? []).map(toRedact),
    stream,
    http,
  };
}

function toCacheRule(cache: "off" | CacheRuleSettings): "off" | CacheRule {
  if (cache === "off") return cache;
  const { ttl, stale_while_revalidate: refreshing = "0s", stale_if_error: failing = "0s", vary = [] } = cache;
  return {
    ttlMs: toMs(ttl),
    staleWhileRevalidateMs: toMs(refreshing),
    staleIfErrorMs: toMs(failing),
    isPublic: cache.public ?? false,
    vary: vary.map((name) => name.toLowerCase()),
  };
}

function toRedact(settings: RedactSettings): RedactConfig {
  const { fields, unless_scopes: unlessScopes = [], unless_roles: unlessRoles = [], unless, mask } = settings;
  return { fields, unlessScopes, unlessRoles, unless, mask };
}

export function resolveInterceptors(layers: readonly Layer[], report: Report): InterceptorConfig[] {
  const layer = layers.find(({ settings }) => settings.interceptors !== undefined);
  if (layer === undefined) return [];
  return (layer.settings.interceptors ?? []).map((settings, index) => {
    const path = ["interceptors", index];
    const { module, name = basename(module), methods, options = {} } = settings;
    const place = toPlace(settings, (message, hint) => report(layerError(layer, path, message, hint)));
    const file = locatePath(layer, module);
    if (!existsSync(file))
      report(
        layerError(
          layer,
          [...path, "module"],
          `there is no file ${JSON.stringify(file)}`,
          "the path is relative to the configuration",
        ),
      );
    return { ...selecting(layer, path, methods), module: file, name, place, options };
  });
}

const placeHint = "give it one of before, after and around, e.g. before: authenticate";

function toPlace(
  { before, after, around }: InterceptorSettings,
  fault: (message: string, hint: string) => void,
): InterceptorPlace {
  const places: InterceptorPlace[] = [];
  if (before !== undefined) places.push({ kind: "before", point: before });
  if (after !== undefined) places.push({ kind: "after", point: after });
  if (around !== undefined) places.push({ kind: "around", point: around });
  if (places.length === 0) fault("does not say where in the chain it stands", placeHint);
  if (places.length > 1) fault("says more than once where in the chain it stands", placeHint);
  return places[0] ?? { kind: "around", point: "upstream" };
}

function selecting(layer: Layer, path: KeyPath, methods: readonly string[] | undefined): Selecting {
  return { methods: methods ?? ["*"], positionOf: (inner = []) => layer.positionOf([...path, ...inner]) };
}
