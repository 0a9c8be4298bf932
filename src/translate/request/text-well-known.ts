// Timestamps, durations and field masks as text, as ProtoJSON writes them (durations also as Go does) → protobuf payload.
import { GatewayError } from "../../status.ts";
import { daysInMonth, fromCivilDate } from "../json/civil-time.ts";
import { toSnake } from "../json/field-mask-name.ts";
import { bigVarint, concatBytes, lengthField } from "../wire/field-wire.ts";

/** A refusal that names no field yet. */
export function refuseText(description: string, reason = "VALUE_INVALID"): GatewayError {
  return GatewayError.invalidField("", description, reason);
}

/** What the client wrote, shortened, safe to put into a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

const secondsTag = Uint8Array.of(0x08);
const nanosTag = Uint8Array.of(0x10);

function secondsAndNanos(seconds: number, nanos: number): Uint8Array {
  const parts: Uint8Array[] = [];
  if (seconds !== 0) parts.push(secondsTag, bigVarint(BigInt(seconds)));
  if (nanos !== 0) parts.push(nanosTag, bigVarint(BigInt(nanos)));
  return concatBytes(parts);
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;

/** What Go's time.Parse lets through besides: a short hour, a comma, digits beyond the ninth (cut off). */
export function readGoTimestamp(text: string): Uint8Array {
  const match = /^(\d{4}-\d\d-\d\dT)(\d?\d)(:\d\d:\d\d)(?:[.,](\d{1,100}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) throw notTimestamp(text);
  const [, date, hour, time, fraction, zone] = match;
  return readTimestamp(
    `${date}${hour.padStart(2, "0")}${time}${fraction === undefined ? "" : `.${fraction.slice(0, 9)}`}${zone}`,
  );
}

/** RFC 3339 with up to nine fractional digits and any offset; years 1 to 9999 (google/protobuf/timestamp.proto). */
export function readTimestamp(text: string): Uint8Array {
  const match = rfc3339.exec(text);
  if (match === null) throw notTimestamp(text);
  const [, , , , , , , fraction = "", sign, ...offset] = match;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const [offsetHours, offsetMinutes] = sign === undefined ? [0, 0] : offset.map(Number);
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  if (!isDate || hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59)
    throw notTimestamp(text);
  const shift = (offsetHours * 3600 + offsetMinutes * 60) * (sign === "-" ? 1 : -1);
  const seconds = fromCivilDate(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second + shift;
  if (seconds < firstSecond || seconds > lastSecond)
    throw refuseText(`expected a time in the years 1 to 9999, got ${quoted(text)}`, "VALUE_OUT_OF_RANGE");
  return secondsAndNanos(seconds, Number(fraction.padEnd(9, "0")));
}

function notTimestamp(text: string): GatewayError {
  const hint = / \d\d:\d\d$/.test(text) ? "; in a query the + of an offset is written %2B" : "";
  return refuseText(`expected a time like 2026-01-31T08:30:00Z, got ${quoted(text)}${hint}`);
}

const unitNanos: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1000n],
  ["µs", 1000n],
  ["μs", 1000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);
const durationShape = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const maxDurationLength = 100;
const maxNanos = 315_576_000_000n * 1_000_000_000n;
const maxGoNanos = 2n ** 63n - 1n;

/** `1.5s`, `-0.000001s`, and Go's `1h30m`; at most 10,000 years and no finer than a nanosecond. */
export function readDuration(text: string): Uint8Array {
  return parseDuration(text, false);
}

/** As Go's time.ParseDuration, which cuts off what is finer than a nanosecond. */
export function readGoDuration(text: string): Uint8Array {
  return parseDuration(text, true);
}

function parseDuration(text: string, cutsOff: boolean): Uint8Array {
  if (text === "0") return concatBytes([]);
  const match = text.length > maxDurationLength ? null : durationShape.exec(text);
  if (match === null) throw refuseText(`expected a duration like 1.5s or 1h30m, got ${quoted(text)}`);
  let total = 0n;
  for (const [, whole, fraction = "", unit] of match[2].matchAll(/(\d*)(?:\.(\d*))?([a-zµμ]+)/g)) {
    const nanosPerUnit = unitNanos.get(unit)!;
    const scale = 10n ** BigInt(fraction.length);
    const scaled = BigInt(whole + fraction) * nanosPerUnit;
    if (scaled % scale !== 0n && !cutsOff)
      throw refuseText(`${quoted(text)} is finer than a nanosecond`, "VALUE_OUT_OF_RANGE");
    total += scaled / scale;
  }
  if (total > (cutsOff ? maxGoNanos : maxNanos))
    throw refuseText(
      `expected a duration of at most ${cutsOff ? "9223372036.854775807s" : "315576000000s"}, got ${quoted(text)}`,
      "VALUE_OUT_OF_RANGE",
    );
  const nanos = match[1] === "-" ? -total : total;
  return secondsAndNanos(Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n));
}

const maskPath = /^(?:\*|[A-Za-z_]\w*(?:\.(?:\*|\w+|`[^`]+`))*)$/;

/** `displayName,author.name`, in lowerCamelCase as ProtoJSON has it or in the snake_case that it stands for; `*` for all. */
export function readFieldMask(text: string): Uint8Array {
  if (text === "")
    throw refuseText("the value is empty; expected field paths separated by commas, or leave the parameter out");
  return maskPayload(text.split(",").map(toMaskPath));
}

function toMaskPath(path: string): string {
  if (!maskPath.test(path)) throw refuseText(`expected field paths separated by commas, got ${quoted(path)}`);
  return toSnake(path) ?? path;
}

/** The payload of a google.protobuf.FieldMask. */
export function maskPayload(paths: readonly string[]): Uint8Array {
  return concatBytes(paths.map((path) => lengthField(1, Buffer.from(path))));
}
