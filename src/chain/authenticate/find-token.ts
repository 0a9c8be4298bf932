// The bearer token of a request: in its Authorization header (RFC 6750 section 2.1), else in a cookie, where the page may use that.
import type { AuthenticationRequest, RequestHeaders } from "../../caller.ts";
import { getMetadata } from "../../metadata.ts";
import { maxTokenBytes } from "./read-token.ts";
import type { Problem } from "./read-token.ts";

export type FoundToken = { readonly token: string } | { readonly problem: Problem };

export interface TokenPlaces {
  readonly cookie: string | undefined;
  /** Of origins (lower case) beside the gateway's own: whether their pages may have their visitors' cookies used. */
  readonly isPageOrigin: (origin: string) => boolean;
}

/** Undefined when there is none, or credentials of another kind. */
export function findToken(request: AuthenticationRequest, places: TokenPlaces): FoundToken | undefined {
  const header = readHeader(request, "authorization");
  if (header !== undefined) return readBearer(header);
  if (places.cookie === undefined) return undefined;
  const cookies = readHeader(request, "cookie");
  if (cookies === undefined || !isPageAllowed(request.headers, places.isPageOrigin)) return undefined;
  return readCookie(cookies, places.cookie);
}

/** As the client sent it. Of several values one text, which is no token. */
export function readHeader({ headers, metadata }: AuthenticationRequest, name: string): string | undefined {
  if (headers === undefined) return getMetadata(metadata, name);
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/** The scheme in any case, one blank or more, and one token: a second one would be for somebody who reads on. */
function readBearer(header: string): FoundToken | undefined {
  if (header.slice(0, 6).toLowerCase() !== "bearer") return undefined;
  if (header.length > 6 && !/[\s,]/.test(header[6])) return undefined;
  if (header.length > maxTokenBytes + 64) return { problem: `it is longer than ${maxTokenBytes} bytes` };
  const match = /^.{6} +([A-Za-z0-9._~+/-]+=*)$/.exec(header);
  return match === null ? { problem: "Authorization is not Bearer, a blank, and one token" } : check(match[1]);
}

function readCookie(cookies: string, name: string): FoundToken | undefined {
  const values = cookies
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  if (values.length === 0 || (values.length === 1 && values[0] === "")) return undefined;
  // One of a neighbour's domain can stand beside one's own (RFC 6265 section 8.6).
  if (values.length > 1) return { problem: `the cookie ${name} is sent more than once` };
  return check(values[0]);
}

function check(token: string): FoundToken {
  return token.length > maxTokenBytes ? { problem: `it is longer than ${maxTokenBytes} bytes` } : { token };
}

/**
 * Browsers send cookies with what any page asks for: they count where the browser says that the page is of this site, or
 * one that is allowed. What says nothing is no browser. A WebSocket has been through that at its handshake, and without
 * its cookies where the page was not allowed; nothing else comes with `Upgrade`, whatever was sent.
 */
function isPageAllowed(headers: RequestHeaders | undefined, isPageOrigin: TokenPlaces["isPageOrigin"]): boolean {
  if (headers === undefined || headers["upgrade"] !== undefined) return true;
  const origin = headers["origin"];
  if (typeof origin === "string" && isPageOrigin(origin.toLowerCase())) return true;
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  if (origin === undefined) return true;
  return (
    typeof origin === "string" &&
    origin.toLowerCase().replace(/^https?:\/\//, "") === String(headers["host"]).toLowerCase()
  );
}
