// `?$fields`, `?$pretty`, `?$timeout`, `?$alt`: what a query says to the gateway itself. The translators step over them.
import { Code, GatewayError } from "../../status.ts";
import { parseQuery, type QueryLimits } from "../../translate/request/query.ts";
import type { ReplyFormat } from "./accept.ts";

export interface SystemParameters {
  readonly fields: string | undefined;
  readonly pretty: boolean;
  readonly timeout: string | undefined;
  readonly alt: ReplyFormat | undefined;
}

const none: SystemParameters = Object.freeze({ fields: undefined, pretty: false, timeout: undefined, alt: undefined });

const names: ReadonlySet<string> = new Set(["$fields", "$pretty", "$timeout", "$alt"]);

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
  return {
    fields: values.get("$fields"),
    pretty: toPretty(values.get("$pretty")),
    timeout: values.get("$timeout"),
    alt: toAlt(values.get("$alt")),
  };
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

function toAlt(value: string | undefined): ReplyFormat | undefined {
  if (value === undefined || value === "json") return value;
  if (value === "proto" || value === "protobuf") return "protobuf";
  throw invalid("$alt", "the query parameter $alt must be json or proto");
}

function invalid(field: string, description: string): GatewayError {
  const reason = "SYSTEM_PARAMETER_INVALID";
  return new GatewayError(Code.INVALID_ARGUMENT, description, { reason, violations: [{ field, description, reason }] });
}
