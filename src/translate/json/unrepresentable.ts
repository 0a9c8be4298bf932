// What a well-known message that has no JSON form is refused with.
import { Code, GatewayError } from "../../status.ts";

export function unrepresentable(what: string): GatewayError {
  return new GatewayError(Code.INTERNAL, `message has no JSON form: ${what}`, { reason: "MESSAGE_HAS_NO_JSON" });
}
