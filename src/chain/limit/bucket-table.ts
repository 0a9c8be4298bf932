// The keys of one limit and how far each is ahead: bounded, and never to be made to forget by a flood of other keys.
import { randomBytes } from "node:crypto";

interface Bucket {
  readonly key: string;
  /** Theoretical arrival time, see limit.ts. One in the past says as much as none. */
  tat: number;
}

/** How many buckets are looked at for one that is added: more than one, or a full table would stay full of what is over. */
const lookedAt = 2;
/** So few are left to the sweep: callers who come again and again keep their bucket, instead of getting a new one each time. */
const mostLeftAlone = 4096;
/** A power of two. */
const cells = 16_384;

/**
 * Buckets whose time is over are dropped: they are as good as new. When the table is full of others, none of them makes room, or who
 * floods it with keys would have the limits of others, and its own, forgotten. New keys then share a fixed number of cells by a hash
 * with a secret seed: two keys in one cell are counted together, so a limit gets stricter, for newcomers, and never looser.
 */
export class BucketTable {
  readonly #maxBuckets: number;
  readonly #leftAlone: number;
  readonly #buckets = new Map<string, Bucket>();
  /** The same, in no order; what leaves is replaced by the last. */
  readonly #list: Bucket[] = [];
  #hand = 0;
  #cells: Float64Array | undefined;
  readonly #seed = randomBytes(4).readInt32LE();
  /** What was looked up last, as it is mostly set next. */
  #found: Bucket | undefined;

  constructor(maxBuckets: number) {
    this.#maxBuckets = maxBuckets;
    this.#leftAlone = Math.min(mostLeftAlone, Math.floor(maxBuckets / 4));
  }

  get size(): number {
    return this.#list.length;
  }

  /** Whether new keys have had to share cells. */
  get isCrowded(): boolean {
    return this.#cells !== undefined;
  }

  /** 0 for a key nothing is known of. */
  get(key: string): number {
    const bucket = this.#buckets.get(key);
    this.#found = bucket;
    if (bucket !== undefined) return bucket.tat;
    return this.#cells === undefined ? 0 : this.#cells[this.#cellOf(key)];
  }

  set(key: string, tat: number, now: number): void {
    const bucket = this.#found?.key === key ? this.#found : this.#buckets.get(key);
    if (bucket !== undefined) {
      bucket.tat = tat;
      return;
    }
    if (this.#list.length >= this.#leftAlone) for (let i = 0; i < lookedAt; i++) this.#look(now);
    if (this.#list.length < this.#maxBuckets) {
      const added = { key, tat };
      this.#list.push(added);
      this.#buckets.set(key, added);
      return;
    }
    this.#cells ??= new Float64Array(cells);
    const cell = this.#cellOf(key);
    // It was read from here, or is further on.
    this.#cells[cell] = Math.max(this.#cells[cell], tat);
  }

  /** Drops what is over among so many, so that a crowd leaves no memory behind. */
  sweep(now: number, count: number): void {
    for (let i = Math.min(count, this.#list.length); i > 0; i--) this.#look(now);
    if (this.#list.length < this.#maxBuckets / 2 && this.#cells?.every((tat) => tat <= now) === true)
      this.#cells = undefined;
  }

  /** The next one round. */
  #look(now: number): void {
    const list = this.#list;
    if (list.length === 0) return;
    if (this.#hand >= list.length) this.#hand = 0;
    const bucket = list[this.#hand];
    if (bucket.tat > now) {
      this.#hand++;
      return;
    }
    this.#buckets.delete(bucket.key);
    const last = list.pop() as Bucket;
    if (last !== bucket) list[this.#hand] = last;
    if (this.#found === bucket) this.#found = undefined;
  }

  /** FNV-1a with a finish that mixes, over a seed nobody knows. */
  #cellOf(key: string): number {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) & (cells - 1);
  }
}
