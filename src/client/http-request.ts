// The REST request of a call: path variables, query and body, as the method's rule has them.
import type { HttpRoute } from "./contract.ts";
import { ClientError, invalidArgument } from "./error.ts";
import { toJson } from "./frames.ts";

type Fields = Readonly<Record<string, unknown>>;

export interface HttpRequest {
  /** Path and query. */
  readonly target: string;
  /** JSON; undefined for none. */
  readonly body: string | undefined;
}

/** Throws ClientError when a variable of the path is not set. */
export function toHttpRequest(route: HttpRoute, message: Fields): HttpRequest {
  const bound = new Set<string>();
  const path = route.path.replaceAll(/\{([^={}]+)(=[^{}]*)?\}/g, (_, name: string, pattern: string | undefined) => {
    bound.add(name);
    const text = textOf(valueAt(message, name));
    if (text === "")
      throw new ClientError({ code: invalidArgument, message: `${name} must be set: it is in the path` });
    // A variable over several segments keeps its slashes.
    return pattern === undefined || pattern === "=*" ? encodeURIComponent(text) : encodeSegments(text);
  });
  if (route.body === "*") return { target: path, body: toJson(message) };
  if (route.body !== undefined) bound.add(route.body);
  const query = new URLSearchParams();
  addQuery(query, "", message, bound);
  const text = query.toString();
  return {
    target: path + (text && `?${text}`),
    body: route.body === undefined ? undefined : toJson(message[route.body] ?? {}),
  };
}

function valueAt(message: Fields, name: string): unknown {
  let value: unknown = message;
  for (const key of name.split(".")) value = (value as Fields | null | undefined)?.[key];
  return value;
}

function encodeSegments(text: string): string {
  return text.split("/").map(encodeURIComponent).join("/");
}

/** `line.price=1` for what is nested, one entry for each element of an array. */
function addQuery(query: URLSearchParams, prefix: string, value: unknown, bound: ReadonlySet<string>): void {
  if (value === undefined || value === null || bound.has(prefix)) return;
  if (Array.isArray(value)) for (const element of value) addQuery(query, prefix, element, bound);
  else if (typeof value === "object")
    for (const [key, inner] of Object.entries(value))
      addQuery(query, prefix === "" ? key : `${prefix}.${key}`, inner, bound);
  else query.append(prefix, textOf(value));
}

/** Of a string, a number or true and false: nothing else stands in a URL. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : toJson(value ?? "").replaceAll('"', "");
}
