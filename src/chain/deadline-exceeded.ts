// What a client hears whose call took longer inside the chain than it had.
import { Code, GatewayError } from "../status.ts";

export function deadlineExceeded(): GatewayError {
  return new GatewayError(Code.DEADLINE_EXCEEDED, "deadline exceeded", { reason: "DEADLINE_EXCEEDED" });
}
