// Log lines for people who look at a terminal: the same facts as the JSON, shorter.
import { quote } from "../json-line.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Shown at the front of the line, or not worth a place on it. */
const shown = new Set([
  "time",
  "level",
  "msg",
  "method",
  "http_method",
  "path",
  "code",
  "http_status",
  "duration_ms",
  "front",
  "messages_in",
  "messages_out",
  "bytes_in",
  "bytes_out",
  "user_agent",
]);

/** Of a line of JSON; that itself where it is none. */
export function formatLineForPeople(json: string): string {
  let fields: Fields;
  try {
    fields = JSON.parse(json) as Fields;
  } catch {
    return json;
  }
  const level = word(fields["level"]).toUpperCase();
  const rest = Object.entries(fields)
    .filter(([name]) => !shown.has(name))
    .map(([name, value]) => `${name}=${toText(value)}`);
  const parts = [
    word(fields["time"]).slice(11, 19),
    level === "INFO" ? "" : level,
    fields["msg"] === "call" || fields["msg"] === "miss" ? describeCall(fields) : plain(word(fields["msg"])),
    ...rest,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function describeCall(fields: Fields): string {
  const status = fields["http_status"] === undefined ? "" : ` ${word(fields["http_status"])}`;
  const duration = fields["duration_ms"] === undefined ? "" : ` ${Number(fields["duration_ms"]).toFixed(1)}ms`;
  const method = fields["method"] === undefined ? "" : ` ${plain(word(fields["method"]))}`;
  const request = `${word(fields["front"])} ${plain(word(fields["http_method"]))} ${plain(word(fields["path"]))}`;
  return `${request}${method}${status} ${word(fields["code"])}${duration}`;
}

function toText(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value) ?? "";
  return /^[\w./:@-]+$/.test(value) ? value : quote(value);
}

/** Without quotes; what is not printable ASCII is escaped all the same. */
function plain(text: string): string {
  return quote(text).slice(1, -1);
}

function word(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
