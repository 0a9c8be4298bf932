// The formats that strings may be asked to have: `email`, `uuid`, `ip_prefix`, … by the names of their rules.
import { isEmail, isHostAndPort, isHostname } from "../formats/host.ts";
import { isIp, isIpPrefix } from "../formats/ip.ts";
import { isUri, isUriReference } from "../formats/uri.ts";

export interface StringFormat {
  readonly test: (value: string) => boolean;
  readonly message: string;
  /** Where an empty string has a message of its own. */
  readonly emptyMessage: string | undefined;
}

/** `what` as in "must be a valid …". */
function format(what: string, test: (value: string) => boolean, empty = what): StringFormat {
  return { test, message: `must be a valid ${what}`, emptyMessage: `value is empty, which is not a valid ${empty}` };
}

// These are our own, anchored and without alternatives that overlap: linear in any engine.
const matches = (regex: RegExp) => (value: string) => regex.test(value);
const uuid = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
const fullName = /^[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)*$/;
const dottedName = /^(?:\.[A-Za-z_][A-Za-z_0-9]*)+$/;
const hostAndPort = "host (hostname or IP address) and port pair";

const formats: ReadonlyMap<string, StringFormat> = new Map([
  ["email", format("email address", isEmail)],
  ["hostname", format("hostname", isHostname)],
  ["ip", format("IP address", (value) => isIp(value))],
  ["ipv4", format("IPv4 address", (value) => isIp(value, 4))],
  ["ipv6", format("IPv6 address", (value) => isIp(value, 6))],
  ["uri", format("URI", isUri)],
  ["uri_ref", { ...format("URI Reference", isUriReference), emptyMessage: undefined }],
  ["address", format("hostname, or ip address", (value) => isHostname(value) || isIp(value))],
  ["uuid", format("UUID", matches(uuid))],
  ["tuuid", format("trimmed UUID", matches(/^[0-9a-fA-F]{32}$/))],
  ["ip_with_prefixlen", format("IP prefix", (value) => isIpPrefix(value))],
  ["ipv4_with_prefixlen", format("IPv4 address with prefix length", (value) => isIpPrefix(value, 4))],
  ["ipv6_with_prefixlen", format("IPv6 address with prefix length", (value) => isIpPrefix(value, 6))],
  ["ip_prefix", format("IP prefix", (value) => isIpPrefix(value, 0, true))],
  ["ipv4_prefix", format("IPv4 prefix", (value) => isIpPrefix(value, 4, true))],
  ["ipv6_prefix", format("IPv6 prefix", (value) => isIpPrefix(value, 6, true))],
  ["host_and_port", format(hostAndPort, (value) => isHostAndPort(value, true), "host and port pair")],
  ["ulid", format("ULID", matches(/^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$/))],
  ["protobuf_fqn", format("fully-qualified Protobuf name", matches(fullName))],
  ["protobuf_dot_fqn", format("fully-qualified Protobuf name with a leading dot", matches(dottedName))],
]);

export const formatNames: readonly string[] = [...formats.keys()];

export function formatOf(name: string): StringFormat {
  return formats.get(name)!;
}

const headerNames = { strict: /^:?[0-9a-zA-Z!#$%&'*+-.^_|~`]+$/, loose: /^[^\0\n\r]+$/ };
// eslint-disable-next-line no-control-regex
const headerValues = { strict: /^[^\u0000-\u0008\u000a-\u001f\u007f]*$/, loose: /^[^\0\n\r]*$/ };

/** `part` as the rule's id names it. */
export function headerFormat(
  regex: "KNOWN_REGEX_HTTP_HEADER_NAME" | "KNOWN_REGEX_HTTP_HEADER_VALUE",
  isStrict: boolean,
): StringFormat & { readonly part: string } {
  const strictness = isStrict ? "strict" : "loose";
  if (regex === "KNOWN_REGEX_HTTP_HEADER_NAME")
    return { ...format("HTTP header name", matches(headerNames[strictness])), part: "header_name" };
  const value = format("HTTP header value", matches(headerValues[strictness]));
  return { ...value, emptyMessage: undefined, part: "header_value" };
}
