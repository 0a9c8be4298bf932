// One-time tickets as they are kept until they are used: by the gateway itself, or for all workers by the process that started them.

/** Credentials for what a page is about to open: plain data, for it may come from another process. */
export interface Ticket {
  /** To be opened with it, without query. */
  readonly path: string;
  /** Of the page that asked; undefined for a program. */
  readonly origin?: string | undefined;
  readonly principal: string;
  readonly credentials: { readonly authorization?: string | undefined; readonly cookie?: string | undefined };
}

/** By the hash of their text: finding one tells an attacker nothing of how near a guess was. */
export interface TicketKeeper {
  /** False where there is no room. Rejects when whoever keeps them does not answer. */
  keep(hash: string, ticket: Ticket): boolean | Promise<boolean>;
  /** Gone afterwards; undefined for none, and for one that is too old. Rejects when whoever keeps them does not answer. */
  take(hash: string): Ticket | undefined | Promise<Ticket | undefined>;
}

export interface TicketLimits {
  readonly ticketMs: number;
  readonly maxTickets: number;
}

export const defaultTicketLimits: TicketLimits = Object.freeze({
  ticketMs: 30_000,
  // For all clients together.
  maxTickets: 10_000,
});

/** One client may not use up what is there for all. */
const maxPerPrincipal = 64;

interface Kept {
  readonly ticket: Ticket;
  readonly endsAt: number;
}

export class TicketBox implements TicketKeeper {
  readonly #limits: TicketLimits;
  /** The oldest first. */
  readonly #byHash = new Map<string, Kept>();
  readonly #counts = new Map<string, number>();

  constructor(limits: TicketLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byHash.size;
  }

  keep(hash: string, ticket: Ticket): boolean {
    const now = performance.now();
    this.check(now);
    const own = this.#counts.get(ticket.principal) ?? 0;
    if (own >= maxPerPrincipal || this.#byHash.size >= this.#limits.maxTickets) return false;
    this.#byHash.set(hash, { ticket, endsAt: now + this.#limits.ticketMs });
    this.#counts.set(ticket.principal, own + 1);
    return true;
  }

  take(hash: string): Ticket | undefined {
    const kept = this.#byHash.get(hash);
    if (kept === undefined) return undefined;
    this.#delete(hash, kept);
    return performance.now() < kept.endsAt ? kept.ticket : undefined;
  }

  /** Drops what is too old; to be called now and then. */
  check(now: number): void {
    for (const [hash, kept] of this.#byHash) {
      if (kept.endsAt > now) return;
      this.#delete(hash, kept);
    }
  }

  #delete(hash: string, { ticket: { principal } }: Kept): void {
    this.#byHash.delete(hash);
    const left = (this.#counts.get(principal) ?? 1) - 1;
    if (left === 0) this.#counts.delete(principal);
    else this.#counts.set(principal, left);
  }
}
