// How late the event loop is and how full the heap, looked at ten times a second, and which part of new calls is too much.
import { getHeapStatistics } from "node:v8";

export interface LoadWatchOptions {
  /** How late the loop may be, averaged over a second. */
  readonly maxDelayMs: number;
  /** How much of V8's heap limit may be in use, 0 to 1. */
  readonly maxHeap: number;
  /** For tests: the used part of the heap, 0 to 1. */
  readonly readHeap?: () => number;
}

const intervalMs = 100;
const averagedMs = 1000;
/** What one look may count for: a pause, however long, is over when it is seen, be it a collection, a machine that slept, or one that others had. */
const countedMs = 4 * intervalMs;
const countedDelay = 1.5;
/** Shedding begins before the delay has reached what it may, and ends when it is well below: no flicker in between. */
const beginAt = 0.7;
const endAt = 0.35;
/** What the shed part grows and shrinks by in a look: up within a second, down within two. */
const growth = 0.1;
const shrinkage = 0.05;
/** The rest shows whether things are better, and makes V8 collect what a full heap holds. */
const maxPart = 0.9;
/** So many looks in a row, as the heap is fullest just before it is collected. */
const fullLooks = 5;
const heapMargin = 0.05;

export class LoadWatch {
  readonly #options: LoadWatchOptions;
  readonly #readHeap: () => number;
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #delayMs = 0;
  #heap = 0;
  #fullFor = 0;
  #isFull = false;
  #delayPart = 0;
  #owed = 0;

  constructor(options: LoadWatchOptions) {
    this.#options = options;
    this.#readHeap = options.readHeap ?? usedHeap;
  }

  /** Averaged over a second; a little more than what it may be at most. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** Of the heap limit, 0 to 1. */
  get heap(): number {
    return this.#heap;
  }

  /** The part of new calls that is shed, 0 to 1. */
  get part(): number {
    return this.#isFull ? maxPart : this.#delayPart;
  }

  get isOverloaded(): boolean {
    return this.#isFull || this.#delayPart > 0;
  }

  /** Idempotent. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.look(now - this.#last);
      this.#last = now;
    }, intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Whether this call is one of those: evenly spread, without dice. */
  picks(): boolean {
    this.#owed += this.part;
    if (this.#owed < 1) return false;
    this.#owed -= 1;
    return true;
  }

  /** The timer's doing, and that of tests: so long after the look before, of which the timer's interval is none of the delay. */
  look(elapsedMs: number): void {
    this.#lookAtDelay(elapsedMs);
    this.#lookAtHeap();
  }

  #lookAtDelay(elapsedMs: number): void {
    const { maxDelayMs } = this.#options;
    const counted = Math.min(elapsedMs, countedMs);
    const weight = 1 - Math.exp(-counted / averagedMs);
    const delayMs = Math.min(Math.max(0, elapsedMs - intervalMs), countedDelay * maxDelayMs);
    this.#delayMs += weight * (delayMs - this.#delayMs);
    const ratio = this.#delayMs / maxDelayMs;
    const looks = Math.max(1, counted / intervalMs);
    if (ratio > beginAt) this.#delayPart = Math.min(maxPart, this.#delayPart + growth * Math.min(3, ratio) * looks);
    else if (ratio < endAt) this.#delayPart = Math.max(0, this.#delayPart - shrinkage * looks);
  }

  #lookAtHeap(): void {
    this.#heap = this.#readHeap();
    const { maxHeap } = this.#options;
    this.#fullFor = this.#heap > maxHeap ? this.#fullFor + 1 : 0;
    if (this.#fullFor >= fullLooks) this.#isFull = true;
    else if (this.#heap < maxHeap - heapMargin) this.#isFull = false;
  }
}

function usedHeap(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used / limit;
}
