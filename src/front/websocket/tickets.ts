// One-time tickets: credentials for a WebSocket or an EventSource, whose makers cannot set headers; good for one path, one origin, a few seconds.
import { createHash, randomBytes } from "node:crypto";
import { Code, GatewayError } from "../../status.ts";
import type { Sweep, Swept } from "../stream/sweep.ts";
import type { Credentials } from "./credentials.ts";

export interface TicketRequest {
  /** To be opened with it, without query. */
  readonly path: string;
  /** Of the page that asked; undefined for a program. */
  readonly origin: string | undefined;
  readonly principal: string;
  readonly credentials: Credentials;
}

export interface TicketLimits {
  readonly ticketMs: number;
  readonly maxTickets: number;
}

interface Ticket extends TicketRequest {
  readonly endsAt: number;
}

/** One client may not use up what is there for all. */
const maxPerPrincipal = 64;

export class Tickets implements Swept {
  sweepIndex = -1;
  readonly #limits: TicketLimits;
  readonly #sweep: Sweep;
  /** By the hash of their text: finding one tells an attacker nothing of how near a guess was. The oldest first. */
  readonly #byHash = new Map<string, Ticket>();
  readonly #counts = new Map<string, number>();

  constructor(limits: TicketLimits, sweep: Sweep) {
    this.#limits = limits;
    this.#sweep = sweep;
  }

  get size(): number {
    return this.#byHash.size;
  }

  /** The text of a new ticket. Throws GatewayError (429) when too many are out. */
  issue(request: TicketRequest): string {
    const now = performance.now();
    this.check(now);
    const own = this.#counts.get(request.principal) ?? 0;
    if (own >= maxPerPrincipal || this.#byHash.size >= this.#limits.maxTickets) throw tooMany();
    const text = randomBytes(32).toString("base64url");
    this.#byHash.set(hashOf(text), { ...request, endsAt: now + this.#limits.ticketMs });
    this.#counts.set(request.principal, own + 1);
    this.#sweep.add(this);
    return text;
  }

  /** The credentials a ticket stands for; it is used up, even when it does not fit. Throws GatewayError (401). */
  redeem(text: string, path: string, origin: string | undefined): Credentials {
    const hash = hashOf(text);
    const ticket = this.#byHash.get(hash);
    if (ticket === undefined) throw invalid("is unknown, used, or too old");
    this.#delete(hash, ticket);
    if (performance.now() >= ticket.endsAt) throw invalid("is unknown, used, or too old");
    if (ticket.path !== path) throw invalid("is for another path");
    if (ticket.origin !== origin) throw invalid("is for another origin");
    return ticket.credentials;
  }

  check(now: number): void {
    for (const [hash, ticket] of this.#byHash) {
      if (ticket.endsAt > now) return;
      this.#delete(hash, ticket);
    }
    this.#sweep.delete(this);
  }

  #delete(hash: string, { principal }: Ticket): void {
    this.#byHash.delete(hash);
    const left = (this.#counts.get(principal) ?? 1) - 1;
    if (left === 0) this.#counts.delete(principal);
    else this.#counts.set(principal, left);
  }
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

function invalid(problem: string): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, `the ticket ${problem}; get a new one by POST /-/ticket`, {
    reason: "TICKET_INVALID",
  });
}

function tooMany(): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, "too many tickets are waiting to be used; try again in a second", {
    reason: "TICKETS_EXHAUSTED",
    headers: { "retry-after": "1" },
  });
}
