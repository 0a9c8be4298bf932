// Calls by when they must be over: one timer for all of them, and no allocation for a call that ends in time, as nearly all do.

/** Something with a deadline. The fields but `deadline` belong to `Deadlines`. */
export interface Timed {
  /** In `performance.now()` milliseconds; finite. */
  readonly deadline: number;
  tick: number;
  previous: Timed | undefined;
  next: Timed | undefined;
  /** The deadline has passed; it is not in the list any more. Must not throw. */
  expire(): void;
}

/** A deadline is kept to this, never early. */
const tickMs = 8;
/** Further ahead than a round of the wheel is looked at once a round. A power of two. */
const slotCount = 1024;
const mask = slotCount - 1;
/** The tick of what is in no slot. */
const removed = -1;
/** Earlier than any tick: nothing arms the timer. */
const busy = -1;

/** A hashed timer wheel. Its timer is set for the next slot with something in it, and does not keep the process alive. */
export class Deadlines {
  readonly #slots: (Timed | undefined)[] = Array.from({ length: slotCount });
  #timer: NodeJS.Timeout | undefined;
  /** What the timer is set for, if it is. */
  #armedTick = Infinity;
  /** Up to here everything was looked at. */
  #doneTick = 0;

  add(timed: Timed): void {
    const tick = Math.max(Math.ceil(timed.deadline / tickMs), this.#doneTick + 1);
    const slot = tick & mask;
    const head = this.#slots[slot];
    timed.tick = tick;
    timed.previous = undefined;
    timed.next = head;
    if (head !== undefined) head.previous = timed;
    this.#slots[slot] = timed;
    if (tick < this.#armedTick) this.#arm(tick);
  }

  /** Idempotent, once it was added. */
  remove(timed: Timed): void {
    const { previous, next, tick } = timed;
    if (tick === removed) return;
    timed.tick = removed;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else this.#slots[tick & mask] = next;
    timed.previous = undefined;
    timed.next = undefined;
  }

  #arm(tick: number): void {
    clearTimeout(this.#timer);
    this.#armedTick = tick;
    this.#timer = setTimeout(this.#turn, Math.max(1, Math.ceil(tick * tickMs - performance.now()))).unref();
  }

  readonly #turn = (): void => {
    const nowTick = Math.floor(performance.now() / tickMs);
    const from = Math.max(this.#doneTick + 1, nowTick - mask);
    this.#doneTick = nowTick;
    // What is added meanwhile is found below.
    this.#armedTick = busy;
    for (let tick = from; tick <= nowTick; tick++) this.#expireSlot(tick & mask, nowTick);
    this.#armedTick = Infinity;
    for (let tick = nowTick + 1; tick <= nowTick + slotCount; tick++) {
      if (this.#slots[tick & mask] === undefined) continue;
      this.#arm(tick);
      return;
    }
  };

  #expireSlot(slot: number, nowTick: number): void {
    const due: Timed[] = [];
    for (let timed = this.#slots[slot]; timed !== undefined; timed = timed.next) {
      if (timed.tick <= nowTick) due.push(timed);
    }
    for (const timed of due) {
      // One that ends may end others.
      if (timed.tick === removed) continue;
      this.remove(timed);
      timed.expire();
    }
  }
}
