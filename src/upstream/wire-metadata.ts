// What of a call's metadata may go on the wire to a backend, and what of a backend's headers and trailers is metadata.
import { emptyMetadata, type Metadata, toBinaryValue } from "../metadata.ts";
import { Code, GatewayError } from "../status.ts";

/** Set by the transport itself, or about one connection only: never metadata, in either direction. */
const transportNames: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "content-type",
  "date",
  "expect",
  "grpc-accept-encoding",
  "grpc-encoding",
  "grpc-message",
  "grpc-status",
  "grpc-status-details-bin",
  "grpc-timeout",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
]);

/** Node's HTTP/2 client refuses a second value of these, and grpc-js then drops the whole connection with every call on it. */
const singleValueNames: ReadonlySet<string> = new Set([
  "access-control-allow-credentials",
  "access-control-max-age",
  "access-control-request-method",
  "age",
  "authorization",
  "content-encoding",
  "content-language",
  "content-location",
  "content-md5",
  "content-range",
  "dnt",
  "etag",
  "expires",
  "from",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "range",
  "referer",
  "retry-after",
  "tk",
  "upgrade-insecure-requests",
  "x-content-type-options",
]);

/** What RFC 9113 section 6.5.2 adds to every field when it counts a header list. */
const fieldOverhead = 32;

const colon = 0x3a;

const legalName = /^[0-9a-z_.-]+$/;
const legalValue = /^[ -~]*$/;

/**
 * The metadata of a call as it may be sent: transport names left out, `-bin` lists split, every entry legal.
 * Throws GatewayError, because one illegal header would otherwise end the connection of all calls.
 */
export function readRequestMetadata(metadata: Metadata, maxBytes: number): Metadata {
  if (metadata.length === 0) return emptyMetadata;
  // Made when something has to be changed, which is rare.
  let sent: string[] | undefined;
  const once: string[] = [];
  let size = 0;
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i];
    const isOwn = transportNames.has(name);
    const value = metadata[i + 1].trim();
    const isBinary = name.endsWith("-bin");
    if (isOwn || isBinary || value !== metadata[i + 1]) sent ??= metadata.slice(0, i);
    if (isOwn) continue;
    checkEntry(name, value, once);
    size += name.length + value.length + fieldOverhead;
    if (isBinary) for (const part of value.split(",")) sent!.push(name, binaryValue(name, part.trim()));
    else sent?.push(name, value);
  }
  if (size > maxBytes) {
    throw new GatewayError(Code.RESOURCE_EXHAUSTED, `the request's metadata is larger than ${maxBytes} bytes`, {
      reason: "METADATA_TOO_LARGE",
    });
  }
  return sent ?? metadata;
}

function binaryValue(name: string, text: string): string {
  const value = toBinaryValue(text);
  if (value === undefined) throw invalidMetadata(`the metadata "${name}" is not base64`);
  return value;
}

function checkEntry(name: string, value: string, once: string[]): void {
  if (!legalName.test(name))
    throw invalidMetadata(`the metadata name ${JSON.stringify(name)} has characters other than 0-9 a-z _ . -`);
  if (!legalValue.test(value)) throw invalidMetadata(`the metadata "${name}" has characters outside printable ASCII`);
  if (!singleValueNames.has(name)) return;
  if (once.includes(name)) throw invalidMetadata(`the metadata "${name}" is given twice`);
  once.push(name);
}

function invalidMetadata(message: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, message, { reason: "METADATA_INVALID" });
}

/** A backend's headers or trailers as metadata; undefined when they are larger than `maxBytes`. */
export function toReplyMetadata(
  fields: Iterable<readonly [string, readonly (string | Buffer)[]]>,
  maxBytes: number,
): Metadata | undefined {
  const received: string[] = [];
  let size = 0;
  for (const [name, values] of fields) {
    if (transportNames.has(name)) continue;
    for (const value of values) {
      const text = typeof value === "string" ? value : withoutPadding(value.toString("base64"));
      size += name.length + text.length + fieldOverhead;
      if (size > maxBytes) return undefined;
      received.push(name, text);
    }
  }
  return received;
}

/** The same of a flat list as HTTP/2 has it: `-bin` lists split, their values without padding. */
export function readReplyMetadata(headers: readonly string[], maxBytes: number): Metadata | undefined {
  let received: string[] | undefined;
  let size = 0;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i];
    if (name.charCodeAt(0) === colon || transportNames.has(name)) continue;
    const value = headers[i + 1];
    size += name.length + value.length + fieldOverhead;
    if (size > maxBytes) return undefined;
    received ??= [];
    if (name.endsWith("-bin")) {
      for (const part of value.split(",")) received.push(name, withoutPadding(part.trim()));
    } else received.push(name, value.trim());
  }
  return received ?? emptyMetadata;
}

/** Some backends pad, some do not (gRPC over HTTP/2, "Custom-Metadata"); whoever reads it behind here gets one form. */
function withoutPadding(base64: string): string {
  return base64.endsWith("=") ? base64.replace(/={1,2}$/, "") : base64;
}
