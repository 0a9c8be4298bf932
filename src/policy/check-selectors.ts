// Selectors of the configuration that take no method: a slip of the hand, and whatever they were to guard is unguarded.
import type { Config } from "../config/config.ts";
import type { Position } from "../diagnostic.ts";
import type { Schema } from "../schema/descriptor.ts";
import type { Doubt } from "../schema/link/doubt.ts";
import { isSelected, suggestSelector } from "../schema/selector.ts";
import { parsePosition } from "./placed.ts";
import type { Report } from "./placed.ts";

interface WrittenSelector {
  readonly selector: string;
  /** The key: `auth.public[0]`. */
  readonly at: string;
  readonly position: Position | undefined;
}

export interface SelectorContext {
  readonly schema: Schema;
  readonly doubt: Doubt | undefined;
  readonly report: Report;
}

export function checkSelectors(config: Config, { schema, doubt, report }: SelectorContext): void {
  const names = schema.services.flatMap(({ methods }) => methods.map(({ name }) => name));
  for (const { selector, at, position } of listSelectors(config)) {
    if (selector === "*" || names.some((name) => isSelected(selector, name))) continue;
    if (doubt?.mayDeclare(selector.replace(/\.\*$/, "")) === true) continue;
    report({
      // Methods without a proto may be called: nobody knows their names.
      severity: config.grpc.proxyUnknown ? "warning" : "error",
      position,
      message: `${at}: the selector ${JSON.stringify(selector)} takes no method`,
      hint: suggestSelector(selector, names),
      rule: "policy-selector",
    });
  }
}

interface Selecting {
  readonly methods: readonly string[];
  readonly positionOf: (path: readonly (string | number)[]) => Position | undefined;
}

function listSelectors({ auth, limits, policies, interceptors }: Config): WrittenSelector[] {
  const levels = (["public", "optional", "required"] as const).flatMap((key) =>
    (auth?.[key] ?? []).map(({ value, from }, index) => {
      return { selector: value, at: `auth.${key}[${index}]`, position: parsePosition(from) };
    }),
  );
  const listOf = (key: string, entries: readonly Selecting[]): WrittenSelector[] =>
    entries.flatMap(({ methods, positionOf }, entry) =>
      methods.map((selector, index) => {
        return { selector, at: `${key}[${entry}].methods[${index}]`, position: positionOf(["methods", index]) };
      }),
    );
  const byIndex = limits.map(({ methods, positionOf }) => {
    return { methods, positionOf: (path: readonly (string | number)[]) => positionOf(Number(path[1])) };
  });
  return [
    ...levels,
    ...listOf("auth.rules", auth?.rules ?? []),
    ...listOf("policies", policies),
    ...listOf("limits", byIndex),
    ...listOf("interceptors", interceptors),
  ];
}
