// When a call that failed is made again, as configuration and proto options write it, settled: one reading for both, with one set of messages.
import { didYouMean } from "../diagnostic.ts";
import { Code } from "../status.ts";
import type { CodeName } from "../status.ts";

/** When a call that failed is made again. */
export interface RetryRule {
  /** The first one included. */
  readonly maxAttempts: number;
  /** What a call has failed with that is made again. */
  readonly codes: readonly CodeName[];
  /** Before the second attempt; each further wait is `multiplier` times longer, up to `maxBackoffMs`. */
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly multiplier: number;
  /** The longest time for one attempt; undefined for what is left of the call's. */
  readonly perTryTimeoutMs: number | undefined;
  /** Also methods may be called again that do not declare it. */
  readonly idempotent: boolean;
}

/** As written, times read; what is absent has its default. */
export interface RetrySettings {
  readonly maxAttempts?: number | undefined;
  readonly codes?: readonly string[] | undefined;
  readonly initialBackoffMs?: number | undefined;
  readonly maxBackoffMs?: number | undefined;
  readonly multiplier?: number | undefined;
  readonly perTryTimeoutMs?: number | undefined;
  readonly idempotent?: boolean | undefined;
}

/** Which of the settings is at fault, by the name it has in protos and configuration, and why. */
export interface RetryFault {
  readonly at: "max_attempts" | "codes" | "initial_backoff" | "max_backoff" | "multiplier" | "per_try_timeout";
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Bounds, inclusive (gRFC A6 has the same greatest number of attempts). */
export const retryBounds = Object.freeze({ attempts: [2, 5], backoffMs: [1, 60_000], multiplier: [1, 10] });

const defaults = Object.freeze({ maxAttempts: 3, initialBackoffMs: 100, maxBackoffMs: 1000, multiplier: 2 });

/** Those that a call can fail with. */
export const retryCodes = Object.keys(Code).filter((name) => name !== "OK") as readonly CodeName[];

/** The rule, or what is wrong. */
export function readRetryRule(settings: RetrySettings): RetryRule | RetryFault {
  const { maxAttempts = defaults.maxAttempts, multiplier = defaults.multiplier, perTryTimeoutMs } = settings;
  const { initialBackoffMs = Math.min(defaults.initialBackoffMs, settings.maxBackoffMs ?? Infinity) } = settings;
  const { maxBackoffMs = Math.max(defaults.maxBackoffMs, initialBackoffMs), idempotent = false } = settings;
  const codes = settings.codes ?? ["UNAVAILABLE"];
  const fault =
    attemptsFault(maxAttempts) ??
    codesFault(codes) ??
    backoffFault("initial_backoff", initialBackoffMs) ??
    backoffFault("max_backoff", maxBackoffMs) ??
    multiplierFault(multiplier);
  if (fault !== undefined) return fault;
  if (initialBackoffMs > maxBackoffMs)
    return { at: "initial_backoff", message: "must not be longer than max_backoff", hint: "raise max_backoff" };
  return {
    maxAttempts,
    codes: [...new Set(codes)] as CodeName[],
    initialBackoffMs,
    maxBackoffMs,
    multiplier,
    perTryTimeoutMs,
    idempotent,
  };
}

export function isRetryFault(rule: RetryRule | RetryFault): rule is RetryFault {
  return "at" in rule;
}

function attemptsFault(count: number): RetryFault | undefined {
  const [low, high] = retryBounds.attempts;
  if (Number.isInteger(count) && count >= low && count <= high) return undefined;
  const message = `must be between ${low} and ${high}, the first attempt included, found ${count}`;
  return { at: "max_attempts", message, hint: count === 1 ? "to make no call again say retry: off" : undefined };
}

function codesFault(codes: readonly string[]): RetryFault | undefined {
  if (codes.length === 0) return { at: "codes", message: "must not be empty" };
  if (codes.includes("OK"))
    return { at: "codes", message: "OK is no failure: what went well is not done again", hint: "leave it out" };
  const wrong = codes.find((code) => !(retryCodes as readonly string[]).includes(code));
  if (wrong === undefined) return undefined;
  const shown = JSON.stringify(wrong.slice(0, 80));
  const hint = didYouMean(wrong.toUpperCase(), retryCodes) ?? "they are listed in docs/errors.md";
  return { at: "codes", message: `the name of a gRPC status code is expected, found ${shown}`, hint };
}

function backoffFault(at: "initial_backoff" | "max_backoff", ms: number): RetryFault | undefined {
  const [low, high] = retryBounds.backoffMs;
  return ms >= low && ms <= high ? undefined : { at, message: "must be between 1ms and 1m" };
}

function multiplierFault(multiplier: number): RetryFault | undefined {
  const [low, high] = retryBounds.multiplier;
  if (multiplier >= low && multiplier <= high) return undefined;
  return { at: "multiplier", message: `must be between ${low} and ${high}, found ${multiplier}` };
}
