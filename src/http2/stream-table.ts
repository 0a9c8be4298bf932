// The open streams of a connection by their id. No Map: see `StreamTable`.
import type { StreamCore } from "./stream.ts";

/** Powers of two. */
const leastSlots = 8;
const mostIdleSlots = 256;

/**
 * A hash table with open addressing. A Map that streams come to and go from is rehashed again and again, and each table V8
 * leaves behind points to the one that took its place: once one of them has become old, all that follow survive the quick
 * collections of garbage with every call they held, and only the slow ones get rid of them. That was a fifth of the CPU of a
 * gateway under load (`npm run bench -- rest`).
 */
export class StreamTable {
  #slots: (StreamCore | undefined)[] = newSlots(leastSlots);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): StreamCore | undefined {
    return this.#slots[this.#find(id)];
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** The id must not be in the table. */
  add(stream: StreamCore): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#resize(this.#slots.length * 2);
    this.#slots[this.#find(stream.id)] = stream;
    this.#size++;
  }

  delete(id: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#find(id);
    if (slots[hole] === undefined) return;
    slots[hole] = undefined;
    this.#size--;
    // What was pushed past the hole moves up, so that no search ends there too early.
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const stream = slots[at];
      if (stream === undefined) break;
      const distance = (at - homeOf(stream.id, mask)) & mask;
      if (distance < ((at - hole) & mask)) continue;
      slots[hole] = stream;
      slots[at] = undefined;
      hole = at;
    }
    if (this.#size === 0 && slots.length > mostIdleSlots) this.#slots = newSlots(leastSlots);
  }

  /** Those open now: what happens to the table meanwhile is of no consequence. */
  values(): StreamCore[] {
    return this.#size === 0 ? [] : this.#slots.filter((stream) => stream !== undefined);
  }

  /** Where the stream is, or would be. */
  #find(id: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = homeOf(id, mask);
    for (let stream = slots[at]; stream !== undefined && stream.id !== id; stream = slots[at]) at = (at + 1) & mask;
    return at;
  }

  #resize(length: number): void {
    const streams = this.values();
    this.#slots = newSlots(length);
    for (const stream of streams) this.#slots[this.#find(stream.id)] = stream;
  }
}

/** Ids of one side are every other number. */
function homeOf(id: number, mask: number): number {
  return (id >>> 1) & mask;
}

function newSlots(length: number): (StreamCore | undefined)[] {
  return Array.from({ length }, () => undefined);
}
