// Limits of one name share their buckets: they have to say the same.
import type { LimitConfig } from "../config/config.ts";
import { formatRate } from "../schema/rate.ts";
import type { LimitRule } from "../schema/limit-rule.ts";
import type { DeclaredPolicy } from "./declared.ts";
import type { Placed, Report } from "./placed.ts";

/** One that the configuration has as well is the configuration's, whatever the protos say. */
export function checkLimitNames(
  declared: readonly DeclaredPolicy[],
  configured: readonly LimitConfig[],
  report: Report,
): void {
  const first = new Map<string, Placed<LimitRule>>();
  for (const limit of new Set(declared.flatMap(({ limits }) => limits))) {
    const { name } = limit.value;
    const other = first.get(name);
    if (other === undefined) first.set(name, limit);
    else if (
      JSON.stringify(limit.value) !== JSON.stringify(other.value) &&
      !configured.some(({ rule }) => rule.name === name)
    )
      report({
        severity: "error",
        position: limit.position,
        message: `the limit ${name} is ${describe(limit.value)} here, and ${describe(other.value)} at ${other.from}`,
        hint: "limits of one name are one limit: give this one another name, or let both say the same",
        rule: "policy-limit-name",
      });
  }
}

function describe({ key, burst, cost, of, ...rate }: LimitRule): string {
  const details = [`by ${key.join(" and ")}`, `burst ${burst}`, ...(cost === 1 ? [] : [`cost ${cost}`])];
  return `${formatRate(rate)} of ${of} (${details.join(", ")})`;
}
