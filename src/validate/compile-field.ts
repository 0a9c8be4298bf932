// The rules of one field: whether it has to be there, when its rules count, and those of its value, items, keys and values.
import type { Field, OptionMessage } from "../schema/descriptor.ts";
import { behaviorOutputOnly, behaviorRequired, hasBehavior, isRequired, isWritten } from "./behavior.ts";
import {
  type Compiling,
  compileMessageValue,
  compileScalarValue,
  compileWhole,
  type ValueRules,
} from "./compile-value.ts";
import type { Check, Inspection, Rule } from "./inspection.ts";
import { joinPieces, type MapValue, type Ranges, scalarOf, type SlotValue, type Span } from "./message-fields.ts";
import type { MessageType } from "../schema/descriptor.ts";
import { compileItemCounts, compilePairCounts, compileUnique } from "./rules/collection-rules.ts";
import { type Place, placeInside, refuseRule, type Report } from "./rules/place.ts";
import { isZero, type ScalarValue, zeroOf } from "./wire-shape.ts";

/** What a field's value is checked with; `bytes` are what ranges are of. */
export type FieldCheck = (value: SlotValue | undefined, bytes: Uint8Array, at: Inspection) => void;

export interface FieldCompiling extends Compiling {
  readonly report: Report;
  readonly outputOnly: "reject" | "ignore";
  /** The checks of what is inside messages of a type; undefined where nothing in it has rules. */
  inside(type: MessageType): Check<Span> | undefined;
}

type Ignore = "never" | "zero" | "always";

/** Undefined where nothing of the field is checked. `isRival`: a message-level oneof names it. */
export function compileField(compiling: FieldCompiling, field: Field, isRival: boolean): FieldCheck | undefined {
  const rules = field.options.get("(buf.validate.field)") as OptionMessage | undefined;
  const place = placeOf(field, compiling.report);
  const ignore = readIgnore(rules, place, isRival);
  const required = requiredRule(rules, ignore, field);
  const value: ValueRules = { place, field, owner: field, rules };
  const check = compileByShape(compiling, value, ignore);
  const isOutputOnly = compiling.outputOnly === "reject" && hasBehavior(field, "OUTPUT_ONLY");
  if (required === undefined && !isOutputOnly) return ignore === "always" ? undefined : check;
  return (slot, bytes, at) => {
    const isSet = isPresent(slot, field);
    if (isSet && isOutputOnly) at.violate(behaviorOutputOnly, field);
    if (isSet || required === undefined || (required === behaviorRequired && !isWritten(at, field)))
      check?.(slot, bytes, at);
    else at.violate(required, field);
  };
}

function placeOf(field: Field, report: Report): Place {
  return {
    name: field.name,
    option: "(buf.validate.field)",
    path: "",
    forKey: false,
    positionOf: (option) => field.optionPosition(option),
    report,
  };
}

function requiredRule(rules: OptionMessage | undefined, ignore: Ignore, field: Field): Rule | undefined {
  if (rules?.get("required") === true && ignore !== "always")
    return { id: "required", message: "value is required", path: "required", forKey: false };
  return isRequired(field) ? behaviorRequired : undefined;
}

function readIgnore(rules: OptionMessage | undefined, place: Place, isRival: boolean): Ignore {
  const written = rules?.get("ignore") as string | number | undefined;
  switch (written) {
    case undefined:
      return isRival ? "zero" : "never";
    case "IGNORE_UNSPECIFIED":
      return "never";
    case "IGNORE_IF_ZERO_VALUE":
      return "zero";
    case "IGNORE_ALWAYS":
      return "always";
    default:
      refuseRule(
        place,
        "ignore",
        `${written} is no way to ignore rules`,
        "write IGNORE_IF_ZERO_VALUE or IGNORE_ALWAYS",
      );
      return "never";
  }
}

/** Present, and not empty where that is the same on the wire. */
export function isPresent(slot: SlotValue | undefined, field: Field): boolean {
  if (slot === undefined) return false;
  if (field.cardinality !== "singular")
    return Array.isArray(slot) ? slot.length > 0 : (slot as Map<unknown, unknown>).size > 0;
  return field.hasPresence || !isZero(slot as ScalarValue);
}

function compileByShape(compiling: FieldCompiling, value: ValueRules, ignore: Ignore): FieldCheck | undefined {
  const { field } = value;
  // Rules that are ignored still have to be rules.
  const check =
    field.cardinality === "map"
      ? compileMap(compiling, value, ignore)
      : field.cardinality === "repeated"
        ? compileList(compiling, value, ignore)
        : field.type.kind === "message"
          ? compileMessage(compiling, value, field.type.message)
          : compileScalar(compiling, value, ignore);
  return ignore === "always" ? undefined : check;
}

function compileScalar(compiling: FieldCompiling, value: ValueRules, ignore: Ignore): FieldCheck | undefined {
  const checks = compileScalarValue(compiling, value);
  if (checks.length === 0) return undefined;
  const { field } = value;
  const zero = zeroOf(scalarOf(field));
  // Without presence an unset field has the value zero, which its rules are about, too.
  const skipsZero = !field.hasPresence && ignore === "zero";
  return (slot, _, at) => {
    if (slot === undefined ? field.hasPresence || skipsZero : skipsZero && isZero(slot as ScalarValue)) return;
    at.steps.push(field);
    runAll(checks, (slot ?? zero) as ScalarValue, at);
    at.steps.pop();
  };
}

function runAll<T>(checks: readonly Check<T>[], value: T, at: Inspection): void {
  for (let i = 0; i < checks.length; i++) checks[i](value, at);
}

function compileMessage(compiling: FieldCompiling, value: ValueRules, type: MessageType): FieldCheck | undefined {
  const checks = compileMessageValue(compiling, value, type);
  const inside = compiling.inside(type);
  if (checks.length === 0 && inside === undefined) return undefined;
  const all = inside === undefined ? checks : [...checks, inside];
  return (slot, bytes, at) => {
    if (slot === undefined) return;
    at.steps.push(value.field);
    runAll(all, joinPieces(bytes, slot as Ranges), at);
    at.steps.pop();
  };
}

/** The rules of one item, key or value, and whether zero is spared them. */
interface Inner {
  readonly checks: readonly Check<MapValue>[];
  readonly skipsZero: boolean;
}

function compileInner(compiling: FieldCompiling, value: ValueRules): Inner | undefined {
  const { field, rules, place } = value;
  const ignore = readIgnore(rules, place, false);
  if (rules?.get("required") === true) warnOfRequired(place);
  const checks: Check<MapValue>[] = [];
  if (field.type.kind === "message") {
    checks.push(...(compileMessageValue(compiling, value, field.type.message) as Check<MapValue>[]));
    const inside = compiling.inside(field.type.message);
    if (inside !== undefined) checks.push(inside as Check<MapValue>);
  } else checks.push(...(compileScalarValue(compiling, value) as Check<MapValue>[]));
  if (checks.length === 0 || ignore === "always") return undefined;
  return { checks, skipsZero: ignore === "zero" && field.type.kind !== "message" };
}

/** Protovalidate takes it, too, and does nothing with it. */
function warnOfRequired(place: Place): void {
  const message = `what is in a list or map is always there: "required" says nothing of it`;
  refuseRule(place, "required", message, "ask for min_items, min_pairs or min_len instead", "warning");
}

function compileList(compiling: FieldCompiling, value: ValueRules, ignore: Ignore): FieldCheck | undefined {
  const { field } = value;
  const { kind, cel } = compileWhole(compiling, value, "repeated");
  const isMessages = field.type.kind === "message";
  const counts = kind === undefined ? [] : compileItemCounts(kind);
  if (isMessages && kind?.isOn("unique") === true)
    kind.refuse(
      "unique",
      "messages cannot be told to be unique",
      "write a rule in CEL over the field that makes them so",
    );
  const unique = kind === undefined || isMessages ? undefined : compileUnique(kind);
  const items = compileInner(compiling, {
    ...value,
    place: placeInside(value.place, "repeated.items"),
    rules: kind?.get("items") as OptionMessage | undefined,
    // Of items the type alone counts.
    field: asItem(field),
  });
  if (counts.length === 0 && cel.length === 0 && unique === undefined && items === undefined) return undefined;
  return (slot, bytes, at) => {
    const length = slot === undefined ? 0 : isMessages ? (slot as Ranges).length >> 1 : (slot as ScalarValue[]).length;
    if (length === 0 && ignore === "zero") return;
    at.steps.push(field);
    runAll(counts, length, at);
    if (length > 0) unique?.(slot as ScalarValue[], at);
    runAll(cel, undefined, at);
    if (items !== undefined && length > 0)
      checkItems(items, slot as ScalarValue[] | Ranges, { bytes, isMessages, length }, at);
    at.steps.pop();
  };
}

/** A field of the same type that is not repeated. */
function asItem(field: Field): Field {
  return Object.create(field, { cardinality: { value: "singular" } }) as Field;
}

interface Items {
  readonly bytes: Uint8Array;
  readonly isMessages: boolean;
  readonly length: number;
}

function checkItems({ checks, skipsZero }: Inner, slot: ScalarValue[] | Ranges, items: Items, at: Inspection): void {
  const { bytes, isMessages, length } = items;
  const top = at.steps.push(0) - 1;
  for (let i = 0; i < length; i++) {
    at.steps[top] = i;
    if (isMessages) runAll(checks, { bytes, start: (slot as Ranges)[2 * i], end: (slot as Ranges)[2 * i + 1] }, at);
    else if (!skipsZero || !isZero(slot[i])) runAll(checks, slot[i], at);
  }
  at.steps.pop();
}

function compileMap(compiling: FieldCompiling, value: ValueRules, ignore: Ignore): FieldCheck | undefined {
  const { field } = value;
  if (field.type.kind !== "message") return undefined;
  const { kind, cel } = compileWhole(compiling, value, "map");
  const [keyField, valueField] = [...field.type.message.fields].sort((one, other) => one.number - other.number);
  const counts = kind === undefined ? [] : compilePairCounts(kind);
  const inner = (name: "keys" | "values", of: Field) =>
    compileInner(compiling, {
      ...value,
      place: placeInside(value.place, `map.${name}`, name === "keys"),
      rules: kind?.get(name) as OptionMessage | undefined,
      field: of,
    });
  const keys = inner("keys", keyField);
  const values = inner("values", valueField);
  if (counts.length === 0 && cel.length === 0 && keys === undefined && values === undefined) return undefined;
  return (slot, _, at) => {
    const entries = slot as Map<ScalarValue, MapValue> | undefined;
    if (entries === undefined && ignore === "zero") return;
    at.steps.push(field);
    runAll(counts, entries?.size ?? 0, at);
    runAll(cel, undefined, at);
    if (entries !== undefined && (keys !== undefined || values !== undefined)) checkEntries(entries, keys, values, at);
    at.steps.pop();
  };
}

function checkEntries(
  entries: ReadonlyMap<ScalarValue, MapValue>,
  keys: Inner | undefined,
  values: Inner | undefined,
  at: Inspection,
): void {
  const top = at.steps.push(0) - 1;
  for (const [key, value] of entries) {
    at.steps[top] = key as string;
    if (keys !== undefined && !(keys.skipsZero && isZero(key))) runAll(keys.checks, key, at);
    if (values !== undefined && !(values.skipsZero && isZero(value as ScalarValue))) runAll(values.checks, value, at);
  }
  at.steps.pop();
}
