// Whether the gateway should be sent traffic: what GET /readyz of the admin listener says.
import type { Config } from "./config/config.ts";
import type { Readiness } from "./serve/admin.ts";
import { parseTarget } from "./upstream/target.ts";
import type { UpstreamState } from "./upstream/upstreams.ts";

/**
 * Ready: listening, not stopping, and the default upstream connected; without a default, at least one. A mapped service that
 * is away must not take the others out of rotation, so it is only named among the reasons of a gateway that is not ready. Not ready either
 * while nobody can be told from anybody: every call that needs credentials would fail.
 */
export function readReadiness(
  config: Config,
  states: readonly UpstreamState[],
  isStopping: boolean,
  /** Why callers cannot be judged; empty when they can. */
  problems: readonly string[] = [],
): Readiness {
  if (isStopping) return { ready: false, reasons: ["stopping"] };
  const fallback = config.upstreams.find(({ service }) => service === undefined);
  const parsed = fallback === undefined ? undefined : parseTarget(fallback.target);
  const target = parsed?.kind === "target" ? parsed.address.target : undefined;
  const needed = target === undefined ? states : states.filter((state) => state.target === target);
  if (needed.some(({ state }) => state === "ready")) return { ready: problems.length === 0, reasons: problems };
  const waiting = states.filter(({ state }) => state !== "ready");
  const reasons = waiting.map((upstream) => `upstream ${upstream.target} is ${upstream.state}`);
  return { ready: false, reasons: [...reasons, ...problems] };
}
