// The messages with a JSON form of their own, protobuf → JSON: the writing half of well-known.ts.
import { isUtf8 } from "node:buffer";
import { Code, GatewayError } from "../../status.ts";
import { type ByteSink, viewOf } from "../wire/byte-sink.ts";
import { toCivilDate } from "./civil-time.ts";
import { toLowerCamel } from "./field-mask-name.ts";
import { malformed, maxWireDepth, WireReader } from "../wire/wire-reader.ts";
import { writeDouble, writePadded, writeUint } from "./write-number.ts";
import { writeBase64, writeString } from "./write-text.ts";
import { writePlainValue } from "./write-value.ts";
import type { MessageEmbedder, MessagePlan, WriteRun } from "./message-plan.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

function unrepresentable(what: string): GatewayError {
  return new GatewayError(Code.INTERNAL, `message has no JSON form: ${what}`, { reason: "MESSAGE_HAS_NO_JSON" });
}

/** Seconds and nanos of a Timestamp or Duration, seconds as a double: both are bounded far below 2^53. */
function readSecondsAndNanos(reader: WireReader): { seconds: number; nanos: number } {
  let seconds = 0;
  let nanos = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 8) {
      reader.varint64();
      seconds = reader.hi * 4294967296 + (reader.lo >>> 0);
    } else if (tag === 16) nanos = reader.varint32();
    else reader.skip(tag);
  }
  return { seconds, nanos };
}

export function writeTimestamp({ out }: WriteRun, _plan: MessagePlan, reader: WireReader): void {
  const { seconds, nanos } = readSecondsAndNanos(reader);
  // 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z
  if (seconds < -62_135_596_800 || seconds > 253_402_300_799)
    throw unrepresentable("google.protobuf.Timestamp outside of the years 1 to 9999");
  if (nanos < 0 || nanos > 999_999_999)
    throw unrepresentable("google.protobuf.Timestamp with nanos outside of 0 to 999999999");
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  const { year, month, day } = toCivilDate(days);
  out.appendByte(QUOTE);
  writePadded(out, year, 4);
  writeAfter(out, 0x2d, month);
  writeAfter(out, 0x2d, day);
  writeAfter(out, 0x54, Math.floor(rest / 3600));
  writeAfter(out, 0x3a, Math.floor(rest / 60) % 60);
  writeAfter(out, 0x3a, rest % 60);
  writeNanos(out, nanos);
  out.appendByte(0x5a);
  out.appendByte(QUOTE);
}

function writeAfter(out: ByteSink, separator: number, value: number): void {
  out.appendByte(separator);
  writePadded(out, value, 2);
}

/** A fraction of 0, 3, 6 or 9 digits. */
function writeNanos(out: ByteSink, nanos: number): void {
  if (nanos === 0) return;
  out.appendByte(0x2e);
  if (nanos % 1_000_000 === 0) writePadded(out, nanos / 1_000_000, 3);
  else if (nanos % 1000 === 0) writePadded(out, nanos / 1000, 6);
  else writePadded(out, nanos, 9);
}

export function writeDuration({ out }: WriteRun, _plan: MessagePlan, reader: WireReader): void {
  const { seconds, nanos } = readSecondsAndNanos(reader);
  if (Math.abs(seconds) > 315_576_000_000) throw unrepresentable("google.protobuf.Duration of more than 10000 years");
  if (Math.abs(nanos) > 999_999_999) throw unrepresentable("google.protobuf.Duration with nanos outside of one second");
  if (seconds * nanos < 0) throw unrepresentable("google.protobuf.Duration with seconds and nanos of different sign");
  out.appendByte(QUOTE);
  if (seconds < 0 || nanos < 0) out.appendByte(0x2d);
  writeUint(out, Math.abs(seconds));
  writeNanos(out, Math.abs(nanos));
  out.appendByte(0x73);
  out.appendByte(QUOTE);
}

/** Whether the path comes back as itself from the list that commas separate. */
function isReadable(path: string): boolean {
  return path !== "" && !path.includes(",");
}

export function writeFieldMask({ out }: WriteRun, _plan: MessagePlan, reader: WireReader): void {
  const paths: string[] = [];
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag !== 10) {
      reader.skip(tag);
      continue;
    }
    const end = reader.lengthEnd();
    const content = reader.bytes.subarray(reader.pos, end);
    if (!isUtf8(content)) throw malformed("string field holds invalid UTF-8");
    const path = Buffer.from(content).toString();
    const camel = isReadable(path) ? toLowerCamel(path) : undefined;
    if (camel === undefined)
      throw unrepresentable(`google.protobuf.FieldMask path "${path}" has no lowerCamelCase form`);
    paths.push(camel);
    reader.pos = end;
  }
  const text = Buffer.from(paths.join(","));
  writeString(out, { bytes: text, view: viewOf(text) }, 0, text.length, false);
}

/** A wrapper's value, its zero when the field is not sent. */
export function writeWrapper(run: WriteRun, plan: MessagePlan, reader: WireReader): void {
  const field = plan.fields[0];
  let at = -1;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag >>> 3 === 1 && (tag & 7) === field.wireType) at = reader.pos;
    reader.skip(tag);
  }
  if (at < 0) run.out.appendSnippet(field.zero);
  else {
    const { end } = reader;
    reader.pos = at;
    writePlainValue(run.out, field, reader);
    reader.pos = end;
  }
}

/** One JSON object or list inside Struct, Value and ListValue: as many levels as the reader lets in. */
function nested(run: WriteRun, write: () => void): void {
  if (++run.depth > maxWireDepth) throw malformed("nested too deep");
  write();
  run.depth--;
}

/** Calls back with the reader bounded to each occurrence of a length-delimited field. */
function eachNested(reader: WireReader, wanted: number, visit: () => void): void {
  const { end } = reader;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag !== wanted) {
      reader.skip(tag);
      continue;
    }
    reader.end = reader.lengthEnd();
    const after = reader.end;
    visit();
    reader.pos = after;
    reader.end = end;
  }
}

type Range = readonly [number, number];

/** A message sent in pieces: their concatenation is the merged message, by the definition of the encoding. */
function joined(bytes: Uint8Array, ranges: readonly Range[]): WireReader {
  if (ranges.length === 1) return new WireReader(bytes, ...ranges[0]);
  const merged = Buffer.allocUnsafe(ranges.reduce((sum, [start, end]) => sum + end - start, 0));
  let length = 0;
  // A loop, not a view of each piece: a view takes some hundred bytes, an empty piece two.
  for (const [start, end] of ranges) for (let i = start; i < end; i++) merged[length++] = bytes[i];
  return new WireReader(merged, 0, length);
}

export function writeStruct(run: WriteRun, plan: MessagePlan, reader: WireReader): void {
  const { out } = run;
  const start = out.length;
  const entries = new Map<string, { readonly key: Range; readonly values: readonly Range[] }>();
  eachNested(reader, 10, () => {
    let key: Range = [0, 0];
    const values: Range[] = [];
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag !== 10 && tag !== 18) {
        reader.skip(tag);
        continue;
      }
      const end = reader.lengthEnd();
      if (tag === 10) key = [reader.pos, end];
      else values.push([reader.pos, end]);
      reader.pos = end;
    }
    // A key sent twice: the last entry wins.
    entries.set(Buffer.from(reader.bytes.subarray(...key)).toString("latin1"), { key, values });
  });
  for (const { key, values } of entries.values()) {
    out.appendByte(COMMA);
    writeString(out, reader, key[0], key[1], false);
    out.appendByte(0x3a);
    writeStructValue(run, plan, joined(reader.bytes, values));
  }
  out.enclose(start, OPEN_BRACE);
}

export function writeListValue(run: WriteRun, plan: MessagePlan, reader: WireReader): void {
  const { out } = run;
  const start = out.length;
  eachNested(reader, 10, () => {
    out.appendByte(COMMA);
    writeStructValue(run, plan, reader);
  });
  out.enclose(start, OPEN_BRACKET);
}

/** The last set member of the oneof, merged with those of the same kind right before it; `null` where none is. */
export function writeStructValue(run: WriteRun, plan: MessagePlan, reader: WireReader): void {
  let last = 0;
  let at = reader.pos;
  let earlier: number[] | undefined;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (isValueTag(tag)) {
      if (tag !== last) earlier = undefined;
      else if (isContainer(tag)) (earlier ??= []).push(at);
      last = tag;
      at = reader.pos;
    }
    reader.skip(tag);
  }
  const { end } = reader;
  reader.pos = at;
  if (earlier === undefined) writeValueMember(run, plan, reader, last);
  else writeContainer(run, plan, joinedValues(reader, [...earlier, at]), last);
  reader.pos = end;
}

/** struct_value or list_value. */
function isContainer(tag: number): boolean {
  return tag === 42 || tag === 50;
}

function joinedValues(reader: WireReader, places: readonly number[]): WireReader {
  const ranges = places.map((at): Range => {
    reader.pos = at;
    const end = reader.lengthEnd();
    return [reader.pos, end];
  });
  return joined(reader.bytes, ranges);
}

function writeContainer(run: WriteRun, plan: MessagePlan, reader: WireReader, tag: number): void {
  nested(run, () => (tag === 42 ? writeStruct : writeListValue)(run, plan, reader));
}

/** null_value, number_value, string_value, bool_value, struct_value, list_value, each with its wire type. */
function isValueTag(tag: number): boolean {
  return tag === 8 || tag === 17 || tag === 26 || tag === 32 || tag === 42 || tag === 50;
}

function writeValueMember(run: WriteRun, plan: MessagePlan, reader: WireReader, tag: number): void {
  const { out } = run;
  if (tag === 17) {
    const number = reader.double();
    if (!Number.isFinite(number)) throw unrepresentable("google.protobuf.Value holds NaN or Infinity");
    writeDouble(out, number);
  } else if (tag === 32) {
    reader.varint64();
    out.appendAscii((reader.lo | reader.hi) === 0 ? "false" : "true");
  } else if (tag === 26) {
    const end = reader.lengthEnd();
    writeString(out, reader, reader.pos, end, false);
  } else if (isContainer(tag)) {
    reader.end = reader.lengthEnd();
    writeContainer(run, plan, reader, tag);
  } else out.appendAscii("null");
}

export function writeAny(run: WriteRun, _plan: MessagePlan, reader: WireReader, embed: MessageEmbedder): void {
  const { out } = run;
  let url: readonly [number, number] = [0, 0];
  let value: readonly [number, number] = [0, 0];
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag !== 10 && tag !== 18) {
      reader.skip(tag);
      continue;
    }
    const end = reader.lengthEnd();
    if (tag === 10) url = [reader.pos, end];
    else value = [reader.pos, end];
    reader.pos = end;
  }
  if (url[0] === url[1]) {
    if (value[0] !== value[1]) throw unrepresentable("google.protobuf.Any with a value but no type_url");
    out.appendAscii("{}");
    return;
  }
  const typeUrl = Buffer.from(reader.bytes.subarray(...url)).toString();
  out.appendAscii('{"@type":');
  writeString(out, reader, url[0], url[1], false);
  const type = run.plans.schema.message(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
  if (type === undefined) writeUnresolved(run, reader.bytes, typeUrl, value);
  else {
    const inner = run.plans.message(type);
    if (inner.wellKnown !== undefined) out.appendAscii(',"value":');
    embed(run, inner, new WireReader(reader.bytes, ...value));
  }
  out.appendByte(0x7d);
}

function writeUnresolved(run: WriteRun, bytes: Uint8Array, typeUrl: string, value: readonly [number, number]): void {
  if (run.plans.options.unresolvedAny === "fail")
    throw unrepresentable(`google.protobuf.Any of "${typeUrl}", a type that no loaded .proto defines`);
  run.out.appendAscii(',"value":');
  writeBase64(run.out, bytes, ...value);
}
