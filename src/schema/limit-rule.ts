// A limit as configuration and proto options write it, settled: one reading for both, with one set of messages.
import { didYouMean } from "../diagnostic.ts";
import { parseRate } from "./rate.ts";

/** A rate that calls, or messages, of one key keep to. */
export interface LimitRule {
  /** One bucket a name and key; also what clients are told. */
  readonly name: string;
  /** What is counted together, each `ip`, `principal`, `method`, `global`, `claim:NAME`, `header:NAME`. */
  readonly key: readonly string[];
  /** So many in a period. */
  readonly count: number;
  readonly periodMs: number;
  /** So many at once. */
  readonly burst: number;
  /** What one call, or message, takes. */
  readonly cost: number;
  readonly of: "calls" | "messages";
}

/** As written; what is absent has its default. */
export interface LimitSettings {
  readonly name: string;
  readonly key?: string | readonly string[];
  readonly rate: string;
  readonly burst?: number;
  readonly cost?: number;
  readonly of?: "calls" | "messages";
}

/** Which of the settings is at fault, and why. */
export interface LimitFault {
  readonly at: keyof LimitSettings;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Bounds of `burst` and `cost`, inclusive. */
export const maxBurst = 1_000_000_000;
const maxKeyParts = 4;

/**
 * The rule, or what is wrong. Without `burst` a whole period's worth may come at once; without `key` all calls share one bucket.
 */
export function readLimitRule(settings: LimitSettings): LimitRule | LimitFault {
  const { name, cost = 1, of = "calls" } = settings;
  const key =
    settings.key === undefined ? ["global"] : typeof settings.key === "string" ? [settings.key] : settings.key;
  const rate = parseRate(settings.rate);
  if (!isLimitName(name))
    return { at: "name", message: `${limitNameForm}; found ${JSON.stringify(name.slice(0, 80))}` };
  const faulty = key.find((part) => limitKeyProblem(part) !== undefined);
  if (faulty !== undefined)
    return {
      at: "key",
      message: `${limitKeyProblem(faulty)}; found ${JSON.stringify(faulty.slice(0, 80))}`,
      hint: suggestLimitKey(faulty),
    };
  if (key.length === 0 || key.length > maxKeyParts)
    return { at: "key", message: `a key is made of 1 to ${maxKeyParts} parts, found ${key.length}` };
  const twice = key.find((part, index) => key.indexOf(part) !== index);
  if (twice !== undefined) return { at: "key", message: `${JSON.stringify(twice)} is named twice` };
  if (typeof rate === "string")
    return { at: "rate", message: `${rate}; found ${JSON.stringify(settings.rate.slice(0, 80))}` };
  const burst = settings.burst ?? rate.count;
  const outOfRange = (["burst", "cost"] as const).find((at) => !isCount(at === "burst" ? burst : cost));
  if (outOfRange !== undefined) return { at: outOfRange, message: `must be a whole number between 1 and ${maxBurst}` };
  if (cost > burst) {
    return {
      at: settings.burst === undefined ? "cost" : "burst",
      message: `a cost of ${cost} never fits into a burst of ${burst}: nothing would pass`,
      hint: `burst: ${cost} or more`,
    };
  }
  return { name, key: key.map(lowerHeader), ...rate, burst, cost, of };
}

export function isLimitFault(rule: LimitRule | LimitFault): rule is LimitFault {
  return "at" in rule;
}

export const limitNameForm = "a name of letters, digits, - and _ is expected, at most 64";

/** It stands in headers and in keys of Redis. */
export function isLimitName(text: string): boolean {
  return /^[A-Za-z][\w-]{0,63}$/.test(text);
}

const plainKeys: ReadonlySet<string> = new Set(["ip", "principal", "method", "global"]);

/** What is wrong with one part of a key, or undefined. */
export function limitKeyProblem(part: string): string | undefined {
  if (plainKeys.has(part)) return undefined;
  const [, kind, name] = /^(claim|header):(.*)$/s.exec(part) ?? [];
  if (kind === "claim" && name.length > 0 && name.length <= 128) return undefined;
  if (kind === "header" && /^[A-Za-z0-9.-]{1,128}$/.test(name)) return undefined;
  if (kind === "header") return "header:NAME takes letters, digits, - and .";
  if (kind === "claim") return "claim:NAME names a claim of the token, at most 128 characters: claim:sub";
  return "one of ip, principal, method, global, claim:NAME, header:NAME is expected";
}

/** `did you mean "principal"?` */
export function suggestLimitKey(part: string): string | undefined {
  return didYouMean(part, plainKeys);
}

function lowerHeader(part: string): string {
  return part.startsWith("header:") ? part.toLowerCase() : part;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= maxBurst;
}
