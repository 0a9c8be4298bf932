// `(sluice.compose)` of a method, as the configuration would have written it.
import type { BatchSettings, ComposeRule, ComposeSettings, StepSettings } from "../schema/compose-rule.ts";
import type { Method, OptionMessage, OptionValue } from "../schema/descriptor.ts";

const option = "(sluice.compose)";

export function isDeclared({ options }: Method): boolean {
  return options.has(option);
}

/** Undefined for a method without it. */
export function readDeclared(method: Method): ComposeRule | undefined {
  const written = method.options.get(option);
  if (!(written instanceof Map)) return undefined;
  return {
    method: method.name,
    settings: toSettings(written),
    positionOf: (path = []) => method.optionPosition(path.reduce<string>(join, option)),
  };
}

function join(path: string, key: string | number): string {
  return typeof key === "number" ? `${path}[${key}]` : `${path}.${key}`;
}

function toSettings(compose: OptionMessage): ComposeSettings {
  return {
    step: listOf(compose.get("step")).flatMap((step) => (step instanceof Map ? [toStep(step)] : [])),
    out: listOf(compose.get("out")).map(String),
    ...given(compose, ["timeout", "max_calls"]),
  };
}

function toStep(step: OptionMessage): StepSettings {
  const batch = step.get("batch");
  return {
    id: text(step, "id"),
    call: text(step, "call"),
    set: listOf(step.get("set")).map(String),
    ...given(step, ["each", "if", "optional", "timeout", "max_parallel", "allow_side_effects"]),
    ...(batch instanceof Map ? { batch: toBatch(batch) } : {}),
  };
}

function toBatch(batch: OptionMessage): BatchSettings {
  const [call, keys, items, key] = ["call", "keys", "items", "key"].map((name) => text(batch, name));
  return { call, keys, items, key, ...given(batch, ["max"]) };
}

/** What is zero, as it is in a message, was not set. */
function given(message: OptionMessage, names: readonly string[]): object {
  const entries = names.map((name) => [name, message.get(name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== "" && value !== 0));
}

function listOf(value: OptionValue | undefined): readonly OptionValue[] {
  return Array.isArray(value) ? (value as readonly OptionValue[]) : value === undefined ? [] : [value];
}

function text(message: OptionMessage, name: string): string {
  const value = message.get(name);
  return typeof value === "string" ? value : "";
}
