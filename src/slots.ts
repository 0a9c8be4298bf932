// Bounds on how much there may be at once: calls, streams, sockets, connections. Counted by this process, or by all that share them.

/** By the names of their settings: for messages between processes, and for metrics. */
export type BoundName =
  | "max_in_flight"
  | "streams.max_per_client"
  | "websocket.max_sockets"
  | "websocket.max_sockets_per_principal"
  | "websocket.handshakes_per_second"
  | "server.max_connections"
  | "server.max_connections_per_ip";

/** So many for each key. What was taken is given back, once. */
export interface Slots {
  /** False: all are taken. A promise where somebody else is asked first; it never rejects, and does not take long. */
  take(key: string): boolean | Promise<boolean>;
  release(key: string): void;
}

/** Undefined for no bound. */
export type SlotsOf = (name: BoundName, max: number | undefined) => Slots;

/** Somebody who counts slots for several processes. */
export interface SlotLink {
  /** `share`: what this process may have by itself, while it cannot ask. */
  slotsOf(name: BoundName, max: number, share: number): Slots;
  /** Called when whoever counts begins to be late. */
  onLate(listener: () => void): void;
  /** What became of questions to whoever counts. */
  counts(): readonly SlotCounts[];
}

/** Slots that were asked for: had, not had, and decided without an answer. */
export interface SlotCounts {
  readonly name: BoundName;
  readonly granted: number;
  readonly refused: number;
  readonly late: number;
}

/** `processes`: so many share the slots, where there is a link. */
export function compileSlots(link: SlotLink | undefined, processes: number): SlotsOf {
  return (name, max) => {
    if (link === undefined || max === undefined) return new OwnSlots(max);
    // Each has at least one: a share of nothing would refuse everybody.
    return link.slotsOf(name, max, Math.max(1, Math.floor(max / processes)));
  };
}

/** Of one process: as many entries as there are keys with something taken. */
export class OwnSlots implements Slots {
  readonly #max: number;
  readonly #taken = new Map<string, number>();

  constructor(max = Infinity) {
    this.#max = max;
  }

  /** Keys with something taken. */
  get size(): number {
    return this.#taken.size;
  }

  take(key: string): boolean {
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= this.#max) return false;
    this.#taken.set(key, taken + 1);
    return true;
  }

  release(key: string): void {
    const taken = this.#taken.get(key) ?? 0;
    if (taken > 1) this.#taken.set(key, taken - 1);
    else this.#taken.delete(key);
  }
}

export type Wanted = readonly [slots: Slots, key: string];

/** One of each, or none: answers with the one of which there was none left, undefined for success. */
export function takeEach(wanted: readonly Wanted[], from = 0): Slots | undefined | Promise<Slots | undefined> {
  for (let at = from; at < wanted.length; at++) {
    const [slots, key] = wanted[at];
    const taken = slots.take(key);
    if (taken instanceof Promise)
      return taken.then((isTaken) => (isTaken ? takeEach(wanted, at + 1) : giveUp(wanted, at)));
    if (!taken) return giveUp(wanted, at);
  }
  return undefined;
}

export function releaseEach(wanted: readonly Wanted[]): void {
  for (const [slots, key] of wanted) slots.release(key);
}

function giveUp(wanted: readonly Wanted[], at: number): Slots {
  releaseEach(wanted.slice(0, at));
  return wanted[at][0];
}
