// `retry` of a policy as the file has it, to the rule that the gateway runs by.
import { isRetryFault, readRetryRule } from "../schema/retry-rule.ts";
import type { RetryFault, RetryRule } from "../schema/retry-rule.ts";
import type { PolicySettings } from "./policy-settings.ts";
import { toMs } from "./quantity.ts";

/** Undefined for one that is wrong. */
export function toRetry(
  retried: NonNullable<PolicySettings["retry"]>,
  fault: (fault: RetryFault) => void,
): RetryRule | "off" | undefined {
  if (retried === "off") return "off";
  const written = retried === "on" ? {} : retried;
  const toOptionalMs = (text: string | undefined): number | undefined => (text === undefined ? undefined : toMs(text));
  const rule = readRetryRule({
    maxAttempts: written.max_attempts,
    codes: written.codes,
    initialBackoffMs: toOptionalMs(written.initial_backoff),
    maxBackoffMs: toOptionalMs(written.max_backoff),
    multiplier: written.multiplier,
    perTryTimeoutMs: toOptionalMs(written.per_try_timeout),
    idempotent: written.idempotent,
  });
  if (!isRetryFault(rule)) return rule;
  fault(rule);
  return undefined;
}
