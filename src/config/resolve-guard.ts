// The settings of what guards every request as the gateway runs by them, and where they contradict each other.
import type { AccessConfig, BanConfig, CorsConfig, RequestIdConfig } from "./config-guard.ts";
import type { Config } from "./config.ts";
import type { Layer } from "./layer.ts";
import { formatDuration, toMs } from "./quantity.ts";
import { defaultBanWeights } from "./settings-guard.ts";
import type { GuardSettings } from "./settings-guard.ts";
import type { KeyPath } from "./yaml-source.ts";

export function toCors(cors: GuardSettings["cors"]): CorsConfig {
  return {
    origins: cors.origins.map((origin) => origin.toLowerCase()),
    credentials: cors.credentials,
    headers: cors.headers.map((name) => name.toLowerCase()),
    expose: cors.expose.map((name) => name.toLowerCase()),
    maxAgeMs: toMs(cors.max_age),
    privateNetwork: cors.private_network,
  };
}

/** `layers`: the highest first; the rules are those of the first that has any. */
export function toAccess(access: GuardSettings["access"], layers: readonly Layer[]): AccessConfig {
  const layer = layers.find(({ settings }) => settings.access?.rules !== undefined);
  const rules = access.rules.map(({ methods, allow = [], deny = [] }, at) => ({
    methods,
    allow,
    deny,
    positionOf: (index: number) => layer?.positionOf(["access", "rules", at, "methods", index]),
  }));
  return { allow: access.allow, deny: access.deny, onDeny: access.on_deny, rules };
}

export function toBans(bans: GuardSettings["bans"]): BanConfig | undefined {
  if (!bans.enabled) return undefined;
  const weights = { ...defaultBanWeights, ...bans.weights };
  return {
    threshold: bans.threshold,
    windowMs: toMs(bans.window),
    durationMs: toMs(bans.duration),
    maxDurationMs: toMs(bans.max_duration),
    weights: {
      unauthenticated: weights.unauthenticated,
      permissionDenied: weights.permission_denied,
      notFound: weights.not_found,
      rateLimited: weights.rate_limited,
      malformed: weights.malformed,
    },
    exempt: bans.exempt,
    maxEntries: bans.max_entries,
  };
}

export function toRequestId(id: GuardSettings["request_id"]): RequestIdConfig | undefined {
  return id.enabled ? { header: id.header.toLowerCase(), accept: id.accept, forward: id.forward } : undefined;
}

/** Reports at the first setting that somebody chose. */
type Refuse = (path: KeyPath, other: KeyPath, message: string) => void;

export function checkGuard({ cors, access, bans, http }: Config, refuse: Refuse): void {
  if (cors.credentials && cors.origins.includes("*")) {
    const message = "every page could act with its visitors' cookies; browsers refuse this as well. List the origins";
    refuse(
      ["cors", "credentials"],
      ["cors", "origins"],
      `credentials go together with listed origins only, not with *: ${message}`,
    );
  }
  if (access.onDeny === "close" && http.trustedProxies.length > 0) {
    const message =
      "what connects is a trusted proxy, whoever the client is: on_deny close would never see an address to refuse";
    refuse(["access", "on_deny"], ["http", "trusted_proxies"], message);
  }
  for (const [at, { allow, deny }] of access.rules.entries()) {
    if (allow.length > 0 || deny.length > 0) continue;
    const path = ["access", "rules", at] as const;
    refuse(path, path, "the rule says neither whom to allow nor whom to deny");
  }
  if (bans !== undefined && bans.durationMs > bans.maxDurationMs) {
    const durations = `${formatDuration(bans.durationMs)} is longer than max_duration ${formatDuration(bans.maxDurationMs)}`;
    refuse(["bans", "duration"], ["bans", "max_duration"], `the first ban's ${durations}`);
  }
}
