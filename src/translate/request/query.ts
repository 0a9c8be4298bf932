// Query strings and urlencoded forms: text → names and values, decoded and bounded. What they mean is in query-binder.ts.
import { Code, GatewayError } from "../../status.ts";

export interface Parameter {
  readonly name: string;
  readonly value: string;
}

export interface QueryLimits {
  /** What is being read, for messages: `query string`, `form body`. */
  readonly what: string;
  readonly maxLength: number;
  readonly maxParameters: number;
}

export const defaultQueryLimits: QueryLimits = Object.freeze({
  what: "query string",
  maxLength: 8192,
  maxParameters: 256,
});

/** `a=1&b=x+y` without the leading `?`. Throws GatewayError (400) on bad percent-encoding, invalid UTF-8 and beyond limits. */
export function parseQuery(text: string, limits: QueryLimits = defaultQueryLimits): Parameter[] {
  if (text === "") return [];
  const { what, maxLength, maxParameters } = limits;
  if (text.length > maxLength) throw tooLarge(`the ${what} is longer than ${maxLength} characters`);
  const parameters: Parameter[] = [];
  let start = 0;
  while (start <= text.length) {
    const ampersand = text.indexOf("&", start);
    const end = ampersand < 0 ? text.length : ampersand;
    if (end > start) {
      if (parameters.length >= maxParameters) throw tooLarge(`the ${what} has more than ${maxParameters} parameters`);
      parameters.push(parsePair(text.slice(start, end), what));
    }
    start = end + 1;
  }
  return parameters;
}

/** grpc-gateway's parser refuses what others take for a second separator. Throws GatewayError (400). */
export function refuseSemicolons(text: string, what: string): void {
  if (!text.includes(";")) return;
  throw GatewayError.invalidField(
    "",
    `the ${what} has a semicolon; parameters are separated by &, and a semicolon itself is %3B`,
    "VALUE_INVALID",
  );
}

/** A `#` is no part of a target (RFC 9112 section 3.2): some who read it stop there, others go on. Throws GatewayError (400). */
export function refuseFragment(query: string): void {
  if (!query.includes("#")) return;
  throw GatewayError.invalidField("", 'the query string has a "#"; the sign itself is %23', "VALUE_INVALID");
}

function parsePair(text: string, what: string): Parameter {
  const equals = text.indexOf("=");
  if (equals < 0) return { name: decode(text, what), value: "" };
  return { name: decode(text.slice(0, equals), what), value: decode(text.slice(equals + 1), what) };
}

function tooLarge(message: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, message, { reason: "QUERY_TOO_LARGE" });
}

function decode(text: string, what: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    const bad = /%(?![0-9A-Fa-f]{2}).{0,2}/s.exec(spaced);
    const description =
      bad === null
        ? `the ${what} has percent-encoded bytes that are not UTF-8 in ${JSON.stringify(text.slice(0, 60))}`
        : `the ${what} has ${JSON.stringify(bad[0])} where % must be followed by two hex digits (a percent sign itself is %25)`;
    throw GatewayError.invalidField("", description, "PERCENT_ENCODING_INVALID");
  }
}

/** Parameters of the gateway itself: never fields of a message. */
export const systemParameters: ReadonlySet<string> = new Set([
  "$fields",
  "$pretty",
  "$timeout",
  "$alt",
  "$errors",
  "$ticket",
]);

/** Those of a query string, by name, the first of each; the same query is refused as a whole by its binding if it is malformed. */
export function readSystemParameters(query: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (!query.includes("$") && !query.includes("%24")) return found;
  for (const { name, value } of parseQuery(query))
    if (systemParameters.has(name) && !found.has(name)) found.set(name, value);
  return found;
}

/** Globs such as `utm_*`; a star stands for any run of characters. Linear in pattern times name, no backtracking to speak of. */
export function compileGlobs(globs: readonly string[]): (name: string) => boolean {
  if (globs.length === 0) return () => false;
  return (name) => globs.some((glob) => matchesGlob(glob, name));
}

function matchesGlob(glob: string, name: string): boolean {
  const [head, ...rest] = glob.split("*");
  if (rest.length === 0) return glob === name;
  const tail = rest.pop()!;
  if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
  let at = head.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - tail.length;
}
