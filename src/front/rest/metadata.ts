// Metadata that becomes response headers: an allow-list, or grpc-gateway's mapping. Its opposite is front/request-metadata.ts.
import { isMetadataName, isMetadataText, isReservedResponseHeader } from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";
import type { Exchange, HeaderList } from "../front.ts";
import { compileAllowList } from "../header-names.ts";
import type { RestOptions } from "./options.ts";

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
