// A gRPC client's headers as metadata, and a backend's metadata as headers and trailers: everything but what belongs to a hop.
import {
  isMetadataName,
  isMetadataText,
  isReservedMetadata,
  isReservedResponseHeader,
  pushBinaryValues,
} from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import type { Forwarded } from "../forwarded.ts";
import type { Exchange } from "../front.ts";

/** Names asked about again and again; what clients make up beyond that is judged each time. */
const keptNames = 1024;

function remembering(judge: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    let answer = known.get(name);
    if (answer === undefined) {
      answer = judge(name);
      if (known.size < keptNames && name.length <= 64) known.set(name, answer);
    }
    return answer;
  };
}

/** Throws GatewayError (INVALID_ARGUMENT) for a header that is metadata and cannot be passed on. */
export function compileRequestMetadata(): (exchange: Exchange, forwarded: Forwarded) => Metadata {
  // `grpc-` is gRPC's own altogether, also before what is somebody's name for metadata elsewhere (`Grpc-Metadata-X-User`).
  const isLeftOut = remembering(
    (name) => name.startsWith("grpc-") || isReservedMetadata(name) || !isMetadataName(name),
  );
  return ({ rawHeaders }, forwarded) => {
    const metadata: string[] = [];
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const name = rawHeaders[at];
      if (isLeftOut(name)) continue;
      const value = rawHeaders[at + 1];
      if (name.endsWith("-bin")) {
        if (!pushBinaryValues(metadata, name, value)) throw invalid(name, "is not base64");
      } else if (isMetadataText(value)) metadata.push(name, value);
      else throw invalid(name, "has characters other than printable ASCII");
    }
    if (forwarded.for !== "") metadata.push("x-forwarded-for", forwarded.for);
    if (forwarded.host !== undefined && forwarded.host !== "") metadata.push("x-forwarded-host", forwarded.host);
    metadata.push("x-forwarded-proto", forwarded.proto);
    return metadata;
  };
}

function invalid(name: string, problem: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, `the metadata ${name} ${problem}`, { reason: "HEADER_INVALID" });
}

const isKeptBack = remembering((name) => isReservedResponseHeader(name) || !isMetadataName(name));

/** What of a backend's metadata the client gets, appended to headers or trailers. */
export function appendReplyMetadata(metadata: Metadata, fields: string[]): void {
  for (let at = 0; at < metadata.length; at += 2) {
    const name = metadata[at];
    // Blanks at the ends may be taken off (gRPC over HTTP/2, "Requests"), and HTTP/2 does not carry them.
    if (!isKeptBack(name) && isMetadataText(metadata[at + 1])) fields.push(name, metadata[at + 1].trim());
  }
}
