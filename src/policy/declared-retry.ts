// (sluice.retry) and (sluice.service_retry): when calls are made again, as the protos say it.
import { parseTimeout } from "../metadata.ts";
import type { Declared, OptionValue } from "../schema/descriptor.ts";
import { isRetryFault, readRetryRule } from "../schema/retry-rule.ts";
import type { RetryRule } from "../schema/retry-rule.ts";
import { isMessage, texts } from "./option-values.ts";
import type { Fault } from "./option-values.ts";
import { place } from "./placed.ts";
import type { Placed } from "./placed.ts";

/** Undefined where nothing is said, and for what is wrong, which is reported. */
export function readRetry(declared: Declared, option: string, fault: Fault): Placed<RetryRule | "off"> | undefined {
  const retry = declared.options.get(option);
  if (!isMessage(retry)) return undefined;
  const position = declared.optionPosition(option);
  if (retry.get("off") === true) {
    if (retry.size > 1) fault(option, "retry is off, and says when calls are made again", "leave one of them out");
    return place("off", position);
  }
  const times = new Map<string, number>();
  let isWrong = false;
  for (const field of ["initial_backoff", "max_backoff", "per_try_timeout"]) {
    const text = retry.get(field);
    if (text === undefined) continue;
    const ms = typeof text === "string" ? parseTimeout(text) : undefined;
    if (ms === undefined || ms <= 0) {
      const shown = JSON.stringify(text);
      fault(`${option}.${field}`, `${field} of retry: a positive duration is expected, e.g. "100ms", found ${shown}`);
      isWrong = true;
    } else times.set(field, ms);
  }
  const rule = readRetryRule({
    maxAttempts: toNumber(retry.get("max_attempts")),
    codes: retry.has("codes") ? texts(retry.get("codes")) : undefined,
    initialBackoffMs: times.get("initial_backoff"),
    maxBackoffMs: times.get("max_backoff"),
    multiplier: toNumber(retry.get("multiplier")),
    perTryTimeoutMs: times.get("per_try_timeout"),
  });
  if (!isRetryFault(rule)) return isWrong ? undefined : place(rule, position);
  const at = retry.has(rule.at) ? `${option}.${rule.at}` : option;
  fault(at, `${rule.at} of retry: ${rule.message}`, rule.hint?.replace("retry: off", `${option} = { off: true }`));
  return undefined;
}

function toNumber(value: OptionValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
