// The messages with a JSON form of their own, protobuf → JSON: the writing half of well-known.ts.
import { isUtf8 } from "node:buffer";
import { type ByteSink, viewOf } from "../wire/byte-sink.ts";
import { toCivilDate } from "./civil-time.ts";
import { toLowerCamel } from "./field-mask-name.ts";
import { unrepresentable } from "./unrepresentable.ts";
import { malformed, WireReader } from "../wire/wire-reader.ts";
import { writePadded, writeUint } from "./write-number.ts";
import { writeBase64, writeString } from "./write-text.ts";
import { writePlainValue } from "./write-value.ts";
import type { MessageEmbedder, MessagePlan, WriteRun } from "./message-plan.ts";

const QUOTE = 0x22;

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
  writeString(out, { bytes: text, view: viewOf(text), hasView: true }, 0, text.length, false);
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
