// Request targets other than a path (RFC 9112 section 3.2): absolute form is stripped when it names this host, the rest is refused.
import { Code, GatewayError } from "../status.ts";

/** The path and query of a target that does not start with `/`, or the reason to refuse it. `OPTIONS *` stays as it is. */
export function toOriginForm(
  target: string,
  method: string,
  host: string | string[] | undefined,
): string | GatewayError {
  if (target === "*" && method === "OPTIONS") return target;
  const match = /^(https?):\/\/([^/?#]*)([/?#].*)?$/is.exec(target);
  if (match === null) return refuse("the request target must be a path that starts with /");
  const [, scheme, authority, rest = "/"] = match;
  if (typeof host !== "string" || withoutDefaultPort(authority, scheme) !== withoutDefaultPort(host, scheme)) {
    return refuse("the request target names another host than the Host header");
  }
  if (authority === "") return refuse("the request target names no host");
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function withoutDefaultPort(authority: string, scheme: string): string {
  const port = scheme.toLowerCase() === "https" ? ":443" : ":80";
  const lower = authority.toLowerCase();
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower;
}

function refuse(message: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, message, { reason: "TARGET_INVALID" });
}
