// What clients are told of limits: RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10), and the refusal.
import type { Metadata } from "../../metadata.ts";
import { formatRate } from "../../schema/rate.ts";
import { Code, GatewayError } from "../../status.ts";
import { slackMs } from "./limit.ts";
import type { Limit, Taken } from "./limit.ts";

/** When the headers are sent. */
export type LimitHeaders = "always" | "refused" | "off";

/** `"per-user";q=50;w=1, "everybody";q=2000;w=1`; windows are in whole seconds, and no rate has a period below one. */
export function formatPolicies(limits: readonly Limit[]): string {
  return limits.map(({ rule }) => `"${rule.name}";q=${rule.count};w=${rule.periodMs / 1000}`).join(", ");
}

/** Of one limit, as it was told last. */
interface Told {
  remaining: number;
  seconds: number;
  text: string;
}

/**
 * The headers of an answer: `"per-user";r=12;t=30` is so many more now, and after so many seconds as if nothing had been used. Most
 * calls in a row are told the same of most limits: that is put together once.
 */
export function compileHeaders(limits: readonly Limit[]): (taken: Taken) => Metadata {
  const policies = formatPolicies(limits);
  const told = limits.map((): Told => ({ remaining: -1, seconds: -1, text: "" }));
  let headers: Metadata = [];
  return ({ states }) => {
    let isNew = false;
    for (let i = 0; i < limits.length; i++) {
      const { remaining, resetMs } = states[i];
      const seconds = Math.ceil((resetMs - slackMs) / 1000);
      const last = told[i];
      if (remaining === last.remaining && seconds === last.seconds) continue;
      last.remaining = remaining;
      last.seconds = seconds;
      last.text = `"${limits[i].rule.name}";r=${remaining};t=${seconds}`;
      isNew = true;
    }
    if (isNew) headers = ["ratelimit-policy", policies, "ratelimit", told.map(({ text }) => text).join(", ")];
    return headers;
  };
}

/** Names each limit that the call did not pass; they are the operator's words, the keys are nobody's business. */
export function toRefusal(limits: readonly Limit[], { states, waitMs }: Taken): GatewayError {
  // A whole millisecond, and a second that is a billionth over is no second more.
  const retryAfterMs = Math.ceil(waitMs - slackMs);
  const exceeded = limits.filter((_, index) => states[index].waitMs > 0);
  const names = exceeded.map(({ rule }) => rule.name);
  const quotas = exceeded.map(({ rule }) => ({
    subject: rule.name,
    description: `${formatRate(rule)} ${rule.of}, at most ${rule.burst} at once${rule.cost === 1 ? "" : `; this takes ${rule.cost}`}`,
  }));
  const what = names.length === 1 ? `the limit ${names[0]} is` : `the limits ${names.join(", ")} are`;
  return new GatewayError(Code.RESOURCE_EXHAUSTED, `${what} used up; try again in ${formatWait(retryAfterMs)}`, {
    reason: "RATE_LIMITED",
    metadata: { limit: names.join(",") },
    quotas,
    retryAfterMs,
  });
}

function formatWait(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.ceil(ms / 1000)} s`;
}
