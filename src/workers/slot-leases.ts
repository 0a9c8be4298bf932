// A worker's slots of bounds that hold for all workers: it holds some, asks the process that started it for more, and gives back what it
// does not use. One report is on its way at a time: what changes meanwhile goes with the next.
import { toBoundedKey } from "../chain/limit/limit-key.ts";
import type { BoundName, SlotCounts, SlotLink, Slots } from "../slots.ts";
import { LeasedSlots } from "./leased-slots.ts";
import type { LeaseDesk, Tally } from "./leased-slots.ts";
import type { SlotReport, TellSlots } from "./messages.ts";

/** After so many ticks nobody waits any more: it is decided by this worker's share, and so are all others until there is an answer. */
const patience = 5;
const tickMs = 50;
/** What has not been used for so long is given back. */
const idleMs = 1000;

export class SlotLeases implements SlotLink, LeaseDesk {
  readonly #send: (list: readonly SlotReport[]) => void;
  readonly #leases = new Map<string, LeasedSlots>();
  readonly #changed = new Set<LeasedSlots>();
  readonly #waiting = new Set<LeasedSlots>();
  readonly #tallies = new Map<BoundName, Tally>();
  readonly #onLate: (() => void)[] = [];
  readonly #sweep: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;
  #isReporting = false;
  #isDue = false;
  #isLate = false;
  #isOpen = true;

  constructor(send: (list: readonly SlotReport[]) => void) {
    this.#send = send;
    this.#sweep = setInterval(() => this.checkUse(), idleMs).unref();
  }

  get size(): number {
    return this.#leases.size;
  }

  get isAlone(): boolean {
    return this.#isLate || !this.#isOpen;
  }

  get tick(): number {
    return this.#tick;
  }

  slotsOf(name: BoundName, max: number, share: number): Slots {
    const tally = this.#tallies.get(name) ?? { granted: 0, refused: 0, late: 0 };
    this.#tallies.set(name, tally);
    const find = (key: string): LeasedSlots => {
      const id = `${name} ${toBoundedKey(key)}`;
      let lease = this.#leases.get(id);
      if (lease === undefined) this.#leases.set(id, (lease = new LeasedSlots(this, { id, max, share, tally })));
      return lease;
    };
    return { take: (key) => find(key).take(), release: (key) => find(key).release() };
  }

  onLate(listener: () => void): void {
    this.#onLate.push(listener);
  }

  counts(): readonly SlotCounts[] {
    return [...this.#tallies].map(([name, tally]) => ({ name, ...tally }));
  }

  onChange(lease: LeasedSlots): void {
    this.#changed.add(lease);
    if (this.#isDue || this.#isReporting) return;
    this.#isDue = true;
    setImmediate(() => this.#report());
  }

  onWait(lease: LeasedSlots): void {
    this.#waiting.add(lease);
    this.#timer ??= setInterval(() => this.#giveUp(++this.#tick - patience), tickMs).unref();
  }

  tell({ isAnswer, grants, tighten }: TellSlots): void {
    this.#isLate = false;
    if (isAnswer) this.#isReporting = false;
    for (const grant of grants) {
      const lease = this.#leases.get(grant.id);
      lease?.hear(grant);
      if (lease !== undefined) this.#forget(lease);
    }
    // Last: what was granted just now may be wanted already.
    for (const id of tighten) this.#leases.get(id)?.tighten();
    if (isAnswer) this.#report();
  }

  close(): void {
    this.#isOpen = false;
    clearInterval(this.#sweep);
    this.#giveUp(Infinity);
  }

  /** For the timer, and for tests. */
  checkUse(): void {
    for (const lease of this.#leases.values()) lease.checkUse();
  }

  #giveUp(tick: number): void {
    for (const lease of this.#waiting) {
      const wasLate = lease.giveUp(tick);
      if (!lease.isWaiting) this.#waiting.delete(lease);
      if (wasLate) this.#becomeLate();
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #becomeLate(): void {
    if (this.isAlone) return;
    this.#isLate = true;
    for (const listener of this.#onLate) listener();
  }

  #report(): void {
    this.#isDue = false;
    if (this.#isReporting || !this.#isOpen) return;
    const list: SlotReport[] = [];
    for (const lease of this.#changed) {
      const report = lease.report();
      if (report !== undefined) list.push(report);
      this.#forget(lease);
    }
    this.#changed.clear();
    if (list.length === 0) return;
    this.#isReporting = true;
    this.#send(list);
  }

  #forget(lease: LeasedSlots): void {
    if (lease.isEmpty) this.#leases.delete(lease.terms.id);
  }
}
