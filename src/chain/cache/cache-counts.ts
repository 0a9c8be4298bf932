// How often the cache answered, by method, and how it came to its answer.
import type { Method } from "../../schema/descriptor.ts";

/**
 * `hit`: was there. `shared`: was in Redis. `stale`: was there, and a new one is being asked for. `stale_error`: the backend failed. `collapsed`: another call had
 * asked. `miss`: the backend was asked, `bypass`: for this call alone, as nothing may be kept. `refused`: the client wanted what there is, and there was nothing.
 */
export const cacheResults = Object.freeze([
  "hit",
  "shared",
  "stale",
  "stale_error",
  "collapsed",
  "miss",
  "bypass",
  "refused",
] as const);

export type CacheResult = (typeof cacheResults)[number];
export type CacheTally = Record<CacheResult, number>;

export class CacheCounts {
  readonly #tallies = new Map<string, CacheTally>();

  /** Of a method that a proto names: there are no more of them than that. */
  tallyOf({ name }: Method): CacheTally {
    let tally = this.#tallies.get(name);
    if (tally === undefined) {
      tally = { hit: 0, shared: 0, stale: 0, stale_error: 0, collapsed: 0, miss: 0, bypass: 0, refused: 0 };
      this.#tallies.set(name, tally);
    }
    return tally;
  }

  get tallies(): ReadonlyMap<string, Readonly<CacheTally>> {
    return this.#tallies;
  }
}
