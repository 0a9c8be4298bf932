// Limits that somebody else counts, some calls at a time: while a key is far from its limit, calls pass on what was taken for them before.
import type { Limit, LimitState, LimitStore, Taken } from "./limit.ts";

export interface LeasedStoreOptions {
  /** Who counts. */
  readonly store: LimitStore;
  /** How many take from it, each leases of its own. */
  readonly holders: number;
  readonly now?: () => number;
}

interface Lease {
  calls: number;
  until: number;
  /** When it was taken: what else is left by then, and when nothing would be used. */
  readonly at: number;
  readonly state: LimitState;
  /** Not there yet. */
  readonly isAsked: boolean;
}

/** A lease is for what may come in so long, at the limit's rate, ... */
const aheadMs = 50;
/** and for a small part of the burst, over all who hold one, */
const burstPart = 0.1;
/** where so many times of it are left: what is scarce is counted one by one. */
const plenty = 4;
/** What is not used by then is lost, to be on the safe side. */
const lifeMs = 500;
const maxLeases = 10_000;

const noState: LimitState = { remaining: 0, resetMs: 0, waitMs: 0 };

export class LeasedStore implements LimitStore {
  readonly #options: LeasedStoreOptions;
  readonly #now: () => number;
  readonly #leases = new Map<string, Lease>();
  readonly #chunks = new WeakMap<Limit, Limit | null>();

  constructor(options: LeasedStoreOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  take(limits: readonly Limit[], keys: readonly string[], patienceMs: number): Taken | Promise<Taken> {
    const leased = this.#leases.size === 0 ? undefined : this.#takeLeased(limits, keys);
    if (leased !== undefined) return leased;
    const asked = this.#options.store.take(limits, keys, patienceMs);
    if (!(asked instanceof Promise)) return asked;
    return asked.then((taken) => {
      if (taken.admitted && taken.waitMs === 0) this.#lease(limits, keys, taken);
      return taken;
    });
  }

  /** Undefined unless there is a lease for each. */
  #takeLeased(limits: readonly Limit[], keys: readonly string[]): Taken | undefined {
    const now = this.#now();
    const leases: Lease[] = [];
    for (let i = 0; i < limits.length; i++) {
      const lease = this.#leases.get(identify(limits[i], keys[i]));
      if (lease === undefined || lease.calls === 0 || lease.until <= now) return undefined;
      leases.push(lease);
    }
    const states = leases.map((lease, index) => {
      lease.calls--;
      const { remaining, resetMs } = lease.state;
      const left = remaining + lease.calls * limits[index].rule.cost;
      return { remaining: left, resetMs: Math.max(0, resetMs - (now - lease.at)), waitMs: 0 };
    });
    return { admitted: true, waitMs: 0, states };
  }

  /** Asks for more calls than this one, where much is left; whether there are any is known when the next ones come. */
  #lease(limits: readonly Limit[], keys: readonly string[], { states }: Taken): void {
    limits.forEach((limit, index) => {
      const chunk = this.#chunkOf(limit);
      if (chunk === null || states[index].remaining < plenty * chunk.rule.cost) return;
      void this.#take(limit, chunk, keys[index]);
    });
  }

  async #take(limit: Limit, chunk: Limit, key: string): Promise<void> {
    const id = identify(limit, key);
    const now = this.#now();
    const known = this.#leases.get(id);
    // One that is asked for, or not used up: another would be lost.
    if (known !== undefined && known.until > now && (known.isAsked || known.calls > 0)) return;
    if (this.#leases.size >= maxLeases) this.#leases.clear();
    this.#leases.set(id, { calls: 0, until: now + lifeMs, at: now, state: noState, isAsked: true });
    try {
      const { admitted, states } = await this.#options.store.take([chunk], [key], 0);
      const at = this.#now();
      const calls = admitted ? chunk.rule.cost / limit.rule.cost : 0;
      this.#leases.set(id, { calls, until: at + lifeMs, at, state: states[0], isAsked: false });
    } catch {
      // Whoever counts cannot be asked: the next call hears of that.
      this.#leases.delete(id);
    }
  }

  /** As many calls as are leased at a time, as one dear call; null where that would not be two. */
  #chunkOf(limit: Limit): Limit | null {
    const known = this.#chunks.get(limit);
    if (known !== undefined) return known;
    const { cost, burst } = limit.rule;
    const { holders } = this.#options;
    const calls = Math.floor(Math.min(aheadMs / limit.costMs, (burst * burstPart) / cost) / holders);
    const chunk =
      calls < 2 ? null : { ...limit, rule: { ...limit.rule, cost: cost * calls }, costMs: limit.costMs * calls };
    this.#chunks.set(limit, chunk);
    return chunk;
  }
}

function identify({ rule }: Limit, key: string): string {
  return `${rule.name} ${rule.cost} ${key}`;
}
