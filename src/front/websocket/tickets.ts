// One-time tickets: credentials for a WebSocket or an EventSource, whose makers cannot set headers; good for one path, one origin, a few seconds.
import { createHash, randomBytes } from "node:crypto";
import { Code, GatewayError } from "../../status.ts";
import { TicketBox } from "../../ticket-box.ts";
import type { Ticket, TicketKeeper, TicketLimits } from "../../ticket-box.ts";
import type { Sweep, Swept } from "../stream/sweep.ts";
import type { Credentials } from "./credentials.ts";

export class Tickets {
  readonly #keeper: TicketKeeper;

  /** `shared` keeps those of several processes; absent: they are kept here. */
  constructor(limits: TicketLimits, sweep: Sweep, shared?: TicketKeeper) {
    this.#keeper = shared ?? new SweptBox(limits, sweep);
  }

  /** The text of a new ticket. Throws, or rejects with, GatewayError: 429 when too many are out, 503 when nobody keeps them for now. */
  issue(ticket: Ticket): string | Promise<string> {
    const text = randomBytes(32).toString("base64url");
    const settle = (isKept: boolean): string => {
      if (!isKept) throw tooMany();
      return text;
    };
    const kept = this.#keeper.keep(hashOf(text), ticket);
    return kept instanceof Promise ? kept.catch(failUnavailable).then(settle) : settle(kept);
  }

  /**
   * The credentials a ticket stands for; it is used up, even when it does not fit. Throws, or rejects with, GatewayError: 401, and 503
   * when it cannot be looked for now.
   */
  redeem(text: string, path: string, origin: string | undefined): Credentials | Promise<Credentials> {
    const settle = (ticket: Ticket | undefined): Credentials => {
      if (ticket === undefined) throw invalid("is unknown, used, or too old");
      if (ticket.path !== path) throw invalid("is for another path");
      if (ticket.origin !== origin) throw invalid("is for another origin");
      const { authorization, cookie } = ticket.credentials;
      return { authorization, cookie };
    };
    const taken = this.#keeper.take(hashOf(text));
    return taken instanceof Promise ? taken.catch(failUnavailable).then(settle) : settle(taken);
  }
}

/** Costs nothing while it is empty. */
class SweptBox extends TicketBox implements Swept {
  sweepIndex = -1;
  readonly #sweep: Sweep;

  constructor(limits: TicketLimits, sweep: Sweep) {
    super(limits);
    this.#sweep = sweep;
  }

  override keep(hash: string, ticket: Ticket): boolean {
    const isKept = super.keep(hash, ticket);
    if (isKept) this.#sweep.add(this);
    return isKept;
  }

  override check(now: number): void {
    super.check(now);
    if (this.size === 0) this.#sweep.delete(this);
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

function failUnavailable(): never {
  throw new GatewayError(Code.UNAVAILABLE, "tickets cannot be looked for now; get a new one by POST /-/ticket", {
    reason: "TICKETS_UNAVAILABLE",
    headers: { "retry-after": "1" },
  });
}
