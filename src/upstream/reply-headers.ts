// What a backend's header list says about a call: read once for every list, since the HTTP/2 engine gives equal blocks as one and the same list.
import type { Metadata } from "../metadata.ts";
import { Code, type GatewayError } from "../status.ts";
import { httpStatusError, metadataTooLargeError, notGrpcError } from "./upstream-status.ts";
import { readReplyMetadata } from "./wire-metadata.ts";

type HeaderList = readonly string[];

/** The head of an answer. */
export type ReplyHead =
  | {
      readonly kind: "reply";
      readonly metadata: Metadata;
      /** `grpc-encoding`; undefined where messages cannot be compressed. */
      readonly encoding: string | undefined;
      /** `grpc-accept-encoding`. */
      readonly accepted: string;
    }
  | { readonly kind: "refused"; readonly createError: () => GatewayError };

/** The end of an answer: trailers, or the head where there is nothing else. */
export interface ReplyStatus {
  /** As sent; undefined where there is none, and Code.UNKNOWN where it is no number. */
  readonly code: number | undefined;
  readonly message: string;
  readonly statusBytes: Uint8Array | undefined;
  /** Empty where it is over the limit: that never hides how the call ended. */
  readonly metadata: Metadata;
}

export interface ReplyHeaderReader {
  head(headers: HeaderList): ReplyHead;
  status(headers: HeaderList): ReplyStatus;
}

export function createReplyHeaderReader(maxMetadataBytes: number): ReplyHeaderReader {
  return {
    head: remembering((headers) => readHead(headers, maxMetadataBytes)),
    status: remembering((headers) => readStatus(headers, maxMetadataBytes)),
  };
}

const rememberedLists = 4;

/** The last few lists by identity: comparing them costs less than looking one up in a map. */
function remembering<T>(read: (headers: HeaderList) => T): (headers: HeaderList) => T {
  const lists: (HeaderList | undefined)[] = Array.from({ length: rememberedLists });
  const results: T[] = [];
  let next = 0;
  return (headers) => {
    for (let i = 0; i < rememberedLists; i++) if (lists[i] === headers) return results[i];
    const result = read(headers);
    lists[next] = headers;
    results[next] = result;
    next = (next + 1) % rememberedLists;
    return result;
  };
}

function find(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

/** Empty where there are several that contradict each other: none of them hides another. */
function findStatus(headers: HeaderList): string | undefined {
  let text: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== "grpc-status") continue;
    if (text !== undefined && text !== headers[i + 1]) return "";
    text = headers[i + 1];
  }
  return text;
}

function readHead(headers: HeaderList, maxMetadataBytes: number): ReplyHead {
  const status = find(headers, ":status") ?? "";
  const hasStatus = find(headers, "grpc-status") !== undefined;
  // A status of gRPC's own says more than HTTP's.
  if (status !== "200" && !hasStatus) return { kind: "refused", createError: () => httpStatusError(status) };
  const type = find(headers, "content-type");
  if (type !== undefined && !hasStatus && !/^application\/grpc(?:[+;]|$)/i.test(type)) {
    return { kind: "refused", createError: () => notGrpcError(type) };
  }
  const metadata = readReplyMetadata(headers, maxMetadataBytes);
  if (metadata === undefined) return { kind: "refused", createError: metadataTooLargeError };
  const encoding = find(headers, "grpc-encoding");
  return {
    kind: "reply",
    metadata,
    encoding: encoding === "identity" ? undefined : encoding,
    accepted: find(headers, "grpc-accept-encoding") ?? "",
  };
}

function readStatus(headers: HeaderList, maxMetadataBytes: number): ReplyStatus {
  const text = findStatus(headers);
  const details = find(headers, "grpc-status-details-bin");
  return {
    code: text === undefined ? undefined : toCode(text),
    message: decodeMessage(find(headers, "grpc-message") ?? ""),
    statusBytes: details === undefined ? undefined : Buffer.from(details, "base64"),
    metadata: readReplyMetadata(headers, maxMetadataBytes) ?? [],
  };
}

function toCode(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Code.UNKNOWN;
}

/** Percent-encoded UTF-8; what is no encoding stays as it is (gRPC over HTTP/2, "Status-Message"). */
export function decodeMessage(text: string): string {
  if (!text.includes("%")) return text;
  const bytes = Buffer.alloc(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const escape = text.charCodeAt(at) === percent ? /^[0-9A-Fa-f]{2}$/.exec(text.slice(at + 1, at + 3)) : null;
    bytes[length++] = escape === null ? text.charCodeAt(at) : Number.parseInt(escape[0], 16);
    if (escape !== null) at += 2;
  }
  return bytes.toString("utf8", 0, length);
}

const percent = 0x25;
