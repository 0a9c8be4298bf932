// What the processes of one gateway say to each other, over the channel that Node keeps between a process and those it has forked.
import type { Address } from "../config/config.ts";
import type { Readiness } from "../serve/admin.ts";

/** See chain/limit/limit-link.ts. */
export type Question = readonly [id: number, keys: readonly string[], args: readonly string[]];
export type Answer = readonly [id: number, answer: readonly number[]];

export type FromWorker =
  | { readonly kind: "listening"; readonly address: Address }
  | { readonly kind: "questions"; readonly list: readonly Question[] }
  | { readonly kind: "state"; readonly id: number; readonly metrics: string; readonly readiness: Readiness };

export type FromPrimary =
  | { readonly kind: "answers"; readonly list: readonly Answer[] }
  | { readonly kind: "ask"; readonly id: number }
  /** All listen, and the primary has said so: now it is the worker's turn to speak. */
  | { readonly kind: "started" }
  | { readonly kind: "stop"; readonly signal: string };
