// Values of proto options as policies read them.
import type { OptionMessage, OptionValue } from "../schema/descriptor.ts";

/** Reports what is wrong with an option. */
export type Fault = (option: string, message: string, hint?: string) => void;

export function isMessage(value: OptionValue | undefined): value is OptionMessage {
  return value instanceof Map;
}

export function text(value: OptionValue | undefined): string {
  return typeof value === "string" ? value : "";
}

export function texts(value: OptionValue | undefined): string[] {
  return Array.isArray(value) ? (value as readonly OptionValue[]).map(text) : value === undefined ? [] : [text(value)];
}
