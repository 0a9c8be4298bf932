// gRPC metadata: one flat list, names lower case, `-bin` values in base64 as on the wire; which HTTP headers may become it, and timeouts.

/** `[name, value, name, value, …]`: no object per entry, and repeated names keep their order. */
export type Metadata = readonly string[];

export const emptyMetadata: Metadata = Object.freeze([]);

/** The first value of a name (lower case), or undefined. */
export function getMetadata(metadata: Metadata, name: string): string | undefined {
  for (let i = 0; i < metadata.length; i += 2) if (metadata[i] === name) return metadata[i + 1];
  return undefined;
}

/** A gRPC Header-Name: lower-case letters, digits, `_ - .` (gRPC over HTTP/2, "Requests"). */
export function isMetadataName(name: string): boolean {
  return /^[0-9a-z_.-]+$/.test(name);
}

/** A gRPC ASCII-Value: printable ASCII and spaces. */
export function isMetadataText(value: string): boolean {
  return /^[\x20-\x7e]*$/.test(value);
}

/** Connection-level headers of HTTP (RFC 9110 section 7.6.1): about one hop, never forwarded. */
const hopByHop: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
];

/** Beyond those, names the gateway or gRPC sets itself. */
const ownNames: ReadonlySet<string> = new Set([
  ...hopByHop,
  "host",
  "content-type",
  "content-length",
  "content-encoding",
  "accept-encoding",
  "user-agent",
  "expect",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "x-http-code",
]);

/**
 * Whether no client may set this metadata, in whatever spelling: `Grpc-Status`, `grpc_status`, `grpc-status-bin` and
 * `Grpc-Metadata-Grpc-Status` are one name to somebody.
 */
export function isReservedMetadata(name: string): boolean {
  let plain = name.toLowerCase().replaceAll("_", "-");
  while (plain.startsWith("grpc-metadata-")) plain = plain.slice("grpc-metadata-".length);
  if (plain.endsWith("-bin")) plain = plain.slice(0, -"-bin".length);
  return /^(?::|grpc-|connect-|sluice-|grpcgateway-)/.test(plain) || plain === "" || ownNames.has(plain);
}

/** Response headers HTTP or the gateway sets: no backend may. */
const ownResponseNames: ReadonlySet<string> = new Set([
  ...hopByHop,
  "content-length",
  "content-type",
  "content-encoding",
  "date",
  "vary",
  "x-content-type-options",
]);

export function isReservedResponseHeader(name: string): boolean {
  return ownResponseNames.has(name) || /^(?::|grpc-|connect-)/.test(name);
}

/** A header, its name lower case, that clients may be told: sound, and not one that HTTP or the gateway sets. */
export function isReplyHeader(name: string, value: string): boolean {
  return /^[0-9a-z][0-9a-z_.-]*$/.test(name) && isMetadataText(value) && !isReservedResponseHeader(name);
}

/** A `-bin` value in canonical base64 without padding, or undefined when it is none. Base64url is not gRPC's. */
export function toBinaryValue(text: string): string | undefined {
  const digits = text.replace(/={1,2}$/, "");
  if (digits !== text && text.length % 4 !== 0) return undefined;
  return /^[A-Za-z0-9+/]*$/.test(digits) && digits.length % 4 !== 1 ? digits : undefined;
}

/**
 * Adds the values of a `-bin` header, several of which are one list (gRPC over HTTP/2, "Requests"). False for one that is no
 * base64.
 */
export function pushBinaryValues(metadata: string[], name: string, text: string): boolean {
  for (const part of text.split(",")) {
    const value = toBinaryValue(part.trim());
    if (value === undefined) return false;
    metadata.push(name, value);
  }
  return true;
}

const grpcTimeoutUnits: ReadonlyMap<string, number> = new Map([
  ["H", 3_600_000],
  ["M", 60_000],
  ["S", 1000],
  ["m", 1],
  ["u", 1e-3],
  ["n", 1e-6],
]);

/** `100m`, `5S` (gRPC over HTTP/2, "Timeout"): milliseconds, or undefined. */
export function parseGrpcTimeout(text: string): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(text);
  return match === null ? undefined : Number(match[1]) * (grpcTimeoutUnits.get(match[2]) ?? Number.NaN);
}

const durationUnits: ReadonlyMap<string, number> = new Map([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["µs", 1e-3],
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/** `1.5s`, `500ms`, `1m30s` (Go's syntax, without sign): milliseconds, or undefined. */
export function parseTimeout(text: string): number | undefined {
  if (text.length > 32 || !/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(number) * (durationUnits.get(unit) ?? Number.NaN);
  }
  return total;
}
