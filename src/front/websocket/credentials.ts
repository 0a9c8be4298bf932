// Who a client of a WebSocket is: taken from wherever a browser can put it, and from there into the headers, as if it had come in them.
import { createHash } from "node:crypto";
import { Code, GatewayError } from "../../status.ts";
import type { RequestHeaders } from "../front.ts";
import type { HeaderSource } from "../request-metadata.ts";

/** What of a request says who sent it. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

/** What a handshake may bring, beside its headers. */
export interface Brought {
  readonly ticket: Credentials | undefined;
  readonly bearer: string | undefined;
  readonly accessToken: string | undefined;
  /** The page, which was allowed; undefined for a program. */
  readonly origin: string | undefined;
}

export function readCredentials(headers: RequestHeaders, origin: string | undefined): Credentials {
  return {
    authorization: textOf(headers["authorization"]),
    // Browsers send cookies for any page that asks: only where that page was looked at do they say anything.
    cookie: origin === undefined ? undefined : textOf(headers["cookie"]),
  };
}

/** The first that is there counts: a ticket, the sub-protocol, the header, the query. */
export function chooseCredentials(headers: RequestHeaders, brought: Brought): Credentials {
  if (brought.ticket !== undefined) return brought.ticket;
  const own = readCredentials(headers, brought.origin);
  const token = brought.bearer ?? (own.authorization === undefined ? brought.accessToken : undefined);
  return token === undefined ? own : { ...own, authorization: `Bearer ${token}` };
}

/** Throws GatewayError (400) for a token that no header could hold. */
export function checkAccessToken(token: string): string {
  if (/^[\x21-\x7e]{1,8192}$/.test(token)) return token;
  throw new GatewayError(Code.INVALID_ARGUMENT, "access_token is no token of at most 8 KiB of printable ASCII", {
    reason: "SYSTEM_PARAMETER_INVALID",
  });
}

/** The headers with these credentials and no others, and without what is only about the handshake. */
export function withCredentials({ headers, rawHeaders }: HeaderSource, credentials: Credentials): HeaderSource {
  const kept = Object.create(null) as Record<string, string | string[] | undefined>;
  for (const name of Object.keys(headers)) if (!isReplaced(name)) kept[name] = headers[name];
  const raw: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (!isReplaced(rawHeaders[i].toLowerCase())) raw.push(rawHeaders[i], rawHeaders[i + 1]);
  for (const name of ["authorization", "cookie"] as const) {
    const value = credentials[name];
    if (value === undefined) continue;
    kept[name] = value;
    raw.push(name, value);
  }
  return { headers: kept, rawHeaders: raw };
}

function isReplaced(name: string): boolean {
  return name === "authorization" || name === "cookie" || name.startsWith("sec-websocket-");
}

/** Whom the limits count: whoever the credentials are of, else the address. Not the credentials themselves, which no table should hold. */
export function toPrincipal({ authorization }: Credentials, address: string): string {
  return authorization === undefined ? address : createHash("sha256").update(authorization).digest("base64");
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}
