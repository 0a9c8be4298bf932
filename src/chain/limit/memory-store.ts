// Limits counted in this process: answers at once.
import { createSlot, setState, slackMs } from "./limit.ts";
import type { Limit, LimitStore, Taken, TakenSlot } from "./limit.ts";
import { BucketTable } from "./bucket-table.ts";

export interface MemoryStoreOptions {
  /** Of all limits together. */
  readonly maxBuckets?: number;
  /** In milliseconds, never backwards. */
  readonly now?: () => number;
}

/** About 30 MB, keys included. */
const defaultMaxBuckets = 200_000;
/** Shared among the limits there are, but never fewer for one of them. */
const leastBuckets = 1000;
/** Of each limit, each time the sweep comes by. */
const sweptBuckets = 5000;

export class MemoryStore implements LimitStore {
  /** Belongs to the timer. */
  sweepIndex = -1;
  readonly #tables = new Map<string, BucketTable>();
  readonly #maxBuckets: number;
  readonly #now: () => number;

  /** `names`: of all limits it will be asked for. */
  constructor(
    names: readonly string[],
    { maxBuckets = defaultMaxBuckets, now = () => performance.now() }: MemoryStoreOptions = {},
  ) {
    this.#maxBuckets = Math.max(leastBuckets, Math.floor(maxBuckets / Math.max(1, names.length)));
    this.#now = now;
    for (const name of names) this.#tables.set(name, new BucketTable(this.#maxBuckets));
  }

  /** How many keys are being counted, by limit. */
  sizes(): [name: string, size: number, isCrowded: boolean][] {
    return [...this.#tables].map(([name, table]) => [name, table.size, table.isCrowded]);
  }

  take(
    limits: readonly Limit[],
    keys: readonly string[],
    patienceMs: number,
    slot: TakenSlot = createSlot(limits.length),
  ): Taken {
    const now = this.#now();
    const { states } = slot;
    let waitMs = 0;
    for (let i = 0; i < limits.length; i++) {
      const { costMs, burstMs } = limits[i];
      const known = this.#tableOf(limits[i]).get(keys[i]);
      const tat = known > now ? known : now;
      // Kept there until it is known whether all of them admit it.
      states[i].resetMs = tat;
      waitMs = Math.max(waitMs, tat + costMs - burstMs - now);
    }
    slot.admitted = waitMs <= patienceMs + slackMs;
    slot.waitMs = waitMs > slackMs ? waitMs : 0;
    for (let i = 0; i < limits.length; i++) {
      const { costMs, burstMs } = limits[i];
      const tat = states[i].resetMs;
      const next = tat + costMs;
      if (slot.admitted) this.#tableOf(limits[i]).set(keys[i], next, now);
      setState(states[i], limits[i], (slot.admitted ? next : tat) - now, next - burstMs - now);
    }
    return slot;
  }

  /** Drops what is over, so that a crowd leaves no memory behind. */
  check(): void {
    const now = this.#now();
    for (const table of this.#tables.values()) table.sweep(now, sweptBuckets);
  }

  #tableOf({ rule }: Limit): BucketTable {
    const known = this.#tables.get(rule.name);
    if (known !== undefined) return known;
    const table = new BucketTable(this.#maxBuckets);
    this.#tables.set(rule.name, table);
    return table;
  }
}
