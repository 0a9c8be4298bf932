// Which metadata of a backend a client of streams gets to see.
import { isMetadataName, isMetadataText, isReservedResponseHeader } from "../metadata.ts";
import type { Metadata } from "../metadata.ts";
import type { Profile } from "../schema/binding.ts";
import { compileAllowList } from "./header-names.ts";

export interface ReplyMetadataOptions {
  readonly profile: Profile;
  /** Metadata of replies that clients get, in profile strict. */
  readonly responseHeaders: readonly string[];
}

export type ReplyMetadata = (metadata: Metadata) => Metadata;

/** The allow-list, or with profile grpc-gateway all that is not gRPC's or a connection's. Throws RangeError on a name no backend may set. */
export function compileReplyMetadata({ profile, responseHeaders }: ReplyMetadataOptions): ReplyMetadata {
  const allowed = new Set(compileAllowList(responseHeaders, isReservedResponseHeader));
  const isShown =
    profile === "strict"
      ? (name: string) => allowed.has(name)
      : (name: string) => isMetadataName(name) && !isReservedResponseHeader(name);
  return (metadata) => {
    const shown: string[] = [];
    for (let i = 0; i < metadata.length; i += 2)
      if (isShown(metadata[i]) && isMetadataText(metadata[i + 1])) shown.push(metadata[i], metadata[i + 1]);
    return shown;
  };
}
