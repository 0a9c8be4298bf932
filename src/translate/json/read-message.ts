// JSON text of one message → protobuf bytes, in one pass. Fields are written in the order the client sent them, which
// protobuf allows; values the path or the query bound (the overlay) are woven into the message they belong to.
import { didYouMean } from "../../diagnostic.ts";
import { closeKeySet, type KeySet, openKeySet } from "./key-set.ts";
import { type FieldPlan, Kind, type MessagePlan, type ReadRun } from "./message-plan.ts";
import type { JsonCursor } from "./json-cursor.ts";
import type { Overlay, OverlayEntry } from "../request/overlay.ts";
import { isSeen, markIgnored, markOneof, markSeen, nothingSeen, type Seen } from "./seen-fields.ts";
import { readPacked } from "./read-packed.ts";
import { readText } from "./read-string.ts";
import { readMapKey, readPlainValue } from "./read-value.ts";
import { enter, expectColon, skipValue } from "./skip-json.ts";
import { isSnippetAt } from "../wire/byte-sink.ts";
import { closeLength, openLength } from "../wire/write-wire.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;

/** Reads the JSON value of a message at the cursor, appending its fields. */
export function readMessage(run: ReadRun, plan: MessagePlan, overlay: Overlay | undefined): void {
  if (plan.wellKnown !== undefined) plan.wellKnown.read(run, plan, readEmbedded);
  else readObject(run, plan, overlay, undefined);
}

/** For google.protobuf.Any: the object's members but `@type`, or the well-known value inside. */
function readEmbedded(run: ReadRun, plan: MessagePlan, ignoredKey: string | undefined): void {
  if (plan.wellKnown !== undefined) plan.wellKnown.read(run, plan, readEmbedded);
  else readObject(run, plan, undefined, ignoredKey);
}

function readObject(
  run: ReadRun,
  plan: MessagePlan,
  overlay: Overlay | undefined,
  ignoredKey: string | undefined,
): void {
  const { json } = run;
  if (json.peek() !== OPEN_BRACE) json.unexpected(`an object (${plan.type.name})`);
  enter(run);
  json.pos++;
  const seen = nothingSeen();
  let expected = 0;
  let byte = json.peek();
  while (byte !== CLOSE_BRACE) {
    if (byte !== QUOTE) json.syntax("a field name in quotes");
    const keyAt = json.pos;
    const field = guessKey(json, plan, expected) ?? readKey(run, plan, ignoredKey);
    if (field === undefined) {
      if (ignoredKey !== undefined) markIgnored(run, seen, keyAt, ignoredKey);
      skipValue(run);
    } else {
      markSeen(run, seen, field, keyAt);
      expected = field.index + 1;
      if (overlay === undefined) readMember(run, field, seen, keyAt);
      else readField(run, field, seen, { overlay, keyAt });
    }
    byte = json.peek();
    if (byte === CLOSE_BRACE) break;
    if (byte !== COMMA) json.syntax(`"," or "}"`);
    json.pos++;
    byte = json.peek();
    if (byte === CLOSE_BRACE) json.syntax("a field name after the comma");
  }
  json.pos++;
  run.depth--;
  if (overlay !== undefined) appendUnseen(run, plan, overlay, seen);
}

/** How many fields that were left out are stepped over before the key is looked up. */
const guesses = 3;

/** Consumes the key, if it is one of the next in declaration order, and its colon, if it stands where it usually does. */
function guessKey(json: JsonCursor, plan: MessagePlan, expected: number): FieldPlan | undefined {
  const { keys } = plan;
  const { view, pos } = json;
  const end = Math.min(keys.length, expected + guesses);
  for (let i = expected; i < end; i++) {
    const key = keys[i];
    if (key === undefined || !isSnippetAt(key, view, pos)) continue;
    json.pos = pos + key.length;
    return plan.fields[i];
  }
  return undefined;
}

/** Consumes a key and its colon; undefined for one whose value is to be skipped. */
function readKey(run: ReadRun, plan: MessagePlan, ignoredKey: string | undefined): FieldPlan | undefined {
  const field = readName(run, plan, ignoredKey);
  expectColon(run);
  return field;
}

function readName(run: ReadRun, plan: MessagePlan, ignoredKey: string | undefined): FieldPlan | undefined {
  const { json } = run;
  const { bytes, pos, end } = json;
  let at = pos + 1;
  while (at < end && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at++;
  if (at < end && bytes[at] === QUOTE) {
    const field = plan.byName.find(bytes, pos + 1, at);
    if (field !== undefined) {
      json.pos = at + 1;
      return field;
    }
  }
  const name = readText(json, run.out, "a field name in quotes");
  const field = plan.byName.get(name);
  if (field === undefined && name !== ignoredKey && run.plans.options.unknownFields === "reject")
    refuseUnknown(run, plan, name, pos);
  return field;
}

function refuseUnknown(run: ReadRun, plan: MessagePlan, name: string, at: number): never {
  const guess = didYouMean(name, plan.byName.names());
  const hint = guess === undefined ? "" : `; ${guess}`;
  run.json.fail(`${plan.type.name} has no field "${name.slice(0, 64)}"${hint}`, "FIELD_UNKNOWN", at);
}

/** Writes what the path or the query bound and the body did not mention. */
function appendUnseen(run: ReadRun, plan: MessagePlan, overlay: Overlay, seen: Seen): void {
  for (const [of, entry] of overlay) {
    const field = plan.byNumber(of.number)!;
    if (!isSeen(seen, field)) appendEntry(run, field, entry);
  }
}

interface FieldContext {
  readonly overlay: Overlay | undefined;
  readonly keyAt: number;
}

/** Of a message that nothing but the body says anything about. */
function readMember(run: ReadRun, field: FieldPlan, seen: Seen, keyAt: number): void {
  const { json } = run;
  if (json.peek() === LETTER_N && (!field.readsNull || field.isRepeated || field.isMap)) {
    json.literal("null");
    return;
  }
  if (field.field.oneof !== undefined) markOneof(run, seen, field, keyAt);
  readFieldValue(run, field, undefined);
}

function readField(run: ReadRun, field: FieldPlan, seen: Seen, context: FieldContext): void {
  const { json } = run;
  const entry = context.overlay?.get(field.field);
  if (json.peek() === LETTER_N && (!field.readsNull || field.isRepeated || field.isMap)) {
    json.literal("null");
    if (entry !== undefined) appendEntry(run, field, entry);
    return;
  }
  if (field.field.oneof !== undefined) {
    markOneof(run, seen, field, context.keyAt);
    if (context.overlay !== undefined && losesOneof(run, field, context.overlay, context.keyAt)) return;
  }
  if (entry?.kind === "value") readBound(run, field, entry);
  else readFieldValue(run, field, entry?.node);
}

/** Whether the overlay holds another member of the field's oneof; the body's value is then refused, or read and dropped. */
function losesOneof(run: ReadRun, field: FieldPlan, overlay: Overlay, keyAt: number): boolean {
  const { oneof } = field.field;
  const isTaken = [...overlay.keys()].some((other) => other.oneof === oneof && other !== field.field);
  if (!isTaken) return false;
  if (run.plans.options.boundFields === "refuse")
    run.json.fail(
      `another field of oneof "${oneof!.name}" is already given in the path or query`,
      "ONEOF_DUPLICATE",
      keyAt,
    );
  const start = run.out.length;
  readFieldValue(run, field, undefined);
  run.out.length = start;
  return true;
}

/** Reads the value of a field, tag included; also what `body: "field"` calls. */
export function readFieldValue(run: ReadRun, field: FieldPlan, overlay: Overlay | undefined): void {
  if (field.isRepeated) readList(run, field);
  else if (field.isMap) readMap(run, field);
  else {
    const { out } = run;
    const start = out.length;
    out.append(field.tag);
    const valueAt = out.length;
    const isRead = readValue(run, field, overlay);
    if (!isRead || (field.skipsZero && isZero(out.bytes, valueAt, out.length))) out.length = start;
  }
}

/** Whether all bytes of a value are zero: the zero of every scalar, a string's length byte included. */
function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[end - 1] !== 0) return false;
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** One value after its tag; false where nothing may be written (an ignored enum name). */
function readValue(run: ReadRun, field: FieldPlan, overlay: Overlay | undefined): boolean {
  if (field.kind < Kind.MESSAGE) return readPlainValue(run, field);
  const { out } = run;
  if (field.kind === Kind.GROUP) {
    readMessage(run, field.message, overlay);
    out.append(field.endTag);
    return true;
  }
  const guess = field.lengthBytes;
  const lengthAt = openLength(out, guess);
  readMessage(run, field.message, overlay);
  field.lengthBytes = closeLength(out, lengthAt, guess);
  return true;
}

function readList(run: ReadRun, field: FieldPlan): void {
  const { json, out } = run;
  if (json.peek() !== OPEN_BRACKET) json.unexpected("an array");
  enter(run);
  json.pos++;
  const start = out.length;
  const guess = field.lengthBytes;
  let lengthAt = 0;
  if (field.isPacked) {
    out.append(field.tag);
    lengthAt = openLength(out, guess);
  }
  const valuesAt = out.length;
  let byte = json.peek();
  while (byte !== CLOSE_BRACKET) {
    if (byte === LETTER_N && !field.readsNull) json.fail("an array element must not be null", "VALUE_INVALID");
    if (field.isPacked && readPacked(run, field)) {
      byte = json.peek();
      if (byte === CLOSE_BRACKET) json.syntax("a value after the comma");
      continue;
    }
    const elementAt = out.length;
    if (!field.isPacked) out.append(field.tag);
    if (!readValue(run, field, undefined)) out.length = elementAt;
    byte = json.peek();
    if (byte === CLOSE_BRACKET) break;
    if (byte !== COMMA) json.syntax(`"," or "]"`);
    json.pos++;
    byte = json.peek();
    if (byte === CLOSE_BRACKET) json.syntax("a value after the comma");
  }
  json.pos++;
  run.depth--;
  if (!field.isPacked) return;
  if (out.length === valuesAt) out.length = start;
  else field.lengthBytes = closeLength(out, lengthAt, guess);
}

function readMap(run: ReadRun, field: FieldPlan): void {
  const { json } = run;
  if (json.peek() !== OPEN_BRACE) json.unexpected("an object (a map)");
  enter(run);
  json.pos++;
  const keys = openKeySet();
  let byte = json.peek();
  while (byte !== CLOSE_BRACE) {
    readEntry(run, field, keys);
    byte = json.peek();
    if (byte === CLOSE_BRACE) break;
    if (byte !== COMMA) json.syntax(`"," or "}"`);
    json.pos++;
    byte = json.peek();
    if (byte === CLOSE_BRACE) json.syntax("a map key after the comma");
  }
  closeKeySet();
  json.pos++;
  run.depth--;
}

function readEntry(run: ReadRun, field: FieldPlan, keys: KeySet): void {
  const { json, out } = run;
  const { key, value } = field.entry;
  const start = out.length;
  const guess = field.lengthBytes;
  out.append(field.tag);
  const lengthAt = openLength(out, guess);
  json.peek();
  const keyAt = json.pos;
  out.append(key.tag);
  const keyBytesAt = out.length;
  readMapKey(run, key);
  // Compared as encoded, so "1", "1.0" and an escaped spelling of the same key are the same key.
  if (!keys.add(out.bytes, keyBytesAt, out.length)) json.fail("the map key is given twice", "FIELD_DUPLICATE", keyAt);
  expectColon(run);
  if (json.peek() === LETTER_N && !value.readsNull) json.fail("a map value must not be null", "VALUE_INVALID");
  out.append(value.tag);
  if (readValue(run, value, undefined)) field.lengthBytes = closeLength(out, lengthAt, guess);
  else out.length = start;
}

/** A body value for a field that the path or the query already set. */
function readBound(run: ReadRun, field: FieldPlan, entry: OverlayEntry & { kind: "value" }): void {
  const { json, out } = run;
  const start = out.length;
  const valueAt = json.pos;
  readFieldValue(run, field, undefined);
  const isEqual = Buffer.compare(out.bytes.subarray(start, out.length), entry.wire) === 0;
  out.length = start;
  if (!isEqual && run.plans.options.boundFields === "refuse")
    json.fail(
      `the ${entry.source} already sets this field to "${entry.text.slice(0, 64)}"; leave it out or send the same value`,
      "FIELD_BOUND",
      valueAt,
    );
  out.appendRange(entry.wire, 0, entry.wire.length);
}

function appendEntry(run: ReadRun, field: FieldPlan, entry: OverlayEntry): void {
  const { out } = run;
  if (entry.kind === "value") {
    out.appendRange(entry.wire, 0, entry.wire.length);
    return;
  }
  // A message that holds nothing but bound values.
  out.append(field.tag);
  const guess = field.lengthBytes;
  const lengthAt = field.kind === Kind.GROUP ? 0 : openLength(out, guess);
  for (const [of, inner] of entry.node) appendEntry(run, field.message.byNumber(of.number)!, inner);
  if (field.kind === Kind.GROUP) out.append(field.endTag);
  else field.lengthBytes = closeLength(out, lengthAt, guess);
}
