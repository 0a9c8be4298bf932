// What the query of a WebSocket's URL says to the gateway itself; the rest of it is for the request.
import { GatewayError } from "../../status.ts";
import { parseQuery } from "../../translate/request/query.ts";
import type { QueryLimits } from "../../translate/request/query.ts";
import { checkAccessToken } from "./credentials.ts";

export interface Parameters {
  readonly alt: "json" | "proto" | undefined;
  readonly timeout: string | undefined;
  readonly verb: string | undefined;
  readonly head: boolean;
  readonly ticket: string | undefined;
  readonly accessToken: string | undefined;
  /** The query without all of those. */
  readonly query: string;
}

export interface ParameterOptions {
  readonly queryLimits?: QueryLimits;
  readonly accessTokenInQuery: boolean;
}

const names: ReadonlySet<string> = new Set(["$alt", "$timeout", "$verb", "$head", "$ticket"]);

/** Throws GatewayError (400) for a parameter that is unknown, given twice, or has a value it does not have. */
export function readParameters(query: string, { queryLimits, accessTokenInQuery }: ParameterOptions): Parameters {
  const values = new Map<string, string>();
  const rest: string[] = [];
  // Refuses a query that is too long before it is taken apart.
  parseQuery(query, queryLimits);
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const [{ name, value }] = parseQuery(pair);
    const isOwn = name.startsWith("$") || (accessTokenInQuery && name === "access_token");
    if (!isOwn) {
      rest.push(pair);
      continue;
    }
    if (name.startsWith("$") && !names.has(name))
      throw invalid(name, `is not a parameter of WebSockets (${[...names].join(", ")})`);
    if (values.has(name)) throw invalid(name, "is given twice");
    values.set(name, value);
  }
  const accessToken = values.get("access_token");
  return {
    alt: toAlt(values.get("$alt")),
    timeout: values.get("$timeout"),
    verb: values.get("$verb"),
    head: toHead(values.get("$head")),
    ticket: values.get("$ticket"),
    accessToken: accessToken === undefined ? undefined : checkAccessToken(accessToken),
    query: rest.join("&"),
  };
}

function toAlt(value: string | undefined): "json" | "proto" | undefined {
  if (value === undefined || value === "json" || value === "proto") return value;
  throw invalid("$alt", "must be json or proto");
}

function toHead(value: string | undefined): boolean {
  if (value === undefined || value === "0") return false;
  if (value === "1") return true;
  throw invalid("$head", "must be 0 or 1");
}

function invalid(name: string, description: string): GatewayError {
  return GatewayError.invalidField(name, description, "SYSTEM_PARAMETER_INVALID");
}
