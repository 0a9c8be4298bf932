// Limits counted in this process: answers at once.
import { slackMs, toState } from "./limit.ts";
import type { Limit, LimitState, LimitStore, Taken } from "./limit.ts";
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

  take(limits: readonly Limit[], keys: readonly string[], patienceMs: number): Taken {
    const now = this.#now();
    return limits.length === 1
      ? this.#takeOne(limits[0], keys[0], patienceMs, now)
      : this.#takeAll(limits, keys, patienceMs, now);
  }

  /** Drops what is over, so that a crowd leaves no memory behind. */
  check(): void {
    const now = this.#now();
    for (const table of this.#tables.values()) table.sweep(now, sweptBuckets);
  }

  #takeOne(limit: Limit, key: string, patienceMs: number, now: number): Taken {
    const table = this.#tableOf(limit);
    const known = table.get(key);
    const tat = known > now ? known : now;
    const waitMs = tat + limit.costMs - limit.burstMs - now;
    const admitted = waitMs <= patienceMs + slackMs;
    if (admitted) table.set(key, tat + limit.costMs, now);
    const state = toState(limit, admitted ? tat + limit.costMs - now : tat - now, waitMs);
    return { admitted, waitMs: state.waitMs, states: [state] };
  }

  #takeAll(limits: readonly Limit[], keys: readonly string[], patienceMs: number, now: number): Taken {
    const tats: number[] = [];
    let waitMs = 0;
    for (let i = 0; i < limits.length; i++) {
      const { costMs, burstMs } = limits[i];
      const tat = Math.max(this.#tableOf(limits[i]).get(keys[i]), now);
      tats.push(tat);
      waitMs = Math.max(waitMs, tat + costMs - burstMs - now);
    }
    const admitted = waitMs <= patienceMs + slackMs;
    const states: LimitState[] = [];
    for (let i = 0; i < limits.length; i++) {
      const { costMs, burstMs } = limits[i];
      const next = tats[i] + costMs;
      if (admitted) this.#tableOf(limits[i]).set(keys[i], next, now);
      states.push(toState(limits[i], (admitted ? next : tats[i]) - now, next - burstMs - now));
    }
    return { admitted, waitMs: waitMs > slackMs ? waitMs : 0, states };
  }

  #tableOf({ rule }: Limit): BucketTable {
    const known = this.#tables.get(rule.name);
    if (known !== undefined) return known;
    const table = new BucketTable(this.#maxBuckets);
    this.#tables.set(rule.name, table);
    return table;
  }
}
