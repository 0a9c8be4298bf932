// Which pages may connect: those of the gateway's own origin, and those listed, see ../origins.ts.
import { Code, GatewayError } from "../../status.ts";
import type { Forwarded } from "../forwarded.ts";
import type { RequestHeaders } from "../front.ts";
import { compileOriginList, toOrigin } from "../origins.ts";

/** The origin of the page, undefined for a program. Throws GatewayError (403) for any other page. */
export type CheckOrigin = (headers: RequestHeaders, forwarded: Forwarded) => string | undefined;

/** Throws RangeError for what is no origin. */
export function compileOriginCheck(allowedOrigins: readonly string[]): CheckOrigin {
  const isAllowed = compileOriginList(allowedOrigins);
  return (headers, forwarded) => {
    const header = headers["origin"];
    if (header === undefined) return undefined;
    const origin = toOrigin(String(header));
    if (origin !== undefined && (isAllowed(origin) || origin === ownOrigin(forwarded))) return origin;
    throw foreign(String(header), forwarded);
  };
}

/** The origin again where the cookies of its visitors count, undefined where they do not: as if it were a program. */
export type CookieOriginOf = (origin: string | undefined, forwarded: Forwarded) => string | undefined;

/** Throws RangeError for what is no origin. */
export function compileCookieOrigin(cookieOrigins: readonly string[]): CookieOriginOf {
  const isAllowed = compileOriginList(cookieOrigins);
  return (origin, forwarded) =>
    origin !== undefined && (isAllowed(origin) || origin === ownOrigin(forwarded)) ? origin : undefined;
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
    `pages of the origin ${shown} may not connect; the gateway's own is ${own}, others are listed in cors.origins or websocket.allowed_origins`,
    { reason: "ORIGIN_FORBIDDEN", httpStatus: 403 },
  );
}
