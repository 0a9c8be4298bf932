// Gives memory back when a crowd has gone, and when there is nothing to do: V8 collects as it allocates, and a gateway that has fallen
// silent would keep for hours what ten thousand sockets, or its own start, left behind.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Swept } from "./front/stream/sweep.ts";

export interface MemoryReturnOptions {
  /** How many sockets and streams are open. */
  readonly countOpen: () => number;
  /** `isLast`: for now, and what is scattered is to be put together. */
  readonly collect: (isLast: boolean) => void;
  /** Processor time of the process, in microseconds. */
  readonly cpuMicros?: () => number;
  /** In use on the heap: what a collection has to look at. */
  readonly heapBytes?: () => number;
}

/** Fewer are no crowd. */
const leastPeak = 1000;
/** So much of the peak must have gone, */
const restOfPeak = 0.25;
/** and stayed away so long. */
const quietMs = 2000;

/** Less of a core is nothing to do: a health check, somebody who looks at the metrics. */
const idleShare = 0.03;
/** V8 gives up the 32 MiB that it puts new objects into only when it has seen no haste for five seconds, in what came since it collected. */
const idleMs = 6000;
/** Microseconds of work that leave enough behind for a collection: the start is more. */
const leastWork = 400_000;
/** After more than that calls were served: V8 has collected the start's garbage in the midst of it, and would forget code now. */
const mostWork = 2_000_000;
/** A larger heap takes too long to look through for the one call that may come just then. */
const largestHeap = 64 * 2 ** 20;

export class MemoryReturn implements Swept {
  sweepIndex = -1;
  readonly #countOpen: () => number;
  readonly #collect: MemoryReturnOptions["collect"];
  readonly #cpuMicros: () => number;
  readonly #heapBytes: () => number;
  #peak = 0;
  #quietSince: number | undefined;
  /** At the last look, the collections made in it included. */
  #seenAt: number | undefined;
  #seenCpu = 0;
  #idleSince: number | undefined;
  /** Done since the last collection, in microseconds. */
  #work = 0;
  /** What the start left behind has been collected. Not again after each pause: V8 forgets code with its garbage, and would be slow after it. */
  #hasRested = false;
  /** Collections to come while there is nothing to do, the next not before `#dueAt`. */
  #owed = 0;
  #dueAt = -Infinity;

  constructor(options: MemoryReturnOptions) {
    this.#countOpen = options.countOpen;
    this.#collect = options.collect;
    this.#cpuMicros = options.cpuMicros ?? readCpu;
    this.#heapBytes = options.heapBytes ?? (() => process.memoryUsage().heapUsed);
  }

  check(now: number): void {
    const isIdle = this.#isIdle(now);
    if (this.#isCrowdGone(now)) {
      this.#owed = 3;
      this.#take(now);
    } else if (isIdle) this.#rest(now);
    this.#seenAt = now;
    this.#seenCpu = this.#cpuMicros();
  }

  #isCrowdGone(now: number): boolean {
    const open = this.#countOpen();
    this.#peak = Math.max(this.#peak, open);
    if (this.#peak < leastPeak || open > this.#peak * restOfPeak) {
      this.#quietSince = undefined;
      return false;
    }
    this.#quietSince ??= now;
    if (now - this.#quietSince < quietMs) return false;
    this.#quietSince = undefined;
    this.#peak = open;
    return true;
  }

  #isIdle(now: number): boolean {
    const used = this.#cpuMicros() - this.#seenCpu;
    const seenAt = this.#seenAt ?? now;
    if (used > (now - seenAt) * 1000 * idleShare) {
      this.#work += used;
      this.#idleSince = undefined;
    } else this.#idleSince ??= seenAt;
    return this.#idleSince !== undefined && now - this.#idleSince >= idleMs;
  }

  #rest(now: number): void {
    if (this.#owed === 0) {
      if (this.#hasRested || this.#work < leastWork) return;
      this.#hasRested = true;
      if (this.#work > mostWork) return;
      this.#owed = 3;
    }
    if (now < this.#dueAt) return;
    if (this.#heapBytes() > largestHeap) {
      this.#owed = 0;
      return;
    }
    this.#take(now);
  }

  /** The first finds the garbage, the second makes the young generation small, the third gives its pages back. */
  #take(now: number): void {
    this.#owed--;
    this.#dueAt = this.#owed === 2 ? now + idleMs : now;
    this.#collect(this.#owed === 0);
    this.#work = 0;
  }
}

function readCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * One whole collection: some tens of milliseconds where little is left alive, twice as long where all of that is put together.
 * Does nothing where V8 does not offer it.
 */
export function collectGarbage(putsTogether = false): void {
  try {
    setFlagsFromString("--expose-gc");
    // Code that has not run since the last collections would go with the garbage, and be missed by the next call.
    setFlagsFromString("--no-flush-bytecode");
    const collect = runInNewContext("gc") as () => void;
    // The first finds what is dead, the second gives back the pages that have become empty.
    // Left to itself V8 may keep pages for a tenth of what they hold, as moving that takes time, and a gateway that rests has it.
    if (putsTogether) setFlagsFromString("--compact-on-every-full-gc");
    collect();
    collect();
    if (putsTogether) setFlagsFromString("--no-compact-on-every-full-gc");
  } catch {
    // Memory then comes back when V8 collects by itself.
  }
}
