// Where slots of all workers are counted. A worker holds those that it uses, and a few more as long as there are plenty; before anybody
// is refused all give back what they do not use, so that no more than the bound are taken, and none is refused while one is free.
import { afterOwnTime } from "../own-time.ts";
import type { SlotGrant, SlotReport, TellSlots } from "./messages.ts";

/** A worker, as far as it is told of slots. */
export interface SlotHolder {
  send(message: TellSlots): void;
}

interface Holding {
  granted: number;
  /** It may hold slots that it does not use. */
  isLoose: boolean;
  /** It was told to hold no more of those, and has not yet said that it does. */
  isTold: boolean;
}

interface Asked {
  readonly holder: SlotHolder;
  readonly want: number;
}

interface Bound {
  readonly id: string;
  max: number;
  granted: number;
  readonly holdings: Map<SlotHolder, Holding>;
  /** In the order they asked: there are some only while it is found out what is free. */
  readonly asked: Asked[];
  /** Set while others are waited for. */
  stopWaiting: (() => void) | undefined;
}

interface Told {
  readonly grants: SlotGrant[];
  readonly tighten: string[];
}

/** Unused ones of a worker at most; they save questions. */
const maxSpare = 32;
/** A worker's part of what is left over: all of them together leave three quarters to those who ask. */
const spareParts = 4;
/** A worker that does not give back in so long is not waited for: it may be stopped, or very busy. */
const tightenMs = 100;

export class SlotCounter {
  readonly #workers: number;
  /** As many as there are keys with something taken: what is open bounds them. */
  readonly #bounds = new Map<string, Bound>();
  #told = new Map<SlotHolder, Told>();

  constructor(workers: number) {
    this.#workers = workers;
  }

  get size(): number {
    return this.#bounds.size;
  }

  hear(holder: SlotHolder, list: readonly SlotReport[]): void {
    for (const report of list) {
      const bound = this.#boundOf(report);
      const holding = this.#holdingOf(bound, holder);
      holding.granted -= report.back;
      bound.granted -= report.back;
      if (report.isTight) holding.isLoose = holding.isTold = false;
      if (report.want > 0) bound.asked.push({ holder, want: report.want });
      this.#settle(bound, holder);
    }
    this.#tell(holder);
  }

  /** What it held is free. */
  drop(holder: SlotHolder): void {
    for (const bound of this.#bounds.values()) {
      bound.granted -= bound.holdings.get(holder)?.granted ?? 0;
      bound.holdings.delete(holder);
      const others = bound.asked.filter((asked) => asked.holder !== holder);
      bound.asked.splice(0, bound.asked.length, ...others);
      this.#settle(bound);
    }
    this.#told.delete(holder);
    this.#tell();
  }

  /** `reporter`: who is answered at once, and can hear nothing else in between. */
  #settle(bound: Bound, reporter?: SlotHolder): void {
    for (let next = bound.asked.at(0); next !== undefined; next = bound.asked.at(0)) {
      const free = Math.max(0, bound.max - bound.granted);
      if (free < next.want && this.#tighten(bound, next.holder)) return;
      bound.asked.shift();
      this.#grant(bound, next, { free, isReporter: next.holder === reporter });
    }
    bound.stopWaiting?.();
    bound.stopWaiting = undefined;
    for (const [holder, { granted }] of bound.holdings) if (granted === 0) bound.holdings.delete(holder);
    if (bound.holdings.size === 0) this.#bounds.delete(bound.id);
  }

  #grant(bound: Bound, { holder, want }: Asked, { free, isReporter }: { free: number; isReporter: boolean }): void {
    const holding = this.#holdingOf(bound, holder);
    const slots = Math.min(want, free);
    // Only in answer to its own report: what it says next has then been said in knowledge of this.
    const keep = isReporter && !holding.isTold ? this.#spareOf(free - slots) : 0;
    holding.granted += slots + keep;
    bound.granted += slots + keep;
    if (keep > 0) holding.isLoose = true;
    else if (holding.isLoose) holding.isTold = true;
    this.#toldOf(holder).grants.push({ id: bound.id, slots: slots + keep, keep });
  }

  #spareOf(left: number): number {
    return Math.min(maxSpare, Math.floor(left / (spareParts * this.#workers)));
  }

  /** Whether others may still give something back. */
  #tighten(bound: Bound, asking: SlotHolder): boolean {
    let isWaiting = false;
    for (const [holder, holding] of bound.holdings) {
      if (holder === asking || !holding.isLoose) continue;
      isWaiting = true;
      if (!holding.isTold) this.#toldOf(holder).tighten.push(bound.id);
      holding.isTold = true;
    }
    if (isWaiting) bound.stopWaiting ??= afterOwnTime(tightenMs, () => this.#waitNoMore(bound));
    return isWaiting;
  }

  #waitNoMore(bound: Bound): void {
    bound.stopWaiting = undefined;
    for (const holding of bound.holdings.values()) if (holding.isTold) holding.isLoose = false;
    this.#settle(bound);
    this.#tell();
  }

  #boundOf({ id, max }: SlotReport): Bound {
    let bound = this.#bounds.get(id);
    if (bound === undefined) {
      bound = { id, max, granted: 0, holdings: new Map(), asked: [], stopWaiting: undefined };
      this.#bounds.set(id, bound);
    }
    return bound;
  }

  #holdingOf(bound: Bound, holder: SlotHolder): Holding {
    let holding = bound.holdings.get(holder);
    if (holding === undefined) {
      holding = { granted: 0, isLoose: false, isTold: false };
      bound.holdings.set(holder, holding);
    }
    return holding;
  }

  #toldOf(holder: SlotHolder): Told {
    const told = this.#told.get(holder) ?? { grants: [], tighten: [] };
    this.#told.set(holder, told);
    return told;
  }

  /** Whoever has reported is told in any case: it waits for that before it reports again. */
  #tell(reporter?: SlotHolder): void {
    if (reporter !== undefined) this.#toldOf(reporter);
    const all = this.#told;
    this.#told = new Map();
    for (const [holder, told] of all) holder.send({ kind: "slots", isAnswer: holder === reporter, ...told });
  }
}
