// The rules of google.protobuf.Duration and Timestamp, both as nanoseconds.
import type { OptionMessage } from "../../schema/descriptor.ts";
import type { Check } from "../inspection.ts";
import { formatList, type RuleKind } from "./place.ts";
import { compileRange, unless } from "./range.ts";

const second = 1_000_000_000n;

export function toNanoseconds(seconds: bigint, nanos: number): bigint {
  return seconds * second + BigInt(nanos);
}

function fromOption(value: OptionMessage): bigint {
  return toNanoseconds((value.get("seconds") ?? 0n) as bigint, (value.get("nanos") ?? 0) as number);
}

const compare = (one: bigint, other: bigint) => (one < other ? -1 : one > other ? 1 : 0);

/** `3s`, `-0.5s`. */
export function formatDuration(nanoseconds: bigint): string {
  const magnitude = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const fraction = (magnitude % second).toString().padStart(9, "0").replace(/0+$/, "");
  return `${nanoseconds < 0n ? "-" : ""}${magnitude / second}${fraction === "" ? "" : `.${fraction}`}s`;
}

/** RFC 3339, with as many decimals as there are. */
export function formatTimestamp(nanoseconds: bigint): string {
  const within = ((nanoseconds % second) + second) % second;
  const seconds = (nanoseconds - within) / second;
  const fraction = within.toString().padStart(9, "0").replace(/0+$/, "");
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return `${seconds}s`;
  return date.toISOString().replace(/\.000Z$/, fraction === "" ? "Z" : `.${fraction}Z`);
}

export const durationRuleNames: readonly string[] = ["const", "lt", "lte", "gt", "gte", "in", "not_in"];

export function compileDurationRules(kind: RuleKind): Check<bigint>[] {
  const checks = commonChecks(kind, formatDuration);
  for (const name of ["in", "not_in"]) {
    const values = kind.list(name)?.map((value) => fromOption(value as OptionMessage));
    if (values === undefined) continue;
    const set = new Set(values);
    const list = formatList(values, formatDuration);
    if (name === "in") checks.push(unless((value) => set.has(value), kind.rule(name, `must be in list ${list}`)));
    else checks.push(unless((value) => !set.has(value), kind.rule(name, `must not be in list ${list}`)));
  }
  return checks;
}

export const timestampRuleNames: readonly string[] = ["const", "lt", "lte", "lt_now", "gt", "gte", "gt_now", "within"];

export function compileTimestampRules(kind: RuleKind): Check<bigint>[] {
  const checks = commonChecks(kind, formatTimestamp);
  const now = (nowMs: number) => BigInt(nowMs) * 1_000_000n;
  if (kind.isOn("lt_now")) {
    const rule = kind.rule("lt_now", "must be less than now");
    checks.push((value, at) => {
      if (value > now(at.nowMs)) at.violate(rule);
    });
  }
  if (kind.isOn("gt_now")) {
    const rule = kind.rule("gt_now", "must be greater than now");
    checks.push((value, at) => {
      if (value < now(at.nowMs)) at.violate(rule);
    });
  }
  const within = kind.get("within") as OptionMessage | undefined;
  if (within !== undefined) {
    const reach = fromOption(within);
    const rule = kind.rule("within", `must be within ${formatDuration(reach)} of now`);
    checks.push((value, at) => {
      const distance = value - now(at.nowMs);
      if (distance > reach || -distance > reach) at.violate(rule);
    });
  }
  return checks;
}

function commonChecks(kind: RuleKind, format: (value: bigint) => string): Check<bigint>[] {
  const checks: Check<bigint>[] = [];
  const constant = kind.get("const") as OptionMessage | undefined;
  if (constant !== undefined) {
    const wanted = fromOption(constant);
    checks.push(unless((value) => value === wanted, kind.rule("const", `must equal ${format(wanted)}`)));
  }
  const read = (name: string) => fromOption(kind.get(name) as OptionMessage);
  const range = compileRange<bigint>(kind, { compare, format, read });
  if (range !== undefined) checks.push(range);
  return checks;
}
