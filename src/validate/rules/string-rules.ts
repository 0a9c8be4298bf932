// The rules of strings.
import type { RE2JS } from "@bufbuild/re2";
import { lazily } from "../../lazily.ts";
import type { Check } from "../inspection.ts";
import { formatOf, formatNames, headerFormat } from "./string-formats.ts";
import { formatList, type RuleKind } from "./place.ts";
import { unless } from "./range.ts";

const loadRe2 = lazily(import.meta.url, "@bufbuild/re2") as () => typeof import("@bufbuild/re2");

export const stringRuleNames: readonly string[] = [
  "const",
  "len",
  "min_len",
  "max_len",
  "len_bytes",
  "min_bytes",
  "max_bytes",
  "pattern",
  "prefix",
  "suffix",
  "contains",
  "not_contains",
  "in",
  "not_in",
  "well_known_regex",
  "strict",
  ...formatNames,
];

export function compileStringRules(kind: RuleKind): Check<string>[] {
  const checks: Check<string>[] = [];
  const add = (name: string, holds: (value: string) => boolean, message: string) =>
    void checks.push(unless(holds, kind.rule(name, message)));
  const text = (name: string, test: (value: string, wanted: string) => boolean, message: string) => {
    const wanted = kind.text(name);
    if (wanted !== undefined) add(name, (value) => test(value, wanted), `${message} \`${wanted}\``);
  };
  text("const", (value, wanted) => value === wanted, "must equal");
  addLengths(kind, add);
  const pattern = kind.text("pattern");
  if (pattern !== undefined) {
    const regex = compilePattern(kind, pattern);
    if (regex !== undefined)
      add("pattern", (value) => regex.test(value), `does not match regex pattern \`${pattern}\``);
  }
  text("prefix", (value, wanted) => value.startsWith(wanted), "does not have prefix");
  text("suffix", (value, wanted) => value.endsWith(wanted), "does not have suffix");
  text("contains", (value, wanted) => value.includes(wanted), "does not contain substring");
  text("not_contains", (value, wanted) => !value.includes(wanted), "contains substring");
  const allowed = kind.list("in") as readonly string[] | undefined;
  if (allowed !== undefined) {
    const set = new Set(allowed);
    add("in", (value) => set.has(value), `must be in list ${formatList(allowed)}`);
  }
  const refused = kind.list("not_in") as readonly string[] | undefined;
  if (refused !== undefined) {
    const set = new Set(refused);
    add("not_in", (value) => !set.has(value), `must not be in list ${formatList(refused)}`);
  }
  addFormat(kind, checks);
  return checks;
}

type Add = (name: string, holds: (value: string) => boolean, message: string) => void;

/** Characters are code points, of which there are never more than UTF-16 units and never fewer than half as many. */
function addLengths(kind: RuleKind, add: Add): void {
  const exact = kind.count("len");
  if (exact !== undefined) add("len", (value) => countCodePoints(value) === exact, `must be ${exact} characters`);
  const min = kind.count("min_len");
  if (min !== undefined)
    add(
      "min_len",
      (value) => value.length >= 2 * min || countCodePoints(value) >= min,
      `must be at least ${min} characters`,
    );
  const max = kind.count("max_len");
  if (max !== undefined)
    add(
      "max_len",
      (value) => value.length <= max || countCodePoints(value) <= max,
      `must be at most ${max} characters`,
    );
  const exactBytes = kind.count("len_bytes");
  if (exactBytes !== undefined)
    add("len_bytes", (value) => Buffer.byteLength(value) === exactBytes, `must be ${exactBytes} bytes`);
  const minBytes = kind.count("min_bytes");
  if (minBytes !== undefined)
    add("min_bytes", (value) => Buffer.byteLength(value) >= minBytes, `must be at least ${minBytes} bytes`);
  const maxBytes = kind.count("max_bytes");
  if (maxBytes !== undefined)
    add("max_bytes", (value) => Buffer.byteLength(value) <= maxBytes, `must be at most ${maxBytes} bytes`);
}

export function countCodePoints(text: string): number {
  let count = text.length;
  for (let i = 1; i < text.length; i++) {
    const isPair = (text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800;
    if (isPair) count--;
  }
  return count;
}

/** Undefined after it was refused. RE2's time is linear in the text, whatever the pattern. */
export function compilePattern(kind: RuleKind, pattern: string): RE2JS | undefined {
  try {
    return loadRe2().RE2JS.compile(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const hint = "write it in the syntax of RE2, which has no look-around and no back-references";
    kind.refuse(
      "pattern",
      `the pattern ${JSON.stringify(pattern.slice(0, 200))} is no regular expression: ${reason}`,
      hint,
    );
    return undefined;
  }
}

function addFormat(kind: RuleKind, checks: Check<string>[]): void {
  const name = formatNames.find((candidate) => kind.isOn(candidate));
  if (name !== undefined) {
    const { test, message, emptyMessage } = formatOf(name);
    checks.push(orEmpty(kind, { name, test, message, emptyMessage, id: `string.${name}` }));
  }
  const regex = kind.get("well_known_regex") as string | number | undefined;
  const isStrict = kind.get("strict") !== false;
  if (regex === "KNOWN_REGEX_HTTP_HEADER_NAME" || regex === "KNOWN_REGEX_HTTP_HEADER_VALUE") {
    const { part, test, message, emptyMessage } = headerFormat(regex, isStrict);
    const id = `string.well_known_regex.${part}`;
    checks.push(orEmpty(kind, { name: "well_known_regex", test, message, emptyMessage, id }));
  } else if (regex !== undefined && regex !== "KNOWN_REGEX_UNSPECIFIED")
    kind.refuse(
      "well_known_regex",
      `no known regex has the number ${regex}`,
      "write KNOWN_REGEX_HTTP_HEADER_NAME or KNOWN_REGEX_HTTP_HEADER_VALUE",
    );
}

interface Formatted {
  readonly name: string;
  readonly test: (value: string) => boolean;
  readonly message: string;
  readonly emptyMessage: string | undefined;
  readonly id: string;
}

/** An empty string breaks a rule of its own, where the format cannot be empty. */
function orEmpty(kind: RuleKind, { name, test, message, emptyMessage, id }: Formatted): Check<string> {
  const rule = kind.rule(name, message, id);
  const emptyRule = emptyMessage === undefined ? undefined : kind.rule(name, emptyMessage, `${id}_empty`);
  return (value, at) => {
    if (value === "" && emptyRule !== undefined) at.violate(emptyRule);
    else if (!test(value)) at.violate(rule);
  };
}
