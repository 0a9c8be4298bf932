// Gives memory back when a crowd has gone: V8 collects as it allocates, and a gateway that has fallen silent would keep for hours what
// ten thousand sockets left behind.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Swept } from "./front/stream/sweep.ts";

export interface MemoryReturnOptions {
  /** How many sockets and streams are open. */
  readonly countOpen: () => number;
  readonly collect: () => void;
}

/** Fewer are no crowd. */
const leastPeak = 1000;
/** So much of the peak must have gone, */
const restOfPeak = 0.25;
/** and stayed away so long. */
const quietMs = 2000;

export class MemoryReturn implements Swept {
  sweepIndex = -1;
  readonly #options: MemoryReturnOptions;
  #peak = 0;
  #quietSince: number | undefined;

  constructor(options: MemoryReturnOptions) {
    this.#options = options;
  }

  check(now: number): void {
    const open = this.#options.countOpen();
    this.#peak = Math.max(this.#peak, open);
    if (this.#peak < leastPeak || open > this.#peak * restOfPeak) {
      this.#quietSince = undefined;
      return;
    }
    this.#quietSince ??= now;
    if (now - this.#quietSince < quietMs) return;
    this.#quietSince = undefined;
    this.#peak = open;
    this.#options.collect();
  }
}

/** One whole collection: some tens of milliseconds where little is left alive. Does nothing where V8 does not offer it. */
export function collectGarbage(): void {
  try {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    // The first finds what is dead, the second gives back the pages that have become empty.
    collect();
    collect();
  } catch {
    // Memory then comes back when V8 collects by itself.
  }
}
