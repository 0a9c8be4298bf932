// Why a request body cannot be read to its end, the same on every protocol.
import { Code, GatewayError } from "../status.ts";

export function bodyTooLarge(limit: number): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, `the request body is larger than ${limit} bytes`, {
    reason: "BODY_TOO_LARGE",
    httpStatus: 413,
  });
}

export function bodyTooSlow(): GatewayError {
  return new GatewayError(Code.DEADLINE_EXCEEDED, "the request body comes in too slowly", {
    reason: "BODY_TOO_SLOW",
    httpStatus: 408,
  });
}

export function clientGone(): GatewayError {
  return new GatewayError(Code.CANCELLED, "the client closed the connection", { reason: "CLIENT_GONE" });
}
