// `?$fields`, `?$pretty`, `?$timeout`, `?$alt`, `?$errors`, `?$ticket`: what a query says to the gateway itself. The translators step over them.
import { Code, GatewayError } from "../../status.ts";
import type { EnumForm } from "../../translate/reply/reply.ts";
import { parseQuery, type QueryLimits } from "../../translate/request/query.ts";

/** Of a stream, `json` is an array of the messages; `ndjson` and `sse` are for streams only. */
export type Alt = "json" | "protobuf" | "ndjson" | "sse";

export interface SystemParameters {
  readonly fields: string | undefined;
  readonly pretty: boolean;
  readonly timeout: string | undefined;
  readonly alt: Alt | undefined;
  /** `$alt=json;enum-encoding=int`, which the REST clients that Google's generators make send with every request. */
  readonly enums: EnumForm | undefined;
  /** A stream that fails before its first message does so with 200 and an event, as EventSource reads no other answer. */
  readonly errorsAsEvents: boolean;
  /** Stands for credentials that EventSource cannot send as headers. */
  readonly ticket: string | undefined;
}

const none: SystemParameters = Object.freeze({
  fields: undefined,
  pretty: false,
  timeout: undefined,
  alt: undefined,
  enums: undefined,
  errorsAsEvents: false,
  ticket: undefined,
});

const names: ReadonlySet<string> = new Set(["$fields", "$pretty", "$timeout", "$alt", "$errors", "$ticket"]);

/** Throws GatewayError (400) for one given twice or with a value it does not have. */
export function readSystemParameters(query: string, limits?: QueryLimits): SystemParameters {
  // Most queries have none; `%24` is a dollar sign too.
  if (!query.includes("$") && !query.includes("%24")) return none;
  const values = new Map<string, string>();
  for (const { name, value } of parseQuery(query, limits)) {
    if (!names.has(name)) continue;
    if (values.has(name)) throw invalid(name, `the query parameter ${name} is given twice`);
    values.set(name, value);
  }
  const alt = values.get("$alt");
  return {
    fields: values.get("$fields"),
    pretty: toPretty(values.get("$pretty")),
    timeout: values.get("$timeout"),
    alt: toAlt(alt),
    enums: alt === enumNumbers ? "numbers" : undefined,
    errorsAsEvents: toErrors(values.get("$errors")),
    ticket: values.get("$ticket"),
  };
}

/** Throws GatewayError (400) where there are no events. */
export function refuseErrorsAsEvents({ errorsAsEvents }: SystemParameters): void {
  if (errorsAsEvents) throw invalid("$errors", "$errors=event is for streams that are read as text/event-stream");
}

/** Throws GatewayError (400) where a header says it as well. */
export function refuseTicket({ ticket }: SystemParameters): void {
  if (ticket !== undefined) throw invalid("$ticket", "$ticket is for streams; send the credentials in a header here");
}

/** Whether a refused request asked for readable JSON; false where its query cannot be read, which may be why it is refused. */
export function wantsPretty(target: string): boolean {
  const question = target.indexOf("?");
  if (question < 0) return false;
  try {
    return readSystemParameters(target.slice(question + 1)).pretty;
  } catch {
    return false;
  }
}

function toPretty(value: string | undefined): boolean {
  if (value === undefined || value === "false" || value === "0") return false;
  if (value === "" || value === "true" || value === "1") return true;
  throw invalid("$pretty", "the query parameter $pretty must be true or false");
}

const enumNumbers = "json;enum-encoding=int";

const alts: ReadonlyMap<string, Alt> = new Map([
  ["json", "json"],
  [enumNumbers, "json"],
  ["proto", "protobuf"],
  ["protobuf", "protobuf"],
  ["ndjson", "ndjson"],
  ["sse", "sse"],
]);

function toAlt(value: string | undefined): Alt | undefined {
  const alt = value === undefined ? undefined : alts.get(value);
  if (alt !== undefined || value === undefined) return alt;
  throw invalid("$alt", "the query parameter $alt must be json or proto; of a stream json, ndjson or sse");
}

function toErrors(value: string | undefined): boolean {
  if (value === undefined || value === "status") return false;
  if (value === "event") return true;
  throw invalid("$errors", "the query parameter $errors must be status or event");
}

function invalid(field: string, description: string): GatewayError {
  const reason = "SYSTEM_PARAMETER_INVALID";
  return new GatewayError(Code.INVALID_ARGUMENT, description, { reason, violations: [{ field, description, reason }] });
}
