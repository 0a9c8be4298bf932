// Timestamps and durations as ProtoJSON writes them → seconds and nanos.
import { daysInMonth, fromCivilDate } from "./civil-time.ts";

export interface SecondsAndNanos {
  readonly seconds: number;
  readonly nanos: number;
}

const timestampPattern = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** RFC 3339 with upper-case T and Z, years 1 to 9999 in UTC; undefined for anything else. */
export function parseTimestamp(text: string): SecondsAndNanos | undefined {
  if (text.length > 64) return undefined;
  const match = timestampPattern.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const offsetHours = Number(match[9] ?? 0);
  const offsetMinutes = Number(match[10] ?? 0);
  if (offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offset = (offsetHours * 3600 + offsetMinutes * 60) * (match[8] === "-" ? -1 : 1);
  const seconds = fromCivilDate(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
  if (seconds < -62_135_596_800 || seconds > 253_402_300_799) return undefined;
  return { seconds, nanos: Number((match[7] ?? "").padEnd(9, "0")) };
}

const durationPattern = /^(-)?(\d{1,12})(?:\.(\d{1,9}))?s$/;

/** `1.5s`, at most 10,000 years either way; undefined for anything else. */
export function parseDuration(text: string): SecondsAndNanos | undefined {
  if (text.length > 64) return undefined;
  const match = durationPattern.exec(text);
  if (match === null) return undefined;
  const seconds = Number(match[2]);
  if (seconds > 315_576_000_000) return undefined;
  const nanos = Number((match[3] ?? "").padEnd(9, "0"));
  const sign = match[1] === "-" ? -1 : 1;
  // `|| 0`: never a negative zero.
  return { seconds: seconds * sign || 0, nanos: nanos * sign || 0 };
}
