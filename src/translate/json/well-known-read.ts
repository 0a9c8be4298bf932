// The messages with a JSON form of their own, JSON → protobuf: the reading half of well-known.ts. Each appends the
// message's fields; tag and length are the caller's.
import { parseDuration, parseTimestamp } from "./time-text.ts";
import { toSnake } from "./field-mask-name.ts";
import type { JsonCursor } from "./json-cursor.ts";
import { closeKeySet, openKeySet } from "./key-set.ts";
import type { MessagePlan, MessageReader, ReadRun } from "./message-plan.ts";
import { readDouble } from "./read-number.ts";
import { readRawString, readString, readText } from "./read-string.ts";
import { readPlainValue } from "./read-value.ts";
import { enter, expectColon, skipValue } from "./skip-json.ts";
import { closeLength, openLength, writeDoubleBits, writeVarint32, writeVarint64 } from "../wire/write-wire.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

export function readTimestamp(run: ReadRun): void {
  readSecondsAndNanos(run, parseTimestamp, "an RFC 3339 timestamp such as 2026-01-31T12:30:00Z");
}

export function readDuration(run: ReadRun): void {
  readSecondsAndNanos(run, parseDuration, `a duration in seconds such as "1.5s"`);
}

type TimeParser = typeof parseTimestamp;

function readSecondsAndNanos(run: ReadRun, parse: TimeParser, expected: string): void {
  const { out } = run;
  const json: JsonCursor = run.json;
  json.peek();
  const start = json.pos;
  const textAt = out.length;
  readRawString(json, out, expected);
  const time = parse(out.bytes, textAt, out.length);
  out.length = textAt;
  if (time === undefined) {
    json.pos = start;
    json.unexpected(expected);
  }
  const { seconds, nanos } = time;
  if (seconds !== 0) {
    out.appendByte(8);
    writeVarint64(out, seconds % 4294967296, Math.floor(seconds / 4294967296));
  }
  if (nanos !== 0) {
    out.appendByte(16);
    writeVarint64(out, nanos, nanos >> 31);
  }
}

export function readFieldMask(run: ReadRun): void {
  const { out } = run;
  const json: JsonCursor = run.json;
  json.peek();
  const start = json.pos;
  const text = readText(json, out, "a field mask: field names separated by commas");
  if (text === "") return;
  for (const path of text.split(",")) {
    const snake = toSnake(path);
    if (path === "" || snake === undefined)
      json.fail(`"${path.slice(0, 64)}" is no lowerCamelCase field path of a field mask`, "VALUE_INVALID", start);
    out.appendByte(10);
    const bytes = Buffer.from(snake);
    writeVarint32(out, bytes.length);
    out.appendRange(bytes, 0, bytes.length);
  }
}

export function readWrapper(run: ReadRun, plan: MessagePlan): void {
  const { out } = run;
  const field = plan.fields[0];
  const start = out.length;
  out.append(field.tag);
  const valueAt = out.length;
  readPlainValue(run, field);
  // The zero is the default inside the wrapper; the wrapper itself stays.
  if (out.bytes.subarray(valueAt, out.length).every((byte) => byte === 0)) out.length = start;
}

export function readStruct(run: ReadRun): void {
  const { json, out } = run;
  if (json.peek() !== OPEN_BRACE) json.unexpected("an object (google.protobuf.Struct)");
  enter(run);
  json.pos++;
  const keys = openKeySet();
  let byte = json.peek();
  while (byte !== CLOSE_BRACE) {
    const keyAt = json.pos;
    out.appendByte(10);
    const lengthAt = openLength(out, 1);
    out.appendByte(10);
    const keyBytesAt = out.length;
    if (byte !== QUOTE) json.syntax("a key in quotes");
    readString(json, out, "a key in quotes");
    if (!keys.add(out.bytes, keyBytesAt, out.length)) json.fail("the key is given twice", "FIELD_DUPLICATE", keyAt);
    expectColon(run);
    out.appendByte(18);
    readNestedValue(run);
    closeLength(out, lengthAt, 1);
    byte = nextMember(json, CLOSE_BRACE, `"," or "}"`);
  }
  closeKeySet();
  json.pos++;
  run.depth--;
}

/** Consumes the comma, if there is one; the byte that stands next, not consumed. */
function nextMember(json: JsonCursor, close: number, expected: string): number {
  const byte = json.peek();
  if (byte === close) return byte;
  if (byte !== COMMA) json.syntax(expected);
  json.pos++;
  const next = json.peek();
  if (next === close) json.syntax("a value after the comma");
  return next;
}

export function readListValue(run: ReadRun): void {
  const { json, out } = run;
  if (json.peek() !== OPEN_BRACKET) json.unexpected("an array (google.protobuf.ListValue)");
  enter(run);
  json.pos++;
  let byte = json.peek();
  while (byte !== CLOSE_BRACKET) {
    out.appendByte(10);
    readNestedValue(run);
    byte = nextMember(json, CLOSE_BRACKET, `"," or "]"`);
  }
  json.pos++;
  run.depth--;
}

function readNestedValue(run: ReadRun): void {
  const lengthAt = openLength(run.out, 1);
  readStructValue(run);
  closeLength(run.out, lengthAt, 1);
}

/** Any JSON value as a google.protobuf.Value. */
export function readStructValue(run: ReadRun): void {
  const { json, out } = run;
  const byte = json.peek();
  if (byte === 0x6e) {
    json.literal("null");
    out.appendByte(8);
    out.appendByte(0);
  } else if (byte === QUOTE) {
    out.appendByte(26);
    readString(json, out, "a string");
  } else if (byte === 0x74 || byte === 0x66) {
    json.literal(byte === 0x74 ? "true" : "false");
    out.appendByte(32);
    out.appendByte(byte === 0x74 ? 1 : 0);
  } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
    out.appendByte(byte === OPEN_BRACE ? 42 : 50);
    const lengthAt = openLength(out, 1);
    if (byte === OPEN_BRACE) readStruct(run);
    else readListValue(run);
    closeLength(out, lengthAt, 1);
  } else {
    if (byte !== 0x2d && (byte < 0x30 || byte > 0x39)) json.syntax("a value");
    out.appendByte(17);
    writeDoubleBits(out, readDouble(json, false));
  }
}

export function readAny(run: ReadRun, _plan: MessagePlan, embed: MessageReader): void {
  const { out } = run;
  // Annotated: only then does the compiler know that `fail` does not return.
  const json: JsonCursor = run.json;
  if (json.peek() !== OPEN_BRACE) json.unexpected("an object with @type (google.protobuf.Any)");
  const objectAt = json.pos;
  const typeUrl = findTypeUrl(run);
  json.pos = objectAt;
  if (typeUrl === undefined) {
    readEmptyAny(run);
    return;
  }
  const type = run.plans.schema.message(typeUrl.url.slice(typeUrl.url.lastIndexOf("/") + 1));
  if (!typeUrl.url.includes("/") || type === undefined)
    json.fail(`no loaded .proto defines the type of "${typeUrl.url.slice(0, 128)}"`, "ANY_TYPE_UNKNOWN", typeUrl.at);
  const url = Buffer.from(typeUrl.url);
  out.appendByte(10);
  writeVarint32(out, url.length);
  out.appendRange(url, 0, url.length);
  out.appendByte(18);
  const lengthAt = openLength(out, 1);
  const inner = run.plans.message(type);
  if (inner.wellKnown === undefined) embed(run, inner, "@type");
  else readWrappedValue(run, inner, embed);
  closeLength(out, lengthAt, 1);
  // An empty value is the default of the field.
  if (out.bytes[out.length - 1] === 0 && out.length === lengthAt + 1) out.length = lengthAt - 1;
}

/** `{}` stands for an Any without a type. */
function readEmptyAny(run: ReadRun): void {
  const { json } = run;
  const start = json.pos;
  json.pos++;
  if (json.peek() !== CLOSE_BRACE) json.fail(`google.protobuf.Any needs "@type"`, "VALUE_INVALID", start);
  json.pos++;
}

/**
 * The value of `@type`, wherever it stands in the object: usually first, so that nothing is read twice. Reading ahead
 * is bounded by the depth limit, which nested Anys count against.
 */
function findTypeUrl(run: ReadRun): { readonly url: string; readonly at: number } | undefined {
  const { json, out } = run;
  enter(run);
  json.pos++;
  let found: { url: string; at: number } | undefined;
  let byte = json.peek();
  while (byte !== CLOSE_BRACE && found === undefined) {
    if (byte !== QUOTE) json.syntax("a field name in quotes");
    const name = readText(json, out, "a field name in quotes");
    expectColon(run);
    if (name === "@type") {
      json.peek();
      found = { at: json.pos, url: readText(json, out, "a type URL such as type.googleapis.com/pkg.Message") };
    } else {
      skipValue(run);
      byte = nextMember(json, CLOSE_BRACE, `"," or "}"`);
    }
  }
  run.depth--;
  return found;
}

/** `{"@type": …, "value": …}` of a well-known type. */
function readWrappedValue(run: ReadRun, inner: MessagePlan, embed: MessageReader): void {
  const { json, out } = run;
  const objectAt = json.pos;
  enter(run);
  json.pos++;
  const seen = new Set<string>();
  let byte = json.peek();
  while (byte !== CLOSE_BRACE) {
    const keyAt = json.pos;
    const keyBytesAt = out.length;
    if (byte !== QUOTE) json.syntax("a field name in quotes");
    readRawString(json, out, "a field name in quotes");
    const name = out.bytes.toString("utf8", keyBytesAt, out.length);
    out.length = keyBytesAt;
    if (seen.has(name)) json.fail("the field is given twice", "FIELD_DUPLICATE", keyAt);
    seen.add(name);
    expectColon(run);
    if (name === "value") embed(run, inner, undefined);
    else {
      if (name !== "@type" && run.plans.options.unknownFields === "reject")
        json.fail(`${inner.type.name} inside an Any has only "value"`, "FIELD_UNKNOWN", keyAt);
      skipValue(run);
    }
    byte = nextMember(json, CLOSE_BRACE, `"," or "}"`);
  }
  if (!seen.has("value")) json.fail(`${inner.type.name} inside an Any needs "value"`, "VALUE_INVALID", objectAt);
  json.pos++;
  run.depth--;
}
