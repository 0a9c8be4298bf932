// The text forms of settings beyond JSON's own types: what each accepts, and the sentence that says why a value is refused.
import { isCidr, parseAddress } from "./address.ts";
import { credentialProblem, isCredentialForm } from "./credential-forms.ts";
import type { CredentialForm } from "./credential-forms.ts";
import { varyProblem } from "../schema/cache-rule.ts";
import { isSelector, selectorForm } from "../schema/selector.ts";
import { isKeyUrl } from "./key-url.ts";
import { isLimitName, limitKeyProblem, limitNameForm, suggestLimitKey } from "../schema/limit-rule.ts";
import { parseRate } from "../schema/rate.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "./quantity.ts";

export type FormName =
  | "size"
  | "duration"
  | "address"
  | "admin"
  | "cidr"
  | "header"
  | "header-name"
  | "service"
  | "pattern"
  | "origin"
  | "path"
  | "off"
  | "switch"
  | "auto"
  | "selector"
  | "issuer"
  | "key-url"
  | "cookie"
  | "rate"
  | "limit-name"
  | "limit-key"
  | "redis-url"
  | "scope"
  | "cache"
  | "cache-vary"
  | "field"
  | "method"
  | CredentialForm;

/** The value of the schema keyword `x-form`; `min` and `max` are for sizes and durations, inclusive. */
export interface FormSpec {
  readonly kind: FormName;
  readonly min?: string;
  readonly max?: string;
  /** A size may also be `off`. */
  readonly off?: true;
}

/** Those that one expression says all about. */
const writtenForms: ReadonlyMap<FormName, { readonly form: RegExp; readonly expected: string }> = new Map([
  [
    "pattern",
    {
      form: /^(?:[^*\s]+\*?|\*)$/,
      expected: "a parameter name is expected, with one * at its end at most, e.g. utm_*",
    },
  ],
  [
    "issuer",
    {
      form: /^[\x21-\x7b\x7d\x7e]+$/,
      expected: "an issuer is expected, printable ASCII without blanks and |",
    },
  ],
  [
    "field",
    {
      form: /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/,
      expected: "the full name of a field is expected, e.g. shop.v1.Customer.ssn",
    },
  ],
  [
    "method",
    {
      form: /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/,
      expected: "the full name of a method is expected, e.g. shop.v1.Orders.GetOrder",
    },
  ],
  ["cookie", { form: /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, expected: "the name of a cookie is expected" }],
  // RFC 6749 section 3.3: they are told to clients, in quotes.
  [
    "scope",
    {
      form: /^[\x21\x23-\x5b\x5d-\x7e]+$/,
      expected: "a scope is expected: printable ASCII without blanks, quotes and backslashes",
    },
  ],
]);

/** What the schema keyword asks. */
export function hasForm(spec: FormSpec, value: unknown): boolean {
  return formProblem(spec, value) === undefined;
}

/** What is wrong with the value, or undefined. */
export function formProblem(spec: FormSpec, value: unknown): string | undefined {
  if (typeof value === "number" && spec.kind === "size") return sizeProblem(spec, value);
  if (typeof value !== "string") return undefined;
  if (isCredentialForm(spec.kind)) return credentialProblem(spec.kind, value);
  const written = writtenForms.get(spec.kind);
  if (written !== undefined) return written.form.test(value) ? undefined : written.expected;
  switch (spec.kind) {
    case "size":
      return spec.off === true && value === "off" ? undefined : sizeProblem(spec, parseSize(value));
    case "duration":
      return durationProblem(spec, parseDuration(value));
    case "address":
      return problemOf(parseAddress(value));
    case "admin":
      return value === "off" ? undefined : problemOf(parseAddress(value));
    case "cidr":
      return isCidr(value) ? undefined : "an IP address or a CIDR block is expected, e.g. 10.0.0.0/8";
    case "header-name":
      return /^[A-Za-z0-9_.-]{1,128}$/.test(value) ? undefined : "the name of a header is expected, e.g. x-tenant";
    case "header":
      return headerProblem(value);
    case "service":
      return isServiceName(value)
        ? undefined
        : "the full name of a gRPC service is expected, e.g. shop.v1.Orders, or a package as shop.v1.*";
    case "selector":
      return isSelector(value) ? undefined : `a selector of methods is expected: ${selectorForm}`;
    case "origin":
      return value === "*" || isOrigin(value) || isOriginFamily(value)
        ? undefined
        : "an origin is expected: scheme, host and port only, e.g. https://app.example or http://localhost:5173, one level of names as https://*.app.example, or *";
    case "auto":
      return value === "auto" ? undefined : "a number or auto is expected";
    case "switch":
      return value === "on" || value === "off" ? undefined : "on, off or a mapping is expected";
    case "off":
      return value === "off" ? undefined : "a number or off is expected";
    case "key-url":
      return isKeyUrl(value)
        ? undefined
        : "an https URL is expected, or an http one on this machine (127.0.0.1, localhost): others could change what it says on its way";
    case "rate":
      return problemOf(parseRate(value));
    case "cache":
      return value === "off" ? undefined : "off, or ttl and what else there is to say, is expected";
    case "cache-vary":
      return varyProblem(value);
    case "limit-name":
      return isLimitName(value) ? undefined : limitNameForm;
    case "limit-key":
      return limitKeyProblem(value);
    case "redis-url":
      return isRedisUrl(value)
        ? undefined
        : "redis://host:port, rediss://host:port or unix:/path is expected, with /N for a database";
    case "path":
    default:
      return value !== "" && !value.includes("\0") ? undefined : "a path is expected";
  }
}

/** The nearest of the words that a form takes, for one that was refused. */
export function suggestForm({ kind }: FormSpec, value: unknown): string | undefined {
  return kind === "limit-key" && typeof value === "string" ? suggestLimitKey(value) : undefined;
}

/** `pkg.Service`, or `pkg.*` for every service of a package. */
export function isServiceName(text: string): boolean {
  return /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\.\*)?$/.test(text);
}

/** The message about one that is wrong quotes it: a password belongs into `redis.password`, not here. */
function isRedisUrl(text: string): boolean {
  if (/^unix:\/[^\0]+$/.test(text)) return true;
  if (!/^rediss?:\/\/[^/?#\s]+(?:\/\d{0,3})?$/.test(text) || !URL.canParse(text)) return false;
  const { hostname, password, username } = new URL(text);
  return hostname !== "" && password === "" && username === "";
}

/** As browsers send it: no path, no default port. */
function isOrigin(text: string): boolean {
  return /^https?:\/\/[^/?#@*\s]+$/i.test(text) && URL.canParse(text) && new URL(text).origin === text.toLowerCase();
}

/** `https://*.app.example`: one level of names; a domain of its own behind it, as everybody can have a name below `com`. */
function isOriginFamily(text: string): boolean {
  return /^https?:\/\/\*\.[^./]+\.[^/]+$/i.test(text) && !/\*\..*\*/.test(text) && isOrigin(text.replace("*.", "x."));
}

function problemOf(parsed: unknown): string | undefined {
  return typeof parsed === "string" ? parsed : undefined;
}

function sizeProblem({ min = "0", max = "1GiB", off }: FormSpec, bytes: number | undefined): string | undefined {
  const [low, high] = [parseSize(min) ?? 0, parseSize(max) ?? 0];
  const range = `between ${formatSize(low)} and ${formatSize(high)}`;
  if (bytes === undefined) return `a size ${range}${off === true ? " or off" : ""} is expected, e.g. 64KiB`;
  return Number.isSafeInteger(bytes) && bytes >= low && bytes <= high ? undefined : `must be ${range}`;
}

function durationProblem({ min = "0s", max = "24h" }: FormSpec, ms: number | undefined): string | undefined {
  const [low, high] = [parseDuration(min) ?? 0, parseDuration(max) ?? 0];
  const range = `between ${formatDuration(low)} and ${formatDuration(high)}`;
  if (ms === undefined) return `a duration ${range} is expected, with its unit, e.g. 15s`;
  return ms >= low && ms <= high ? undefined : `must be ${range}`;
}

/** Headers that mean something to HTTP or to the gateway itself: never a client's to pass, never a backend's to set. */
const reservedHeaders = new Set(
  (
    "connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade " +
    "host content-length content-type content-encoding accept accept-encoding expect x-forwarded-for x-forwarded-host " +
    "x-forwarded-proto x-http-code user-agent"
  ).split(" "),
);

function headerProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9.-]{1,128}$/.test(name)) return "a header name is expected: letters, digits, - and .";
  const lower = name.toLowerCase();
  if (/^(?:grpc-|connect-|sluice-)/.test(lower) || reservedHeaders.has(lower))
    return "this header is the gateway's own and cannot be listed";
  return undefined;
}
