// What the processes of one gateway say to each other, over the channel that Node keeps between a process and those it has forked.
import type { BanKind } from "../chain/ban-link.ts";
import type { Ban } from "../chain/ban-table.ts";
import type { Address } from "../config/config.ts";
import type { MetricsFormat } from "../exposition.ts";
import type { Readiness } from "../serve/admin.ts";
import type { Ticket } from "../ticket-box.ts";

/** A question or its answer, by the number that the worker gave it. */
export type Numbered<T> = readonly [id: number, value: T];

/** See chain/limit/limit-link.ts. */
export interface LimitQuestion {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** Without a ticket: takes the one of that hash. */
export interface TicketQuestion {
  readonly hash: string;
  readonly ticket?: Ticket;
}
/** Whether it is kept; or the ticket that was taken, null for none. */
export type TicketAnswer = boolean | Ticket | null;

/** Points of refusals. */
export type Charge = readonly [kind: BanKind, key: string, points: number];

export interface TellBans {
  readonly kind: "bans";
  readonly of: BanKind;
  readonly list: readonly Ban[];
  /** A refusal of the worker that hears it was the one that led to it. */
  readonly isOwn: boolean;
}

export type FromWorker =
  | { readonly kind: "listening"; readonly address: Address }
  | { readonly kind: "limits"; readonly list: readonly Numbered<LimitQuestion>[] }
  | { readonly kind: "tickets"; readonly list: readonly Numbered<TicketQuestion>[] }
  | { readonly kind: "charges"; readonly list: readonly Charge[] }
  | { readonly kind: "state"; readonly id: number; readonly metrics: string; readonly readiness: Readiness };

export type FromPrimary =
  | { readonly kind: "limits"; readonly list: readonly Numbered<readonly number[]>[] }
  | { readonly kind: "tickets"; readonly list: readonly Numbered<TicketAnswer>[] }
  | TellBans
  | { readonly kind: "ask"; readonly id: number; readonly format: MetricsFormat }
  /** All listen, and the primary has said so: now it is the worker's turn to speak. */
  | { readonly kind: "started" }
  | { readonly kind: "stop"; readonly signal: string };
