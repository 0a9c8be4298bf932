// What the file says of composed methods, each with the places of its parts.
import type { ComposeRule } from "../schema/compose-rule.ts";
import type { Layer } from "./layer.ts";

export function resolveCompose(layers: readonly Layer[]): ComposeRule[] {
  const layer = layers.find(({ settings }) => settings.compose !== undefined);
  return Object.entries(layer?.settings.compose ?? {}).map(([method, settings]) => {
    return { method, settings, positionOf: (path = []) => layer?.positionOf(["compose", method, ...path]) };
  });
}
