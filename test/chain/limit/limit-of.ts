// Limits for tests of stores, written as the configuration writes them.
import { toLimit } from "../../../src/chain/limit/limit.ts";
import type { Limit } from "../../../src/chain/limit/limit.ts";
import { isLimitFault, readLimitRule } from "../../../src/schema/limit-rule.ts";

export function limitOf(rate: string, more: { burst?: number; cost?: number; name?: string } = {}): Limit {
  const rule = readLimitRule({ name: "a", rate, ...more });
  if (isLimitFault(rule)) throw new Error(rule.message);
  return toLimit(rule);
}
