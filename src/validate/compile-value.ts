// The rules of one value: a field's own, a list's item, a map's key or value.
import type { Field, MessageType, OptionMessage, OptionValue, Schema } from "../schema/descriptor.ts";
import type { CelRules, Expression, Given, Subject } from "./cel/cel-rules.ts";
import { wrappers } from "../schema/wrappers.ts";
import type { Check, Inspection } from "./inspection.ts";
import { MessageFields, type SlotValue, type Span } from "./message-fields.ts";
import { bytesRuleNames, compileBytesRules } from "./rules/bytes-rules.ts";
import { mapRuleNames, repeatedRuleNames } from "./rules/collection-rules.ts";
import { compileEnumRules, enumRuleNames } from "./rules/enum-rules.ts";
import { boolRuleNames, compileBoolRules, compileNumberRules, numberRuleNames } from "./rules/number-rules.ts";
import { joinPath, type Place, refuseRule, RuleKind } from "./rules/place.ts";
import { anyRuleNames, compileAnyRules, compileFieldMaskRules, fieldMaskRuleNames } from "./rules/special-rules.ts";
import { compileStringRules, stringRuleNames } from "./rules/string-rules.ts";
import {
  compileDurationRules,
  compileTimestampRules,
  durationRuleNames,
  timestampRuleNames,
  toNanoseconds,
} from "./rules/time-rules.ts";
import { scalarOf } from "./message-fields.ts";
import { type ScalarValue, zeroOf } from "./wire-shape.ts";

/** What compiling needs of its surroundings. */
export interface Compiling {
  readonly schema: Schema;
  /** Loaded when the first rule needs it. */
  readonly cel: () => CelRules;
}

/** Rules of a value, with what it is. */
export interface ValueRules {
  readonly place: Place;
  /** The field whose value it is: of a map's key or value the one in the entry. */
  readonly field: Field;
  /** The field as the message has it. */
  readonly owner: Field;
  /** buf.validate.FieldRules; undefined for none. */
  readonly rules: OptionMessage | undefined;
}

const nativeNames: Readonly<Record<string, readonly string[]>> = {
  bool: boolRuleNames,
  string: stringRuleNames,
  bytes: bytesRuleNames,
  enum: enumRuleNames,
  repeated: repeatedRuleNames,
  map: mapRuleNames,
  any: anyRuleNames,
  duration: durationRuleNames,
  timestamp: timestampRuleNames,
  field_mask: fieldMaskRuleNames,
};

const wellKnownKinds: ReadonlyMap<string, string> = new Map<string, string>([
  ["google.protobuf.Any", "any"],
  ["google.protobuf.Duration", "duration"],
  ["google.protobuf.Timestamp", "timestamp"],
  ["google.protobuf.FieldMask", "field_mask"],
  ...wrappers,
]);

/** Which rules a value can have; undefined for messages that have none but CEL. */
export function kindOf({ type }: Field): string | undefined {
  if (type.kind === "enum") return "enum";
  return type.kind === "scalar" ? type.scalar : wellKnownKinds.get(type.message.name);
}

/** For scalars and enums. */
export function compileScalarValue(compiling: Compiling, value: ValueRules): Check<ScalarValue>[] {
  if (value.rules === undefined) return [];
  const scalar = scalarOf(value.field);
  const subject: Subject = { kind: "scalar", scalar };
  const kind = ruleKind(value, kindOf(value.field));
  const own = kind === undefined ? [] : compileKind(kind, value.field);
  return [
    ...compileCel(compiling, value, subject),
    ...own,
    ...(kind === undefined ? [] : compilePredefined(compiling, value, kind, subject)),
  ];
}

/** For messages: what is in them has rules of its own, which are not these. */
export function compileMessageValue(compiling: Compiling, value: ValueRules, type: MessageType): Check<Span>[] {
  if (value.rules === undefined) return [];
  const subject: Subject = { kind: "message", type };
  const kind = ruleKind(value, wellKnownKinds.get(type.name));
  const cel = [
    ...compileCel(compiling, value, subject),
    ...(kind === undefined ? [] : compilePredefined(compiling, value, kind, subject)),
  ].map(
    (check): Check<Span> =>
      (_, at) =>
        check(undefined, at),
  );
  const own = kind === undefined ? undefined : compileWellKnown(kind, type);
  return own === undefined ? cel : [...cel, own];
}

/** The rules of a list or map as a whole: `repeated`, `map`, and CEL. */
export function compileWhole(compiling: Compiling, value: ValueRules, name: "repeated" | "map") {
  const subject: Subject = { kind: "collection", field: value.owner };
  const kind = ruleKind(value, name);
  const cel = [
    ...compileCel(compiling, value, subject),
    ...(kind === undefined ? [] : compilePredefined(compiling, value, kind, subject)),
  ];
  return { kind, cel };
}

const common: ReadonlySet<string> = new Set(["cel", "cel_expression", "required", "ignore"]);

/** The rules of the kind that fits; what does not fit is refused. */
function ruleKind({ rules, place, field, owner }: ValueRules, wanted: string | undefined): RuleKind | undefined {
  let found: RuleKind | undefined;
  for (const [name, value] of rules ?? []) {
    if (common.has(name)) continue;
    if (name === wanted) found = new RuleKind(place, name, value as OptionMessage);
    else if (!(value instanceof Map))
      refuseRule(place, name, `the rule "${name}" is not known`, "see docs/validation.md for the rules that are");
    else {
      const what = describeType(field === owner ? owner : field, field === owner);
      const hint =
        wanted === undefined
          ? "write rules on the fields of the message, or in CEL"
          : `write (buf.validate.field).${joinPath(place.path, wanted)}`;
      refuseRule(place, name, `"${name}" rules on ${what}`, hint);
    }
  }
  return found;
}

function describeType({ type, cardinality }: Field, isWhole: boolean): string {
  const one =
    type.kind === "scalar" ? type.scalar : type.kind === "enum" ? `the enum ${type.enum.name}` : type.message.name;
  if (!isWhole || cardinality === "singular") return `a value of type ${one}`;
  return cardinality === "map" ? "a map" : `a list of ${one}`;
}

function compileKind(kind: RuleKind, { type }: Field): Check<ScalarValue>[] {
  switch (kind.kind) {
    case "string":
      return compileStringRules(kind) as Check<ScalarValue>[];
    case "bytes":
      return compileBytesRules(kind) as Check<ScalarValue>[];
    case "bool":
      return compileBoolRules(kind) as Check<ScalarValue>[];
    case "enum":
      return type.kind === "enum" ? (compileEnumRules(kind, type.enum) as Check<ScalarValue>[]) : [];
    default:
      return compileNumberRules(kind) as Check<ScalarValue>[];
  }
}

function compileWellKnown(kind: RuleKind, type: MessageType): Check<Span> | undefined {
  const fields = new MessageFields(type.fields);
  const read = ({ bytes, start, end }: Span) => fields.read(bytes, start, end);
  switch (kind.kind) {
    case "duration":
    case "timestamp": {
      const checks = kind.kind === "duration" ? compileDurationRules(kind) : compileTimestampRules(kind);
      return onValue(checks, read, ([seconds, nanos]) =>
        toNanoseconds((seconds ?? 0n) as bigint, (nanos ?? 0) as number),
      );
    }
    case "any":
      return onValue(compileAnyRules(kind), read, ([url]) => (url ?? "") as string);
    case "field_mask":
      return onValue(compileFieldMaskRules(kind), read, ([paths]) => (paths ?? []) as readonly string[]);
    default: {
      const [value] = type.fields;
      const zero = zeroOf(scalarOf(value));
      return onValue(compileKind(kind, value), read, ([inner]) => (inner ?? zero) as ScalarValue);
    }
  }
}

function onValue<T>(
  checks: readonly Check<T>[],
  read: (span: Span) => readonly (SlotValue | undefined)[],
  valueOf: (fields: readonly (SlotValue | undefined)[]) => T,
): Check<Span> | undefined {
  if (checks.length === 0) return undefined;
  return (span: Span, at: Inspection) => {
    const value = valueOf(read(span));
    for (const check of checks) check(value, at);
  };
}

type CelCheck = Check<ScalarValue | undefined>;

/** `cel` and `cel_expression`. */
function compileCel({ cel }: Compiling, { rules, place }: ValueRules, subject: Subject): CelCheck[] {
  return readExpressions(rules).flatMap(({ expression, option }) => {
    const rulePath = joinPath(place.path, option);
    return cel().compile(expression, { place, option, rulePath, subject }) ?? [];
  });
}

/** `cel` and `cel_expression` of FieldRules or MessageRules. */
export function readExpressions(
  rules: OptionMessage | undefined,
): readonly { expression: Expression; option: string }[] {
  const written = (rules?.get("cel") ?? []) as readonly OptionMessage[];
  const plain = (rules?.get("cel_expression") ?? []) as readonly string[];
  return [
    ...plain.map((text, index) => ({
      expression: { id: text, message: "", text },
      option: `cel_expression[${index}]`,
    })),
    ...written.map((rule, index) => ({ expression: toExpression(rule), option: `cel[${index}]` })),
  ];
}

function toExpression(rule: OptionMessage): Expression {
  const text = (name: string) => (rule.get(name) ?? "") as string;
  return { id: text("id"), message: text("message"), text: text("expression") };
}

/** What is not checked here by itself: rules that somebody added, and those of a newer validate.proto, which say in CEL what they mean. */
function compilePredefined(compiling: Compiling, value: ValueRules, kind: RuleKind, subject: Subject): CelCheck[] {
  const native = nativeNames[kind.kind] ?? numberRuleNames;
  const checks: CelCheck[] = [];
  for (const name of kind.rules.keys()) {
    if (native.includes(name) || name === "example") continue;
    const extension = name.startsWith("(") ? name.slice(1, -1) : undefined;
    const declared = declaredRule(compiling.schema, kind.kind, name, extension);
    const meaning = declared?.options.get("(buf.validate.predefined)") as OptionMessage | undefined;
    const expressions = (meaning?.get("cel") ?? []) as readonly OptionValue[];
    if (expressions.length === 0)
      kind.refuse(
        name,
        `the rule "${name}" does not say what it means`,
        "give it (buf.validate.predefined).cel where it is declared",
      );
    const option = `${kind.kind}.${name}`;
    const rulePath = joinPath(value.place.path, `${kind.kind}.${extension === undefined ? name : `[${extension}]`}`);
    const given: Given = { field: value.owner, kind: kind.kind, extension };
    for (const expression of expressions) {
      const rule = toExpression(expression as OptionMessage);
      const check = compiling.cel().compile(rule, { place: value.place, option, rulePath, subject, given });
      if (check !== undefined) checks.push(check);
    }
  }
  return checks;
}

function declaredRule(schema: Schema, kind: string, name: string, extension: string | undefined): Field | undefined {
  if (extension !== undefined) return schema.extension(extension);
  const type = schema.message("buf.validate.FieldRules")?.field(kind)?.type;
  return type?.kind === "message" ? type.message.fields.find((field) => field.protoName === name) : undefined;
}
