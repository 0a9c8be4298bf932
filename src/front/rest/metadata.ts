// Request headers that become metadata, and metadata that becomes response headers: an allow-list, or grpc-gateway's mapping.
import {
  isMetadataName,
  isMetadataText,
  isReservedMetadata,
  isReservedResponseHeader,
  toBinaryValue,
} from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import type { Forwarded } from "../forwarded.ts";
import type { Exchange, HeaderList } from "../front.ts";
import { compileAllowList } from "./header-names.ts";
import type { RestOptions } from "./options.ts";

/** Throws GatewayError (400) for a header that is to be passed on and cannot be. */
export type RequestMetadata = (exchange: Exchange, forwarded: Forwarded) => Metadata;

/** Throws RangeError on a name no client may set. */
export function compileRequestMetadata(options: RestOptions): RequestMetadata {
  const append = options.profile === "strict" ? compileAllowed(options.requestHeaders) : appendAsGrpcGateway;
  return (exchange, forwarded) => {
    const metadata: string[] = [];
    append(exchange, metadata);
    if (forwarded.for !== "") metadata.push("x-forwarded-for", forwarded.for);
    if (forwarded.host !== undefined && forwarded.host !== "") metadata.push("x-forwarded-host", forwarded.host);
    metadata.push("x-forwarded-proto", forwarded.proto);
    return metadata;
  };
}

type Append = (exchange: Exchange, metadata: string[]) => void;

function compileAllowed(requestHeaders: readonly string[]): Append {
  const names = compileAllowList(requestHeaders, isReservedMetadata);
  return ({ headers }, metadata) => {
    for (const name of names) {
      const value = headers[name];
      if (value === undefined) continue;
      if (name.endsWith("-bin")) pushBinary(metadata, name, String(value));
      else if (isMetadataText(String(value))) metadata.push(name, String(value));
      else throw invalid(name, "has characters other than printable ASCII");
    }
  };
}

/** Several values of one binary header are one list in HTTP (gRPC over HTTP/2, "Requests"). */
function pushBinary(metadata: string[], name: string, text: string): void {
  for (const part of text.split(",")) {
    const value = toBinaryValue(part.trim());
    if (value === undefined) throw invalid(name, "is not base64");
    metadata.push(name, value);
  }
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

function appendAsGrpcGateway({ rawHeaders }: Exchange, metadata: string[]): void {
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

/** Appends to a response's headers what the backend sent along. */
export type ReplyHeaders = (metadata: Metadata, headers: string[]) => void;

/** Throws RangeError on a name no backend may set. */
export function compileReplyHeaders(options: RestOptions): ReplyHeaders {
  if (options.profile === "grpc-gateway") {
    return (metadata, headers) => {
      // What every backend sends before its own metadata, which grpc-gateway does not take out.
      headers.push("grpc-metadata-content-type", "application/grpc");
      appendWithPrefix(metadata, "grpc-metadata-", headers);
    };
  }
  const allowed = new Set(compileAllowList(options.responseHeaders, isReservedResponseHeader));
  return (metadata, headers) => {
    for (let i = 0; i < metadata.length; i += 2) {
      if (allowed.has(metadata[i]) && isMetadataText(metadata[i + 1])) headers.push(metadata[i], metadata[i + 1]);
    }
  };
}

/** grpc-gateway's `Grpc-Trailer-X`, for clients that say `TE: trailers`. */
export function toReplyTrailers(options: RestOptions, exchange: Exchange, metadata: Metadata): HeaderList | undefined {
  if (options.profile !== "grpc-gateway" || metadata.length === 0) return undefined;
  if (!/(?:^|[ \t,])trailers(?:$|[ \t,;])/i.test(String(exchange.headers["te"] ?? ""))) return undefined;
  const trailers: string[] = [];
  appendWithPrefix(metadata, "grpc-trailer-", trailers);
  return trailers.length === 0 ? undefined : trailers;
}

function appendWithPrefix(metadata: Metadata, prefix: string, headers: string[]): void {
  for (let i = 0; i < metadata.length; i += 2) {
    if (isMetadataName(metadata[i]) && isMetadataText(metadata[i + 1]))
      headers.push(prefix + metadata[i], metadata[i + 1]);
  }
}
