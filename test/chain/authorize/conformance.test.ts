// Conditions against the cases of CEL's own conformance suite that can be written as conditions: what is taken means what CEL means, and nothing that is an error in CEL holds.
import { tests } from "@bufbuild/cel-spec/testdata/conformance.js";
import type { CelInput } from "@bufbuild/cel";
import { expect } from "chai";
import type { ConditionType } from "../../../src/chain/authorize/condition-type.ts";
import { compileExpression } from "../../../src/chain/authorize/expression.ts";
import type { CompiledExpression } from "../../../src/chain/authorize/expression.ts";

/** In the suite's JSON; of its kinds of values the one that it has. */
interface Value {
  readonly boolValue?: boolean;
  readonly int64Value?: string;
  readonly uint64Value?: string;
  readonly doubleValue?: number | "NaN" | "Infinity" | "-Infinity";
  readonly stringValue?: string;
  readonly bytesValue?: string;
  readonly nullValue?: null;
  readonly listValue?: { readonly values?: readonly Value[] };
  readonly mapValue?: { readonly entries?: readonly { readonly key: Value; readonly value: Value }[] };
}

interface Case {
  readonly name: string;
  readonly expr: string;
  readonly value?: Value;
  readonly evalError?: object;
  readonly anyEvalErrors?: object;
  readonly bindings?: Readonly<Record<string, { readonly value?: Value }>>;
  /** Names that are looked for elsewhere, too. */
  readonly container?: string;
  /** Says something of types only. */
  readonly checkOnly?: boolean;
  readonly typedResult?: object;
}

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly { readonly original: object }[];
}

function casesOf(suite: Suite): Case[] {
  const own = (suite.tests ?? []).map(({ original }) => original as Case);
  return [
    ...own.map((one) => ({ ...one, name: `${suite.name}/${one.name}` })),
    ...(suite.suites ?? []).flatMap(casesOf),
  ];
}

/** As it is written in an expression; undefined for messages, and for what equals nothing. */
function write(value: Value): string | undefined {
  if (value.int64Value !== undefined) return value.int64Value;
  if (value.uint64Value !== undefined) return `${value.uint64Value}u`;
  if (value.doubleValue !== undefined)
    return value.doubleValue === "NaN" ? undefined : `double("${value.doubleValue}")`;
  if (value.stringValue !== undefined) return JSON.stringify(value.stringValue);
  if (value.bytesValue !== undefined) {
    const hex = Buffer.from(value.bytesValue, "base64").toString("hex");
    return `b"${hex.replaceAll(/../g, String.raw`\x$&`)}"`;
  }
  if (value.nullValue !== undefined) return "null";
  if (value.listValue !== undefined) return writeAll(value.listValue.values ?? [], ([open]) => `[${open}]`);
  if (value.mapValue === undefined) return value.boolValue === undefined ? undefined : String(value.boolValue);
  const entries = value.mapValue.entries ?? [];
  const keys = entries.map(({ key }) => write(key));
  return writeAll(
    entries.map((entry) => entry.value),
    (_, values) => `{${values.map((text, index) => `${keys[index]}: ${text}`).join(", ")}}`,
  );
}

function writeAll(values: readonly Value[], put: (joined: string[], values: string[]) => string): string | undefined {
  const texts = values.map((value) => write(value));
  const known = texts.filter((text) => text !== undefined);
  return known.length < texts.length ? undefined : put([known.join(", ")], known);
}

/** What a variable is in the condition; undefined for messages. */
function toFact(value: Value): CelInput | undefined {
  if (value.mapValue?.entries?.every((entry) => entry.key.stringValue !== undefined) === true) {
    const entries = value.mapValue.entries.map((entry) => [entry.key.stringValue, toFact(entry.value)] as const);
    return entries.some(([, one]) => one === undefined) ? undefined : (new Map(entries as never) as CelInput);
  }
  if (value.int64Value !== undefined) return BigInt(value.int64Value);
  return (
    value.boolValue ?? value.stringValue ?? (typeof value.doubleValue === "number" ? value.doubleValue : undefined)
  );
}

interface Asked {
  readonly text: string;
  /** Undefined: not to be told. */
  readonly expected: boolean | undefined;
}

/** The case as a condition; undefined where it cannot be one. */
function ask({ expr, value, evalError, anyEvalErrors, container, checkOnly, typedResult }: Case): Asked | undefined {
  if (container !== undefined || checkOnly === true || typedResult !== undefined) return undefined;
  if (evalError !== undefined || anyEvalErrors !== undefined)
    return { text: `dyn(${expr}) == dyn(${expr})`, expected: undefined };
  if (value === undefined || value.boolValue !== undefined) return { text: expr, expected: value?.boolValue ?? true };
  const text = write(value);
  return text === undefined ? undefined : { text: `dyn(${expr}) == dyn(${text})`, expected: true };
}

describe("conditions, by the conformance cases of CEL", () => {
  const counts = { taken: 0, refused: 0, other: 0 };
  const wrong: string[] = [];

  function run(one: Case): void {
    const asked = ask(one);
    const facts = Object.entries(one.bindings ?? {}).map(
      ([name, { value }]) => [name, value === undefined ? undefined : toFact(value)] as const,
    );
    if (asked === undefined || facts.some(([, fact]) => fact === undefined)) {
      counts.other++;
      return;
    }
    const variables = new Map(facts.map(([name]): [string, ConditionType] => [name, { kind: "dyn" }]));
    const compiled = compileExpression(asked.text, { request: undefined, findEnum: () => undefined, variables });
    if ("faults" in compiled) counts.refused++;
    else
      judge(
        one.name,
        asked,
        compiled.evaluate(() => facts as readonly (readonly [string, CelInput])[]),
      );
  }

  function judge(name: string, { text, expected }: Asked, found: ReturnType<CompiledExpression["evaluate"]>): void {
    counts.taken++;
    if (expected === undefined ? typeof found !== "string" : found !== expected)
      wrong.push(`${name}: ${text} is ${found}, not ${expected ?? "an error"}`);
  }

  it("mean what CEL means, never crash, and hold for no error", () => {
    for (const one of casesOf(tests)) run(one);
    expect(wrong).to.deep.equal([]);
    // The others are about messages, which conditions do not make, types and functions that they do not have, and names in packages.
    expect(counts.taken, JSON.stringify(counts)).to.be.at.least(950);
  });
});
