// A configuration with errors still tells where the protos are and by which rules to check them: their errors are then found in the same run.
import { locatePath } from "./layer.ts";
import type { Layer } from "./layer.ts";
import type { Profile } from "../schema/binding.ts";
import type { YamlHttpRule } from "../schema/bind/http-rule.ts";

export interface Salvage {
  readonly protos: readonly string[];
  readonly importPaths: readonly string[];
  readonly profile: Profile;
  /** Those that are sound. */
  readonly rules: readonly YamlHttpRule[];
}

/** The highest layer first; a value of the wrong form is passed over. */
export function salvageConfig(layers: readonly Layer[], rules: readonly YamlHttpRule[]): Salvage {
  const profiles = layers.map((layer) => valueOf(layer, "profile"));
  return {
    protos: findPaths(layers, "protos"),
    importPaths: findPaths(layers, "import_paths"),
    profile: profiles.find((profile) => profile === "strict" || profile === "grpc-gateway") ?? "strict",
    rules,
  };
}

function findPaths(layers: readonly Layer[], key: string): string[] {
  for (const layer of layers) {
    const value = valueOf(layer, key);
    if (!Array.isArray(value)) continue;
    return value.flatMap((path: unknown) => (typeof path === "string" && path !== "" ? [locatePath(layer, path)] : []));
  }
  return [];
}

function valueOf(layer: Layer, key: string): unknown {
  const settings: unknown = layer.settings;
  if (typeof settings !== "object" || settings === null || !Object.hasOwn(settings, key)) return undefined;
  return (settings as Record<string, unknown>)[key];
}
