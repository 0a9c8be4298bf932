// What one JSON object has held so far: to refuse a field, or a second member of a oneof, that is given twice.
import type { FieldPlan, ReadRun } from "./message-plan.ts";
import { readText } from "./read-string.ts";

/** What was seen of one object: the first 31 fields in a bit each, so that most messages need no allocation. */
export interface Seen {
  fields: number;
  oneofs: number;
  more: Set<object> | undefined;
  /** Whether the ignored key was there. */
  hasIgnored: boolean;
}

export function nothingSeen(): Seen {
  return { fields: 0, oneofs: 0, more: undefined, hasIgnored: false };
}

export function markSeen(run: ReadRun, seen: Seen, field: FieldPlan, keyAt: number): void {
  if (field.index < 31) {
    const bit = 1 << field.index;
    if ((seen.fields & bit) === 0) {
      seen.fields |= bit;
      return;
    }
  } else {
    seen.more ??= new Set();
    if (!seen.more.has(field)) {
      seen.more.add(field);
      return;
    }
  }
  run.json.fail("the field is given twice", "FIELD_DUPLICATE", keyAt);
}

/** The key that is read elsewhere may be there once, too; `keyAt` is that of any key that is skipped. */
export function markIgnored({ json, out }: ReadRun, seen: Seen, keyAt: number, ignoredKey: string): void {
  const { pos } = json;
  json.pos = keyAt;
  const isIgnored = readText(json, out, "a field name in quotes") === ignoredKey;
  json.pos = pos;
  if (isIgnored && seen.hasIgnored) json.fail("the field is given twice", "FIELD_DUPLICATE", keyAt);
  if (isIgnored) seen.hasIgnored = true;
}

export function isSeen(seen: Seen, field: FieldPlan): boolean {
  return field.index < 31 ? (seen.fields & (1 << field.index)) !== 0 : (seen.more?.has(field) ?? false);
}

export function markOneof(run: ReadRun, seen: Seen, field: FieldPlan, keyAt: number): void {
  const oneof = field.field.oneof!;
  const isFirst = field.oneofBit !== 0 ? (seen.oneofs & field.oneofBit) === 0 : !(seen.more?.has(oneof) ?? false);
  if (!isFirst) run.json.fail(`another field of oneof "${oneof.name}" is already given`, "ONEOF_DUPLICATE", keyAt);
  if (field.oneofBit !== 0) seen.oneofs |= field.oneofBit;
  else (seen.more ??= new Set()).add(oneof);
}
