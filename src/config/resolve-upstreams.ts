// The upstreams of all layers, service by service, the default first; TLS files are checked here, and read again when they are used.
import type { TlsFiles, UpstreamConfig } from "./config.ts";
import { layerError, locatePath } from "./layer.ts";
import type { Layer } from "./layer.ts";
import type { UpstreamSettings } from "./settings.ts";
import { findPemProblem } from "./tls-files.ts";
import type { KeyPath, Report } from "./yaml-source.ts";

const defaultKey = "default";

export function resolveUpstreams(layers: readonly Layer[], report: Report): UpstreamConfig[] {
  const upstreams = new Map<string, UpstreamConfig>();
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer.settings.upstreams ?? {})) {
      if (!upstreams.has(key)) upstreams.set(key, toUpstream(layer, key, value, report));
    }
  }
  const isDefault = (upstream: UpstreamConfig): number => (upstream.service === undefined ? 0 : 1);
  return [...upstreams.values()].sort((a, b) => isDefault(a) - isDefault(b));
}

function toUpstream(layer: Layer, key: string, value: string | UpstreamSettings, report: Report): UpstreamConfig {
  const service = key === defaultKey ? undefined : key;
  if (typeof value === "string") return { service, target: value, tls: undefined };
  return {
    service,
    target: value.target,
    tls: value.tls === undefined ? undefined : resolveTls(layer, ["upstreams", key, "tls"], value.tls, report),
  };
}

/** `path` is where the mapping stands. */
export function resolveTls(
  layer: Layer,
  path: KeyPath,
  tls: NonNullable<UpstreamSettings["tls"]>,
  report: Report,
): TlsFiles {
  const locate = (name: "ca" | "cert" | "key"): string | undefined => {
    const file = tls[name];
    if (file === undefined) return undefined;
    const located = locatePath(layer, file);
    const problem = findPemProblem(located, name === "key" ? "PRIVATE KEY" : "CERTIFICATE");
    if (problem !== undefined) report(layerError(layer, [...path, name], `${JSON.stringify(located)}: ${problem}`));
    return located;
  };
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const [present, missing] = tls.cert === undefined ? ["key", "cert"] : ["cert", "key"];
    report(layerError(layer, [...path, present], `needs ${missing} beside it`));
  }
  return { ca: locate("ca"), cert: locate("cert"), key: locate("key"), serverName: tls.server_name };
}
