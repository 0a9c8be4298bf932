// Rules written in CEL: compiled once, tried once, and run on what the message holds, within bounds.
import { type CelEnv, celEnv, celFromScalar, type CelInput, isCelError, parse, plan } from "@bufbuild/cel";
import {
  type DescField,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  getExtension,
  hasExtension,
  ScalarType,
} from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Field, MessageType, Schema, ScalarType as ScalarName } from "../../schema/descriptor.ts";
import type { Check, Inspection, Rule } from "../inspection.ts";
import { refuseRule, type Place } from "../rules/place.ts";
import { malformed } from "../../translate/wire/wire-reader.ts";
import { RuleFailure, RuleTooCostly } from "../rule-failure.ts";
import { type ScalarValue, zeroOf } from "../wire-shape.ts";
import { celFunctions } from "./functions.ts";
import { countRecords } from "./count-records.ts";
import { nativeValue } from "./native-value.ts";
import { prepareExpression } from "./prepare.ts";
import { rulesMessage, toRegistry } from "./registry.ts";

export interface Expression {
  readonly id: string;
  /** Empty where the expression makes it. */
  readonly message: string;
  readonly text: string;
}

/** What `this` is. */
export type Subject =
  | { readonly kind: "scalar"; readonly scalar: ScalarName | "enum" }
  | { readonly kind: "message"; readonly type: MessageType }
  /** A list or a map: the field as a whole. */
  | { readonly kind: "collection"; readonly field: Field };

/** Of predefined rules: what they are given beside `this`. */
export interface Given {
  readonly field: Field;
  /** `string`, `int32`, …: whose rules they are. */
  readonly kind: string;
  /** The full name of the extension, where the rule is one. */
  readonly extension: string | undefined;
}

/** Loops over what one message holds, over all its rules. */
export const maxTurns = 100_000;
const maxExpressionLength = 16_384;

type Bindings = Record<string, CelInput>;

export class CelRules {
  readonly #schema: Schema;
  #registry: FileRegistry | undefined;
  #env: CelEnv | undefined;
  /** The one whose rule runs now. */
  #at: Inspection | undefined;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  get registry(): FileRegistry {
    return (this.#registry ??= toRegistry(this.#schema));
  }

  get #environment(): CelEnv {
    return (this.#env ??= celEnv({
      registry: this.registry,
      funcs: celFunctions({ take: (turns) => this.#take(turns) }),
    }));
  }

  #take(turns: number): boolean {
    if (this.#at === undefined) return true;
    this.#at.turns += turns;
    return this.#at.turns <= maxTurns;
  }

  /** `option` is where the expression stands, relative to the place. Undefined after it was refused. */
  compile(
    expression: Expression,
    { place, option, rulePath, subject, given }: CelPlace,
  ): Check<ScalarValue | undefined> | undefined {
    const refuse = (message: string) =>
      refuseRule(
        place,
        option,
        `the rule ${JSON.stringify(expression.id)}: ${message}`,
        "see docs/validation.md, Rules in CEL",
      );
    try {
      const fixed = given === undefined ? {} : this.#given(place, given);
      const program = this.#plan(expression.text, subject, given);
      const fault = this.#tryOut(program, fixed, subject);
      if (fault === undefined)
        return this.#check(program, fixed, subject, { expression, rulePath, forKey: place.forKey });
      refuse(fault);
    } catch (error) {
      refuse(error instanceof Error ? error.message : String(error));
    }
    return undefined;
  }

  #plan(text: string, subject: Subject, given: Given | undefined) {
    if (text.length > maxExpressionLength)
      throw new Error(`an expression of more than ${maxExpressionLength} characters`);
    const parsed = parse(text);
    const variables = new Map([
      ["this", subject.kind === "message" ? this.registry.getMessage(subject.type.name) : undefined],
      ["now", undefined],
    ]);
    if (given !== undefined) variables.set("rules", undefined);
    if (given?.extension !== undefined) variables.set("rule", undefined);
    const env = this.#environment;
    const isFunction = (name: string) => env.funcs.find(name) !== undefined;
    const fault = prepareExpression(parsed.expr, { variables, registry: this.registry, isFunction });
    if (fault !== undefined) throw new Error(fault);
    return plan(env, parsed) as (bindings: Bindings) => unknown;
  }

  /** `rules` and `rule`, which are the same for every message. */
  #given(place: Place, { field, kind, extension }: Given): Bindings {
    const type = this.registry.getMessage(field.parent.name);
    const desc = type?.fields.find(({ number }) => number === field.number);
    const rules = desc && rulesMessage(this.registry, desc, place.path, kind);
    if (rules === undefined) throw new Error("its rules cannot be read");
    if (extension === undefined) return { rules };
    const member = this.registry.getExtension(extension);
    if (member === undefined || !hasExtension(rules.message, member)) throw new Error(`(${extension}) cannot be read`);
    const value = getExtension(rules.message, member);
    if (member.fieldKind === "scalar") return { rules, rule: celFromScalar(member.scalar, value as number) };
    if (member.fieldKind === "enum") return { rules, rule: BigInt(value as number) };
    if (member.fieldKind === "message") return { rules, rule: reflect(member.message, value as never) };
    return { rules, rule: toList(member, value as readonly unknown[]) };
  }

  /** What is wrong with it whatever the message holds. */
  #tryOut(program: (bindings: Bindings) => unknown, fixed: Bindings, subject: Subject): string | undefined {
    const now = timestampFromMs(0);
    const faults: string[] = [];
    const samples = this.#samples(subject);
    for (const sample of samples) {
      const result = program({ this: sample, now, ...fixed });
      if (isCelError(result)) {
        // Other failures can be of what the message holds, or does not hold.
        if (/no matching overload|unbound function|unresolved attribute/.test(result.message))
          faults.push(result.message);
      } else if (typeof result !== "boolean" && typeof result !== "string")
        return `gives neither a bool nor a string but ${typeof result === "bigint" ? "a number" : `a ${typeof result}`}`;
    }
    return faults.length === samples.length ? faults[0] : undefined;
  }

  /** A message that is empty, and one whose messages are there. */
  #samples(subject: Subject): CelInput[] {
    if (subject.kind === "scalar") return [fromScalar(subject.scalar, zeroOf(subject.scalar))];
    if (subject.kind === "message") return this.#sampleMessages(subject.type.name);
    const parent = this.#sampleMessages(subject.field.parent.name)[0];
    const desc = parent?.fields.find(({ number }) => number === subject.field.number);
    return desc === undefined ? [] : [parent.get(desc)];
  }

  #sampleMessages(name: string): ReflectMessage[] {
    const desc = this.registry.getMessage(name);
    if (desc === undefined) return [];
    const filled = reflect(desc);
    for (const field of desc.fields) if (field.fieldKind === "message") filled.set(field, reflect(field.message));
    return [reflect(desc), filled];
  }

  #check(
    program: (bindings: Bindings) => unknown,
    fixed: Bindings,
    subject: Subject,
    { expression, rulePath, forKey }: { expression: Expression; rulePath: string; forKey: boolean },
  ): Check<ScalarValue | undefined> {
    const { id, text } = expression;
    const rule = (message: string): Rule => ({ id, message, path: rulePath, forKey });
    const usesNow = /\bnow\b/.test(text);
    const failed = rule(expression.message || `"${text}" returned false`);
    return (value, at) => {
      const self = subject.kind === "scalar" ? fromScalar(subject.scalar, value!) : this.#native(at, id);
      this.#at = at;
      const bindings: Bindings = { this: self, ...fixed };
      if (usesNow) bindings.now = timestampFromMs(at.nowMs);
      const result = program(bindings);
      this.#at = undefined;
      if (at.turns > maxTurns) throw new RuleTooCostly(id, `it looks at more than ${maxTurns} items of one message`);
      if (result === true || result === "") return;
      if (result === false) at.violate(failed);
      else if (typeof result === "string") at.violate(expression.message === "" ? rule(result) : failed);
      else if (isCelError(result)) throw new RuleFailure(id, result.message, result);
      else throw new RuleFailure(id, `it gave a ${typeof result}, not a bool or a string`);
    };
  }

  /** What the inspection stands at. */
  #native(at: Inspection, id: string): CelInput {
    at.root ??= this.#decode(at, id);
    return nativeValue(at.root as ReflectMessage, at.steps);
  }

  #decode({ bytes, typeName }: Inspection, id: string): ReflectMessage {
    const type = this.#schema.message(typeName)!;
    // A field of two bytes becomes an object of some hundred.
    if (countRecords(type, { bytes, start: 0, end: bytes.length }, maxTurns) > maxTurns)
      throw new RuleTooCostly(id, `the message has more than ${maxTurns} fields`);
    const desc = this.registry.getMessage(typeName) as DescMessage;
    try {
      return reflect(desc, fromBinary(desc, bytes));
    } catch (error) {
      throw malformed(error instanceof Error ? error.message : String(error));
    }
  }
}

export interface CelPlace {
  readonly place: Place;
  readonly option: string;
  readonly rulePath: string;
  readonly subject: Subject;
  readonly given?: Given | undefined;
}

function fromScalar(scalar: ScalarName | "enum", value: ScalarValue): CelInput {
  if (scalar === "enum") return BigInt(value as number);
  return celFromScalar(scalarTypes[scalar], value);
}

const scalarTypes: Readonly<Record<ScalarName, ScalarType>> = {
  double: ScalarType.DOUBLE,
  float: ScalarType.FLOAT,
  int64: ScalarType.INT64,
  uint64: ScalarType.UINT64,
  int32: ScalarType.INT32,
  fixed64: ScalarType.FIXED64,
  fixed32: ScalarType.FIXED32,
  bool: ScalarType.BOOL,
  string: ScalarType.STRING,
  bytes: ScalarType.BYTES,
  uint32: ScalarType.UINT32,
  sfixed32: ScalarType.SFIXED32,
  sfixed64: ScalarType.SFIXED64,
  sint32: ScalarType.SINT32,
  sint64: ScalarType.SINT64,
};

function toList(member: DescField | { readonly fieldKind: string }, values: readonly unknown[]): CelInput {
  const list = member as { listKind?: string; scalar?: ScalarType };
  return values.map((value) => {
    if (list.listKind === "enum") return BigInt(value as number);
    if (list.listKind === "scalar") return celFromScalar(list.scalar as ScalarType.INT32, value as number);
    return value as CelInput;
  });
}
