// A request message as it was before its client compressed it; the faults that unary calls and streams share.
import { decompressMessage } from "../../compression.ts";
import { Code, GatewayError } from "../../status.ts";
import type { Negotiated } from "./negotiate.ts";

/** Throws, or rejects with, GatewayError; also where a message says it is compressed and the head does not say how. */
export function expand(
  bytes: Uint8Array,
  { requestEncoding }: Negotiated,
  maxMessageBytes: number,
): Uint8Array | Promise<Uint8Array> {
  if (requestEncoding !== undefined) return decompressMessage(bytes, requestEncoding, maxMessageBytes);
  throw new GatewayError(Code.INTERNAL, "a message is marked as compressed, and grpc-encoding does not say how", {
    reason: "MESSAGE_ENCODING_INVALID",
  });
}

export function endedEarly(): GatewayError {
  return new GatewayError(Code.INTERNAL, "the request ended in the middle of a message", {
    reason: "MESSAGE_MALFORMED",
  });
}
