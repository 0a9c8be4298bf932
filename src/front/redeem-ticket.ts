// How a front that takes one-time tickets is told what they stand for.
import type { Forwarded } from "./forwarded.ts";
import type { HeaderSource } from "./request-metadata.ts";

export interface TicketedRequest {
  readonly source: HeaderSource;
  readonly forwarded: Forwarded;
  /** Raw, without query. */
  readonly path: string;
  readonly ticket: string;
}

/** The request's headers with the credentials of its ticket, which is used up. Throws, or rejects with, GatewayError (401, 403, 503). */
export type RedeemTicket = (request: TicketedRequest) => HeaderSource | Promise<HeaderSource>;
