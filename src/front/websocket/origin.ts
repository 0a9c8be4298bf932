// Which pages may connect: those of the gateway's own origin, and those listed; scheme, host and port, exactly (RFC 6454).
import { Code, GatewayError } from "../../status.ts";
import type { Forwarded } from "../forwarded.ts";
import type { RequestHeaders } from "../front.ts";

/** The origin of the page, undefined for a program. Throws GatewayError (403) for any other page. */
export type CheckOrigin = (headers: RequestHeaders, forwarded: Forwarded) => string | undefined;

/** `*` allows every page. Throws RangeError for what is no origin. */
export function compileOriginCheck(allowedOrigins: readonly string[]): CheckOrigin {
  const allowed = new Set(allowedOrigins.map(toListed));
  return (headers, forwarded) => {
    const header = headers["origin"];
    if (header === undefined) return undefined;
    const origin = toOrigin(String(header));
    if (origin !== undefined && (allowed.has(origin) || allowed.has("*") || origin === ownOrigin(forwarded)))
      return origin;
    throw foreign(String(header), forwarded);
  };
}

function toListed(text: string): string {
  const origin = text === "*" ? text : toOrigin(text);
  if (origin === undefined) throw new RangeError(`"${text}" is not an origin; expected e.g. https://app.example`);
  return origin;
}

/** With the default port left out; undefined for `null` and whatever has no origin. */
function toOrigin(text: string): string | undefined {
  if (text.length > 512 || !/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/i.test(text)) return undefined;
  if (!URL.canParse(text)) return undefined;
  const { origin } = new URL(text);
  // Of schemes that are not the web's (browser extensions) URL tells no origin.
  return origin === "null" ? text.toLowerCase() : origin;
}

/** A page's request to its own origin by GET has no Origin; browsers say so in a header of their own. */
export function originOfPage(headers: RequestHeaders, forwarded: Forwarded): string | undefined {
  return headers["sec-fetch-site"] === "same-origin" ? ownOrigin(forwarded) : undefined;
}

function ownOrigin({ proto, host }: Forwarded): string | undefined {
  return host === undefined ? undefined : toOrigin(`${proto}://${host}`);
}

function foreign(header: string, forwarded: Forwarded): GatewayError {
  const shown = JSON.stringify(header.slice(0, 100));
  const own = ownOrigin(forwarded) ?? "unknown";
  return new GatewayError(
    Code.PERMISSION_DENIED,
    `pages of the origin ${shown} may not connect; the gateway's own is ${own}, others are listed in websocket.allowed_origins`,
    { reason: "ORIGIN_FORBIDDEN", httpStatus: 403 },
  );
}
