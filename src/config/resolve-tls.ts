// TLS of the listener from all layers, key by key; its files are checked here, and read again when they are used.
import type { ListenTls } from "./config.ts";
import { layerError, locatePath } from "./layer.ts";
import type { Layer } from "./layer.ts";
import { findPairProblem, findPemProblem } from "./tls-files.ts";
import type { Report } from "./yaml-source.ts";

type FileKey = "cert" | "key" | "client_ca";

export function resolveListenTls(layers: readonly Layer[], report: Report): ListenTls | undefined {
  const named = layers.find((layer) => layer.settings.tls !== undefined);
  if (named === undefined) return undefined;
  const cert = locate(layers, "cert", report);
  const key = locate(layers, "key", report);
  const clientCa = locate(layers, "client_ca", report);
  if (cert === undefined || key === undefined) {
    const [present, missing] = cert === undefined ? (["key", "cert"] as const) : (["cert", "key"] as const);
    const layer = (cert ?? key)?.layer;
    if (layer === undefined) report(layerError(named, ["tls"], "needs cert and key"));
    else report(layerError(layer, ["tls", present], `needs ${missing} beside it`));
    return undefined;
  }
  const problem = cert.isSound && key.isSound ? findPairProblem(cert.path, key.path) : undefined;
  if (problem !== undefined) report(layerError(key.layer, ["tls", "key"], `${JSON.stringify(key.path)} ${problem}`));
  const authLayer = layers.find(({ settings }) => settings.tls?.client_auth !== undefined);
  if (authLayer !== undefined && clientCa === undefined)
    report(
      layerError(authLayer, ["tls", "client_auth"], "needs client_ca beside it, whose certificates are asked for"),
    );
  const clientAuth = authLayer?.settings.tls?.client_auth ?? "required";
  const minVersion = layers.map(({ settings }) => settings.tls?.min_version).find((version) => version !== undefined);
  return { cert: cert.path, key: key.path, clientCa: clientCa?.path, clientAuth, minVersion: minVersion ?? "TLSv1.2" };
}

interface LocatedFile {
  readonly path: string;
  readonly layer: Layer;
  /** It is there, and a PEM file of its kind. */
  readonly isSound: boolean;
}

function locate(layers: readonly Layer[], name: FileKey, report: Report): LocatedFile | undefined {
  for (const layer of layers) {
    const file = layer.settings.tls?.[name];
    if (file === undefined) continue;
    const path = locatePath(layer, file);
    const problem = findPemProblem(path, name === "key" ? "PRIVATE KEY" : "CERTIFICATE");
    if (problem !== undefined) report(layerError(layer, ["tls", name], `${JSON.stringify(path)}: ${problem}`));
    return { path, layer, isSound: problem === undefined };
  }
  return undefined;
}
