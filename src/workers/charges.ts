// A worker's refusals on their way to the process that counts those of all workers.
import type { BanKind, BanLink } from "../chain/ban-link.ts";
import type { Ban } from "../chain/ban-table.ts";
import type { Charge, TellBans } from "./messages.ts";

/** Told so much later: who is refused often costs one message now and then. */
const gatherMs = 50;
/** What comes beyond it meanwhile this worker has counted alone. */
const maxGathered = 10_000;
/** A primary that does not read is left alone for so long. */
const pauseMs = 1000;

export class Charges implements BanLink {
  /** False: what was sent waits for the primary to read. */
  readonly #send: (list: readonly Charge[]) => boolean;
  readonly #gathered = new Map<string, Charge>();
  #listener: (kind: BanKind, ban: Ban, isOwn: boolean) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #isOpen = true;

  constructor(send: (list: readonly Charge[]) => boolean) {
    this.#send = send;
  }

  charge(kind: BanKind, key: string, points: number): void {
    if (!this.#isOpen) return;
    const id = `${kind} ${key}`;
    const known = this.#gathered.get(id);
    if (known === undefined && this.#gathered.size >= maxGathered) return;
    this.#gathered.set(id, [kind, key, (known?.[2] ?? 0) + points]);
    this.#timer ??= setTimeout(() => this.#flush(), gatherMs).unref();
  }

  onBan(listener: (kind: BanKind, ban: Ban, isOwn: boolean) => void): void {
    this.#listener = listener;
  }

  tell({ of, list, isOwn }: TellBans): void {
    for (const ban of list) this.#listener(of, ban, isOwn);
  }

  close(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#gathered.clear();
  }

  #flush(): void {
    const list = [...this.#gathered.values()];
    this.#gathered.clear();
    this.#timer = undefined;
    if (list.length > 0 && !this.#send(list)) this.#timer = setTimeout(() => this.#flush(), pauseMs).unref();
  }
}
