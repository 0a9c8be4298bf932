// Streaming methods over REST. None is served yet: this is the one place that says so.
import type { Method } from "../../schema/descriptor.ts";
import { Code, GatewayError } from "../../status.ts";

export function refuseStream(method: Method): GatewayError {
  return new GatewayError(
    Code.UNIMPLEMENTED,
    `${method.name} is a ${method.kind} method; the REST front serves unary methods only`,
    {
      reason: "STREAMING_NOT_AVAILABLE",
    },
  );
}
