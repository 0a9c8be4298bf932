// The rules of bytes.
import { isUtf8 } from "node:buffer";
import type { Check } from "../inspection.ts";
import { RuleFailure } from "../rule-failure.ts";
import { formatList, type RuleKind } from "./place.ts";
import { unless } from "./range.ts";
import { compilePattern } from "./string-rules.ts";

const sizes = new Map([
  ["ip", { what: "IP address", sizes: [4, 16] }],
  ["ipv4", { what: "IPv4 address", sizes: [4] }],
  ["ipv6", { what: "IPv6 address", sizes: [16] }],
  ["uuid", { what: "UUID", sizes: [16] }],
]);

export const bytesRuleNames: readonly string[] = [
  "const",
  "len",
  "min_len",
  "max_len",
  "pattern",
  "prefix",
  "suffix",
  "contains",
  "in",
  "not_in",
  ...sizes.keys(),
];

export function compileBytesRules(kind: RuleKind): Check<Uint8Array>[] {
  const checks: Check<Uint8Array>[] = [];
  const add = (name: string, holds: (value: Buffer) => boolean, message: string) =>
    void checks.push(unless((value) => holds(bufferOf(value)), kind.rule(name, message)));
  const bytes = (name: string, test: (value: Buffer, wanted: Buffer) => boolean, message: string) => {
    const value = kind.get(name) as Uint8Array | undefined;
    if (value === undefined) return;
    const wanted = Buffer.from(value);
    add(name, (found) => test(found, wanted), `${message} ${wanted.toString("hex")}`);
  };
  bytes("const", (value, wanted) => value.equals(wanted), "must be");
  const exact = kind.count("len");
  if (exact !== undefined) add("len", (value) => value.length === exact, `must be ${exact} bytes`);
  const min = kind.count("min_len");
  if (min !== undefined) add("min_len", (value) => value.length >= min, `must be at least ${min} bytes`);
  const max = kind.count("max_len");
  if (max !== undefined) add("max_len", (value) => value.length <= max, `must be at most ${max} bytes`);
  addPattern(kind, add);
  bytes("prefix", (value, wanted) => value.subarray(0, wanted.length).equals(wanted), "does not have prefix");
  bytes(
    "suffix",
    (value, wanted) => value.length >= wanted.length && value.subarray(value.length - wanted.length).equals(wanted),
    "does not have suffix",
  );
  bytes("contains", (value, wanted) => value.includes(wanted), "does not contain");
  addLists(kind, add);
  for (const [name, { what, sizes: allowed }] of sizes) {
    if (!kind.isOn(name)) continue;
    const rule = kind.rule(name, `must be a valid ${what}`);
    const empty = kind.rule(name, `value is empty, which is not a valid ${what}`, `bytes.${name}_empty`);
    checks.push((value, at) => {
      if (!allowed.includes(value.length)) at.violate(value.length === 0 ? empty : rule);
    });
  }
  return checks;
}

type Add = (name: string, holds: (value: Buffer) => boolean, message: string) => void;

function bufferOf(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.length);
}

/** Patterns are of characters: to what is no UTF-8 they cannot be put. */
function addPattern(kind: RuleKind, add: Add): void {
  const pattern = kind.text("pattern");
  const regex = pattern === undefined ? undefined : compilePattern(kind, pattern);
  if (regex === undefined) return;
  const holds = (value: Buffer) => {
    if (!isUtf8(value)) throw new RuleFailure("bytes.pattern", "must be valid UTF-8 to apply regexp");
    return regex.test(value.toString());
  };
  add("pattern", holds, `must match regex pattern \`${pattern}\``);
}

/** Listed as text in messages, as the rule's own CEL does. */
function addLists(kind: RuleKind, add: Add): void {
  for (const name of ["in", "not_in"]) {
    const values = kind.list(name) as readonly Uint8Array[] | undefined;
    if (values === undefined) continue;
    const set = new Set(values.map((value) => bufferOf(value).toString("latin1")));
    const list = formatList(values, (value: Uint8Array) => bufferOf(value).toString());
    const isListed = (value: Buffer) => set.has(value.toString("latin1"));
    if (name === "in") add(name, isListed, `must be in list ${list}`);
    else add(name, (value) => !isListed(value), `must not be in list ${list}`);
  }
}
