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

/** Of one bound and key: what a worker gives back, and what it wants. */
export interface SlotReport {
  readonly id: string;
  readonly max: number;
  /** Below 0: so many more were taken without asking, as nobody answered. */
  readonly back: number;
  readonly want: number;
  /** It holds none that it does not use, and will not until it is granted some. */
  readonly isTight: boolean;
}

/** Fewer than were wanted: there are no more. */
export interface SlotGrant {
  readonly id: string;
  readonly slots: number;
  /** Of slots that it does not use so many may be kept. */
  readonly keep: number;
}

export interface TellSlots {
  readonly kind: "slots";
  /** To a report: the next one may come. */
  readonly isAnswer: boolean;
  readonly grants: readonly SlotGrant[];
  /** Others want what is not used of these. */
  readonly tighten: readonly string[];
}

export type FromWorker =
  | { readonly kind: "listening"; readonly address: Address }
  | { readonly kind: "limits"; readonly list: readonly Numbered<LimitQuestion>[] }
  | { readonly kind: "tickets"; readonly list: readonly Numbered<TicketQuestion>[] }
  | { readonly kind: "charges"; readonly list: readonly Charge[] }
  | { readonly kind: "slots"; readonly list: readonly SlotReport[] }
  | { readonly kind: "state"; readonly id: number; readonly metrics: string; readonly readiness: Readiness };

export type FromPrimary =
  | { readonly kind: "limits"; readonly list: readonly Numbered<readonly number[]>[] }
  | { readonly kind: "tickets"; readonly list: readonly Numbered<TicketAnswer>[] }
  | TellBans
  | TellSlots
  | { readonly kind: "ask"; readonly id: number; readonly format: MetricsFormat }
  /** All listen, and the primary has said so: now it is the worker's turn to speak. */
  | { readonly kind: "started" }
  | { readonly kind: "stop"; readonly signal: string };
