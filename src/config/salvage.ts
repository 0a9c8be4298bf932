// A configuration with errors still tells where the protos are and by which rules to check them: their errors are then found in the same run.
import type { Position } from "../diagnostic.ts";
import { locatePath } from "./layer.ts";
import type { Layer } from "./layer.ts";
import type { Profile } from "../schema/binding.ts";
import type { YamlHttpRule } from "../schema/bind/http-rule.ts";

export interface Salvage {
  readonly protos: readonly string[];
  readonly importPaths: readonly string[];
  /** Where a file names a path among `protos` or `import_paths`. */
  placeOf(path: string): Position | undefined;
  readonly profile: Profile;
  /** Those that are sound. */
  readonly rules: readonly YamlHttpRule[];
}

/** The highest layer first; a value of the wrong form is passed over. */
export function salvageConfig(layers: readonly Layer[], rules: readonly YamlHttpRule[]): Salvage {
  const profiles = layers.map((layer) => valueOf(layer, "profile"));
  const protos = findPaths(layers, "protos");
  const importPaths = findPaths(layers, "import_paths");
  return {
    protos: protos.map(({ path }) => path),
    importPaths: importPaths.map(({ path }) => path),
    placeOf: (wanted) => [...protos, ...importPaths].find(({ path }) => path === wanted)?.position,
    profile: profiles.find((profile) => profile === "strict" || profile === "grpc-gateway") ?? "strict",
    rules,
  };
}

function findPaths(
  layers: readonly Layer[],
  key: string,
): { readonly path: string; readonly position: Position | undefined }[] {
  for (const layer of layers) {
    const value = valueOf(layer, key);
    if (!Array.isArray(value)) continue;
    return value.flatMap((path: unknown, index) =>
      typeof path === "string" && path !== ""
        ? [{ path: locatePath(layer, path), position: layer.positionOf([key, index]) }]
        : [],
    );
  }
  return [];
}

function valueOf(layer: Layer, key: string): unknown {
  const settings: unknown = layer.settings;
  if (typeof settings !== "object" || settings === null || !Object.hasOwn(settings, key)) return undefined;
  return (settings as Record<string, unknown>)[key];
}
