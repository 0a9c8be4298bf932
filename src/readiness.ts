// Whether the gateway should be sent traffic: what GET /readyz of the admin listener says.
import type { Config } from "./config/config.ts";
import type { Readiness } from "./serve/admin.ts";
import { parseTarget } from "./upstream/target.ts";
import type { UpstreamState } from "./upstream/upstreams.ts";

/**
 * Ready: listening, not stopping, and the default upstream connected; without a default, at least one. A mapped service that
 * is away must not take the others out of rotation, so it is only named among the reasons of a gateway that is not ready.
 */
export function readReadiness(config: Config, states: readonly UpstreamState[], isStopping: boolean): Readiness {
  if (isStopping) return { ready: false, reasons: ["stopping"] };
  const fallback = config.upstreams.find(({ service }) => service === undefined);
  const parsed = fallback === undefined ? undefined : parseTarget(fallback.target);
  const target = parsed?.kind === "target" ? parsed.address.target : undefined;
  const needed = target === undefined ? states : states.filter((state) => state.target === target);
  if (needed.some(({ state }) => state === "ready")) return { ready: true, reasons: [] };
  const waiting = states.filter(({ state }) => state !== "ready");
  return { ready: false, reasons: waiting.map((upstream) => `upstream ${upstream.target} is ${upstream.state}`) };
}
