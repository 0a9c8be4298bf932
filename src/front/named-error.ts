// An error that says nothing to its client names the request, so that whoever is asked about it finds the line in the log.
import { GatewayError } from "../status.ts";

/** Others, and requests without an id, are left as they are. */
export function toNamedError(cause: unknown, requestId: string | undefined): GatewayError {
  const error = GatewayError.from(cause);
  if (requestId === undefined || error.reason !== "INTERNAL") return error;
  return new GatewayError(error.code, `${error.message}; the log has it under the request id ${requestId}`, {
    reason: error.reason,
    metadata: { ...error.metadata, requestId },
    headers: error.headers,
    httpStatus: error.httpStatus,
    cause: error.cause,
  });
}
