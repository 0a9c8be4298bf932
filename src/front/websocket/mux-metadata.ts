// Metadata that a client puts into its frames: judged like headers of a request, and laid over what came before it.
import { emptyMetadata, isMetadataName, isMetadataText } from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";
import type { RequestHeaders } from "../../caller.ts";
import { Code, GatewayError } from "../../status.ts";
import { compileRequestHeaders } from "../request-metadata.ts";
import type { RequestMetadataOptions } from "../request-metadata.ts";

/** Of one frame. */
const mostValues = 64;
const mostCharacters = 16 * 1024;

/** `base` with what the client's entries become, name by name in its place. Throws GatewayError (3). */
export type OverlayMetadata = (base: Metadata, entries: Metadata) => Metadata;

/** Throws RangeError on a name no client may set. */
export function compileOverlay(options: RequestMetadataOptions): OverlayMetadata {
  const append = compileRequestHeaders(options);
  return (base, entries) => {
    if (entries.length === 0) return base;
    check(entries);
    const own: string[] = [];
    append({ headers: toHeaders(entries), rawHeaders: entries }, own);
    return own.length === 0 ? base : replaceByName(base, own);
  };
}

/** `base` with the client's entries, checked before, as if they had come as headers. */
export function overlayHeaders(base: RequestHeaders, entries: Metadata): RequestHeaders {
  return entries.length === 0 ? base : Object.assign(Object.create(null), base, toHeaders(entries));
}

/** `authorization` as a header of the client's. */
export function toAuthorization(auth: string | undefined): Metadata {
  return auth === undefined ? emptyMetadata : ["authorization", auth];
}

/** Names that say nothing of who calls. */
const neutralNames = new Set(["accept-language", "baggage", "traceparent", "tracestate", "x-request-id"]);

/** Whether the entries leave a caller who it is, whatever callers are told by. */
export function isNeutral(entries: Metadata): boolean {
  for (let i = 0; i < entries.length; i += 2) if (!neutralNames.has(entries[i])) return false;
  return true;
}

function replaceByName(base: Metadata, own: readonly string[]): Metadata {
  const names = new Set<string>();
  for (let i = 0; i < own.length; i += 2) names.add(own[i]);
  const merged: string[] = [];
  for (let i = 0; i < base.length; i += 2) if (!names.has(base[i])) merged.push(base[i], base[i + 1]);
  merged.push(...own);
  return merged;
}

function check(entries: Metadata): void {
  if (entries.length > 2 * mostValues) throw invalid(`has more than ${mostValues} values`);
  let characters = 0;
  for (let i = 0; i < entries.length; i += 2) {
    const [name, value] = [entries[i], entries[i + 1]];
    const shown = JSON.stringify(name.slice(0, 40));
    if (!isMetadataName(name))
      throw invalid(`has the name ${shown}; lower-case letters, digits, "_", "-", "." make one`);
    if (!isMetadataText(value)) throw invalid(`has characters other than printable ASCII in ${shown}`);
    characters += name.length + value.length;
  }
  if (characters > mostCharacters) throw invalid(`is longer than ${mostCharacters} characters`);
}

/** Several values of one name are one, joined as HTTP joins them. */
function toHeaders(entries: Metadata): Readonly<Record<string, string>> {
  const headers = Object.create(null) as Record<string, string>;
  for (let i = 0; i < entries.length; i += 2) {
    const earlier = headers[entries[i]];
    headers[entries[i]] = earlier === undefined ? entries[i + 1] : `${earlier}, ${entries[i + 1]}`;
  }
  return headers;
}

function invalid(problem: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, `the metadata ${problem}`, { reason: "HEADER_INVALID" });
}
