// Rules about calls that are made again: how people read them, and those that cannot be meant.
import type { MethodPolicy, RetryPolicy } from "../chain/policy.ts";
import type { TimeoutConfig } from "../config/config.ts";
import { formatDuration } from "../config/quantity.ts";
import type { Method, Service } from "../schema/descriptor.ts";
import type { RetryRule } from "../schema/retry-rule.ts";
import { isSelected } from "../schema/selector.ts";
import { isRepeatable } from "./cacheable.ts";
import { isComposed } from "./configured.ts";
import type { Configured } from "./configured.ts";
import { place } from "./placed.ts";
import type { Placed, Report } from "./placed.ts";
import type { DeclaredPair, ResolvedPolicy } from "./resolve-method.ts";

/** `3 attempts on UNAVAILABLE, waits of 100ms to 1s` */
export function describeRetry(retry: RetryPolicy): string {
  if (retry === "off") return "off";
  if (retry === "undeclared") return "off: nothing says that the method may be called again";
  const { maxAttempts, codes, initialBackoffMs, maxBackoffMs, multiplier, perTryTimeoutMs } = retry;
  const waits = `waits of ${formatDuration(initialBackoffMs)} to ${formatDuration(maxBackoffMs)}`;
  const growth = multiplier === 2 ? "" : `, each ${multiplier} times the last`;
  const limit = perTryTimeoutMs === undefined ? "" : `, ${formatDuration(perTryTimeoutMs)} for each`;
  return `${maxAttempts} attempts on ${codes.join(", ")}, ${waits}${growth}${limit}`;
}

export interface RetryContext {
  readonly configured: Configured;
  readonly timeouts: TimeoutConfig;
  readonly report: Report;
}

/** What is settled of one method. */
export function checkRetry(
  method: Method,
  policy: ResolvedPolicy,
  { configured, timeouts, report }: RetryContext,
): void {
  const { retry } = policy;
  if (retry === undefined || typeof retry.value === "string") return;
  if (isComposed(method, configured)) {
    report({
      severity: "error",
      position: retry.position,
      message: `retry of ${method.name}: the method is composed, and is not called itself`,
      hint: "say it of the methods that its steps call",
      rule: "policy-contradiction",
    });
    return;
  }
  const { initialBackoffMs, perTryTimeoutMs, idempotent } = retry.value;
  const timeoutMs = findTimeout(method, policy, timeouts);
  const fault = (what: string, ms: number): void =>
    report({
      severity: "error",
      position: retry.position,
      message: `${what} of the retries of ${method.name} is ${formatDuration(ms)}, and a call has ${formatDuration(timeoutMs)}: it could never be made again`,
      hint: `make ${what} shorter than the timeout, or raise the timeout`,
      rule: "policy-contradiction",
    });
  if (initialBackoffMs >= timeoutMs) fault("initial_backoff", initialBackoffMs);
  if (perTryTimeoutMs !== undefined && perTryTimeoutMs >= timeoutMs) fault("per_try_timeout", perTryTimeoutMs);
  if (idempotent || isRepeatable(method, configured)) return;
  report({
    severity: "warning",
    position: retry.position,
    message: `calls of ${method.name} are made again, and nothing says that it may be called twice: a call that failed may have been carried out`,
    hint: "declare its idempotency_level, or say idempotent: true in policies of sluice.yaml",
    rule: "policy-retry",
  });
}

/** Infinity for a stream that nobody limits. */
function findTimeout(
  { kind }: Method,
  { timeoutMs }: Pick<MethodPolicy, "timeoutMs">,
  { defaultMs, maxMs }: TimeoutConfig,
): number {
  if (kind !== "unary") return timeoutMs?.value ?? Infinity;
  return Math.min(timeoutMs?.value ?? defaultMs, maxMs);
}

interface ReachContext {
  readonly configured: Configured;
  readonly report: Report;
}

/** Rules for many methods at once of which none may be called again. */
export function checkRetryReach(
  services: readonly Service[],
  declared: ReadonlyMap<Method, DeclaredPair>,
  { configured, report }: ReachContext,
): void {
  const check = (retry: Placed<RetryRule | "off"> | undefined, methods: readonly Method[]): void => {
    if (retry === undefined || retry.value === "off" || retry.value.idempotent) return;
    if (methods.length === 0 || methods.some((method) => isRepeatable(method, configured))) return;
    report({
      severity: "warning",
      position: retry.position,
      message: `retry is said of ${methods.length === 1 ? methods[0].name : `${methods.length} methods`} at once, and reaches none: nothing says of any that it may be called twice`,
      hint: "declare idempotency_level where calling twice does no harm, or name the methods one by one",
      rule: "policy-retry",
    });
  };
  for (const { methods } of services) {
    const own = methods.filter((method) => declared.get(method)?.[1].retry === undefined);
    if (own.length > 0) check(declared.get(own[0])?.[0].retry, own);
  }
  const all = services.flatMap(({ methods }) => methods);
  for (const { methods, retry, positionOf } of configured.policies) {
    const taken = all.filter(({ name }) => methods.some((selector) => isSelected(selector, name)));
    if (retry !== undefined && !taken.some(({ name }) => methods.includes(name)))
      check(place(retry, positionOf()), taken);
  }
}
