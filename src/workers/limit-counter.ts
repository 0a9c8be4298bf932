// Where the limits of all workers are counted: in the process that started them, by the same rules as in Redis.
import { MemoryStore } from "../chain/limit/memory-store.ts";
import type { MemoryStoreOptions } from "../chain/limit/memory-store.ts";
import type { Limit } from "../chain/limit/limit.ts";
import type { LimitRule } from "../schema/limit-rule.ts";
import type { LimitQuestion } from "./messages.ts";

/** Keys come with the name of their limit: one table does for all. */
const rule = { name: "all" } as LimitRule;

export class LimitCounter {
  readonly #store: MemoryStore;

  constructor(options: MemoryStoreOptions = {}) {
    this.#store = new MemoryStore([rule.name], options);
  }

  /** Drops what is over; to be called now and then. */
  check(): void {
    this.#store.check();
  }

  answer({ keys, args }: LimitQuestion): number[] {
    return this.#take(keys, args.map(Number));
  }

  /** In microseconds, as limitScript has it. */
  #take(keys: readonly string[], [patience, ...numbers]: readonly number[]): number[] {
    const limits = keys.map((_, index): Limit => ({
      rule,
      // Only of what is left for others to be told of, and the worker knows that better.
      intervalMs: 1,
      burstMs: numbers[2 * index] / 1000,
      costMs: numbers[2 * index + 1] / 1000,
    }));
    const { admitted, waitMs, states } = this.#store.take(limits, keys, patience / 1000);
    return [admitted ? 1 : 0, waitMs * 1000, ...states.map(({ resetMs }) => resetMs * 1000)];
  }
}
