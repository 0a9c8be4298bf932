// POST /-/ticket: a one-time ticket for whoever can be told who sends the request.
import { Code, GatewayError } from "../../status.ts";
import type { WriteError } from "../../translate/reply/error-body.ts";
import type { ForwardedSource, Forwarded } from "../forwarded.ts";
import type { Exchange, Front } from "../front.ts";
import type { RedeemTicket } from "../redeem-ticket.ts";
import { readCredentials, toPrincipal, withCredentials } from "./credentials.ts";
import type { WebSocketOptions } from "./options.ts";
import { originOfPage } from "./origin.ts";
import type { CheckOrigin, CookieOriginOf } from "./origin.ts";
import type { Tickets } from "./tickets.ts";

export interface TicketContext {
  readonly options: WebSocketOptions;
  readonly tickets: Tickets;
  readonly checkOrigin: CheckOrigin;
  readonly cookieOriginOf: CookieOriginOf;
  readonly forwardedOf: (source: ForwardedSource) => Forwarded;
  readonly writeError: WriteError;
}

const maxBodyBytes = 16 * 1024;

export function createTicketFront(context: TicketContext): Front {
  return (exchange) => {
    const fail = (cause: unknown): void => {
      const error = GatewayError.from(cause);
      if (error.cause !== undefined) context.options.report(error);
      const { contentType, body } = context.writeError(error);
      answer(exchange, error.httpStatus, contentType, body, error.headers);
    };
    try {
      checkRequest(exchange);
      const forwarded = context.forwardedOf(exchange);
      const origin = context.checkOrigin(exchange.headers, forwarded);
      const give = async (body: Buffer): Promise<void> => {
        const credentials = readCredentials(exchange.headers, context.cookieOriginOf(origin, forwarded));
        const principal = toPrincipal(credentials, forwarded.client.address);
        const ticket = await context.tickets.issue({ path: readPath(body), origin, principal, credentials });
        const json = JSON.stringify({ ticket, expiresInMs: context.options.ticketMs });
        answer(exchange, 200, "application/json", Buffer.from(json), {});
      };
      exchange.readBody(maxBodyBytes).then(give).catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}

/** For streams that are no WebSockets: EventSource cannot set headers either. */
export function compileRedeem({ tickets, checkOrigin }: Pick<TicketContext, "tickets" | "checkOrigin">): RedeemTicket {
  return ({ source, forwarded, path, ticket }) => {
    const { headers } = source;
    const origin = checkOrigin(headers, forwarded) ?? originOfPage(headers, forwarded);
    const redeemed = tickets.redeem(ticket, path, origin);
    if (redeemed instanceof Promise) return redeemed.then((credentials) => withCredentials(source, credentials));
    return withCredentials(source, redeemed);
  };
}

function answer(
  exchange: Exchange,
  ...[status, contentType, body, headers]: [number, string, Uint8Array, Readonly<Record<string, string>>]
): void {
  const list = ["content-type", contentType, "x-content-type-options", "nosniff", "cache-control", "no-store"];
  for (const [name, value] of Object.entries(headers)) list.push(name, value);
  exchange.respond(status, list, body);
}

/** Throws GatewayError. The type is asked for because a page needs leave to send it elsewhere, as a form does not. */
function checkRequest({ method, headers }: Exchange): void {
  if (method !== "POST") {
    const options = { reason: "METHOD_NOT_ALLOWED", httpStatus: 405, headers: { allow: "POST" } };
    throw new GatewayError(Code.UNIMPLEMENTED, `a ticket is got by POST, not ${method}`, options);
  }
  if (/^application\/json(?:[ \t]*;|$)/i.test(String(headers["content-type"] ?? ""))) return;
  throw new GatewayError(Code.INVALID_ARGUMENT, "the body must be JSON; send Content-Type: application/json", {
    reason: "CONTENT_TYPE_UNSUPPORTED",
    httpStatus: 415,
  });
}

function readPath(body: Buffer): string {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    value = undefined;
  }
  const path = typeof value === "object" && value !== null && "path" in value ? value.path : undefined;
  if (typeof path === "string" && path.length <= 8192 && /^\/[^?#]*$/.test(path)) return path;
  throw GatewayError.invalidField(
    "path",
    'expected the path that is to be opened, without query: {"path":"/v1/rooms/7/events"}',
    "VALUE_INVALID",
  );
}
