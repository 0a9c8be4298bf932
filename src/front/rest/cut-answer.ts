// The end of an answer that cannot say in itself that it is incomplete: it is cut off, so that nobody takes it for whole.
import type { GatewayError } from "../../status.ts";
import type { Exchange, ResponseWriter } from "../front.ts";
import { encodeGrpcMessage } from "../grpc-message.ts";

/** INTERNAL_ERROR (RFC 9113 section 7). */
const internalError = 2;

/**
 * `whenRoom` calls back when what was written before is on its way. A client of HTTP/2 that reads trailers gets the status in
 * them, as gRPC has it, behind a body that is no JSON without its end.
 */
export function cutAnswer(
  exchange: Exchange,
  writer: ResponseWriter,
  error: GatewayError,
  whenRoom: (next: () => void) => void,
): void {
  if (exchange.httpVersion === "2" && /(?:^|[ \t,])trailers(?:$|[ \t,;])/i.test(String(exchange.headers["te"] ?? ""))) {
    writer.end(["grpc-status", String(error.code), "grpc-message", encodeGrpcMessage(error.message)]);
    return;
  }
  // In the next turn: what was written in this one is sent at its end.
  whenRoom(() => setImmediate(() => exchange.reset(internalError)));
}
