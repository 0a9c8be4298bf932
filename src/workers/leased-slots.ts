// What a worker holds of one bound and key: slots that are used, some that are not, and those who wait for one.
import type { SlotGrant, SlotReport } from "./messages.ts";

interface Waiting {
  readonly resolve: (isTaken: boolean) => void;
  /** The tick of the desk at which it came. */
  readonly since: number;
}

/** What became of those who asked. */
export interface Tally {
  granted: number;
  refused: number;
  late: number;
}

export interface LeaseTerms {
  readonly id: string;
  readonly max: number;
  /** What this worker may take by itself while it cannot ask. */
  readonly share: number;
  readonly tally: Tally;
}

/** Whoever talks to the process that counts. */
export interface LeaseDesk {
  /** It does not answer at present. */
  readonly isAlone: boolean;
  /** Grows while anybody waits: a process that was busy itself has not been kept waiting. */
  readonly tick: number;
  /** There is something to report. */
  onChange(lease: LeasedSlots): void;
  onWait(lease: LeasedSlots): void;
}

/** Of unused slots this many times what may be kept is held before the rest goes back: a lively key would go to and fro. */
const slack = 2;

export class LeasedSlots {
  readonly terms: LeaseTerms;
  readonly #desk: LeaseDesk;
  #used = 0;
  /** Less than is used where slots were taken without asking, until that is reported. */
  #granted = 0;
  /** Unused ones that may be held. */
  #keep = 0;
  readonly #waiting: Waiting[] = [];
  /** Of those who wait, from the first on: who is asked for. */
  #askedFor = 0;
  #isAsking = false;
  #mustConfirm = false;
  #wasUsed = true;

  constructor(desk: LeaseDesk, terms: LeaseTerms) {
    this.#desk = desk;
    this.terms = terms;
  }

  get isEmpty(): boolean {
    return this.#used === 0 && this.#granted === 0 && !this.isWaiting && !this.#isAsking && !this.#mustConfirm;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  take(): boolean | Promise<boolean> {
    this.#wasUsed = true;
    if (this.#used < this.#granted) {
      this.#used++;
      return true;
    }
    // Nobody else has any.
    if (this.#used >= this.terms.max) return false;
    if (this.#desk.isAlone) return this.#takeOfShare();
    return new Promise((resolve) => {
      this.#waiting.push({ resolve, since: this.#desk.tick });
      this.#desk.onWait(this);
      if (!this.#isAsking) this.#desk.onChange(this);
    });
  }

  release(): void {
    this.#used--;
    this.#serve();
    if (this.#surplus > 0) this.#desk.onChange(this);
  }

  /** What is to be said of it now; undefined for nothing. */
  report(): SlotReport | undefined {
    const { id, max } = this.terms;
    const back = this.#surplus;
    const want = this.#isAsking ? 0 : this.#waiting.length;
    if (back === 0 && want === 0 && !this.#mustConfirm) return undefined;
    this.#granted -= back;
    if (want > 0) {
      this.#isAsking = true;
      this.#askedFor = want;
    }
    this.#mustConfirm = false;
    return { id, max, back, want, isTight: this.#keep === 0 };
  }

  hear({ slots, keep }: Pick<SlotGrant, "slots" | "keep">): void {
    this.#granted += slots;
    this.#isAsking = false;
    if (keep === 0 && this.#keep > 0) this.#mustConfirm = true;
    this.#keep = keep;
    this.#serve();
    this.#settle(this.#askedFor, () => {
      this.terms.tally.refused++;
      return false;
    });
    this.#askedFor = 0;
    if (this.isWaiting || this.#mustConfirm || this.#surplus !== 0) this.#desk.onChange(this);
  }

  tighten(): void {
    this.#keep = 0;
    this.#mustConfirm = true;
    this.#desk.onChange(this);
  }

  /** What has not been used since the last look goes back. */
  checkUse(): void {
    if (!this.#wasUsed && this.#granted > this.#used && this.#keep > 0) this.tighten();
    this.#wasUsed = false;
  }

  /** Who came before that tick waits no longer; whether there was anybody. */
  giveUp(tick: number): boolean {
    const patient = this.#waiting.findIndex(({ since }) => since >= tick);
    const count = patient === -1 ? this.#waiting.length : patient;
    this.#settle(count, () => this.#takeOfShare());
    return count > 0;
  }

  /** What is over; below 0 what is missing. */
  get #surplus(): number {
    const unused = this.#granted - this.#used;
    if (unused <= 0) return unused;
    return unused > slack * this.#keep ? unused - this.#keep : 0;
  }

  #takeOfShare(): boolean {
    this.terms.tally.late++;
    if (this.#used >= this.terms.share) return false;
    this.#used++;
    this.#desk.onChange(this);
    return true;
  }

  #serve(): void {
    const free = Math.max(0, this.#granted - this.#used);
    this.#settle(Math.min(free, this.#waiting.length), () => {
      this.#used++;
      this.terms.tally.granted++;
      return true;
    });
  }

  #settle(count: number, decide: () => boolean): void {
    for (const { resolve } of this.#waiting.splice(0, count)) resolve(decide());
    this.#askedFor = Math.max(0, this.#askedFor - count);
  }
}
