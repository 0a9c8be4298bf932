// Request headers that become metadata, for every front that speaks to browsers: an allow-list, or grpc-gateway's mapping.
import { isMetadataName, isMetadataText, isReservedMetadata, pushBinaryValues } from "../metadata.ts";
import type { Metadata } from "../metadata.ts";
import type { Profile } from "../schema/binding.ts";
import { Code, GatewayError } from "../status.ts";
import type { Forwarded } from "./forwarded.ts";
import type { Exchange } from "./front.ts";
import { compileAllowList } from "./header-names.ts";

export interface RequestMetadataOptions {
  readonly profile: Profile;
  /** Request headers that become metadata in profile strict. */
  readonly requestHeaders: readonly string[];
}

/** Whatever has headers: names lower case in `headers`, in any case in `rawHeaders`. */
export type HeaderSource = Pick<Exchange, "headers" | "rawHeaders">;

/** Throws GatewayError (400) for a header that is to be passed on and cannot be. */
export type AppendHeaders = (source: HeaderSource, metadata: string[]) => void;

/** Throws GatewayError (400) for a header that is to be passed on and cannot be. */
export type RequestMetadata = (source: HeaderSource, forwarded: Forwarded) => Metadata;

/** The headers, and who the client is. Throws RangeError on a name no client may set. */
export function compileRequestMetadata(options: RequestMetadataOptions): RequestMetadata {
  const append = compileRequestHeaders(options);
  return (source, forwarded) => {
    const metadata: string[] = [];
    append(source, metadata);
    appendForwarded(forwarded, metadata);
    return metadata;
  };
}

/** The headers alone. Throws RangeError on a name no client may set. */
export function compileRequestHeaders({ profile, requestHeaders }: RequestMetadataOptions): AppendHeaders {
  return profile === "strict" ? compileAllowed(requestHeaders) : appendAsGrpcGateway;
}

/** Who the client is, in the words of proxies. */
export function appendForwarded(forwarded: Forwarded, metadata: string[]): void {
  if (forwarded.for !== "") metadata.push("x-forwarded-for", forwarded.for);
  if (forwarded.host !== undefined && forwarded.host !== "") metadata.push("x-forwarded-host", forwarded.host);
  metadata.push("x-forwarded-proto", forwarded.proto);
}

function compileAllowed(requestHeaders: readonly string[]): AppendHeaders {
  const names = compileAllowList(requestHeaders, isReservedMetadata);
  return ({ headers }, metadata) => {
    for (const name of names) {
      const value = headers[name];
      if (value === undefined) continue;
      const text = withoutTabs(String(value));
      if (name.endsWith("-bin")) pushBinary(metadata, name, text);
      else if (isMetadataText(text)) metadata.push(name, text);
      else throw invalid(name, "has characters other than printable ASCII");
    }
  };
}

/** Tabs may stand around the commas of a list (RFC 9110 section 5.6.1), as blanks may; metadata has blanks only. */
function withoutTabs(text: string): string {
  if (!text.includes("\t") || !isMetadataText(text.replaceAll("\t", " "))) return text;
  return text
    .split(",")
    .map((member) => member.trim())
    .join(", ");
}

function pushBinary(metadata: string[], name: string, text: string): void {
  if (!pushBinaryValues(metadata, name, text)) throw invalid(name, "is not base64");
}

function invalid(name: string, problem: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, `the header ${name} ${problem}`, { reason: "HEADER_INVALID" });
}

const metadataPrefix = "grpc-metadata-";

/** The request headers grpc-gateway passes on as `grpcgateway-<name>`. */
const permanentHeaders: ReadonlySet<string> = new Set(
  (
    "accept accept-charset accept-language accept-ranges authorization cache-control content-type cookie date expect from " +
    "if-match if-modified-since if-none-match if-schedule-tag-match if-unmodified-since max-forwards origin pragma referer " +
    "user-agent via warning"
  ).split(" "),
);

function appendAsGrpcGateway({ rawHeaders }: HeaderSource, metadata: string[]): void {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i].toLowerCase();
    const value = rawHeaders[i + 1];
    if (name.startsWith(metadataPrefix)) appendPrefixed(metadata, name.slice(metadataPrefix.length), value);
    else if (permanentHeaders.has(name) && isMetadataText(value)) {
      if (name === "authorization") metadata.push("authorization", value);
      metadata.push(`grpcgateway-${name}`, value);
    }
  }
}

/** A name nobody may set is left out, as grpc-go leaves it out behind grpc-gateway; so is a value that is no metadata. */
function appendPrefixed(metadata: string[], name: string, value: string): void {
  if (isReservedMetadata(name) || !isMetadataName(name)) return;
  if (name.endsWith("-bin")) pushBinary(metadata, name, value);
  else if (isMetadataText(value)) metadata.push(name, value);
}
