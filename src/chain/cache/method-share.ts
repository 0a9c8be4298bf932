// What is kept for all gateways, as the cache of one method sees it: its own answers, looked for once at a time.
import type { ReplyCaching } from "../../call.ts";
import type { EntryStore, Kept, KeptReply } from "./entry-store.ts";
import type { EntryPlace, SharedEntries } from "./shared-entries.ts";

export interface MethodShareInputs {
  readonly shared: SharedEntries;
  readonly place: EntryPlace;
  /** Of this process. */
  readonly store: EntryStore;
  readonly caching: ReplyCaching;
  readonly now: () => number;
}

export class MethodShare {
  readonly #inputs: MethodShareInputs;
  /** Under way, by key. */
  readonly #looks = new Map<string, Promise<KeptReply | undefined>>();

  constructor(inputs: MethodShareInputs) {
    this.#inputs = inputs;
  }

  /** A newer answer than the one that is here; from then on it is here, too. Undefined at once where there is no asking; never rejects. */
  look(key: string): Promise<KeptReply | undefined> | undefined {
    const known = this.#looks.get(key);
    if (known !== undefined) return known;
    const { shared, place } = this.#inputs;
    const look = shared.find(place, key)?.then((found) => {
      this.#looks.delete(key);
      return found && this.#takeOver(key, found);
    });
    if (look !== undefined) this.#looks.set(key, look);
    return look;
  }

  keep(key: string, kept: KeptReply): void {
    this.#inputs.shared.keep(this.#inputs.place, key, kept);
  }

  drop(key: string): void {
    this.#inputs.shared.drop(this.#inputs.place, key);
  }

  #takeOver(key: string, found: KeptReply): KeptReply | undefined {
    const { store, caching, now } = this.#inputs;
    const own = store.get(key, now());
    if (own !== undefined && !isNewer(found, own)) return undefined;
    const kept = { ...found, reply: { ...found.reply, caching } };
    store.set(key, kept, now());
    return kept;
  }
}

/** What turned out to be for one caller only stays so for a while. */
function isNewer(found: KeptReply, own: Kept): boolean {
  return own.kind === "reply" && found.bornAt > own.bornAt;
}
