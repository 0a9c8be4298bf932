// Who was refused how often, and who is banned until when: one table, bounded, on an injected clock.

export interface BanLimits {
  readonly threshold: number;
  readonly windowMs: number;
  /** Of the first ban; each further one is twice as long, up to `maxDurationMs`. */
  readonly durationMs: number;
  readonly maxDurationMs: number;
  readonly maxEntries: number;
}

export interface Ban {
  readonly key: string;
  readonly remainingMs: number;
  /** This one, and those before. */
  readonly bans: number;
}

interface Entry {
  points: number;
  /** When the points began to count. */
  since: number;
  bannedUntil: number;
  /** Bans so far. */
  bans: number;
}

/** A client that was banned and has behaved since is forgotten after so many times its longest ban. */
const memory = 2;

export class BanTable {
  readonly #limits: BanLimits;
  readonly #now: () => number;
  /** In the order of the last refusal, the oldest first. */
  readonly #entries = new Map<string, Entry>();
  /** Bans so far. */
  banned = 0;
  /** Requests that were refused for a ban. */
  refused = 0;

  constructor(limits: BanLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Bans in force. Looks at every entry: for a scrape, not for a request. */
  countBanned(): number {
    const now = this.#now();
    let count = 0;
    for (const { bannedUntil } of this.#entries.values()) if (bannedUntil > now) count++;
    return count;
  }

  /** Milliseconds that a client is still banned for; 0 for none. */
  remaining(key: string): number {
    const entry = this.#entries.get(key);
    return entry === undefined ? 0 : Math.max(0, entry.bannedUntil - this.#now());
  }

  /** A refusal. True when it is the one that leads to a ban. */
  charge(key: string, points: number): boolean {
    if (points === 0) return false;
    const now = this.#now();
    const entry = this.#touch(key, now);
    if (entry.bannedUntil > now) return false;
    if (now - entry.since >= this.#limits.windowMs) {
      entry.points = 0;
      entry.since = now;
    }
    entry.points += points;
    if (entry.points < this.#limits.threshold) return false;
    const { durationMs, maxDurationMs } = this.#limits;
    entry.bannedUntil = now + Math.min(maxDurationMs, durationMs * 2 ** Math.min(entry.bans, 30));
    entry.bans++;
    entry.points = 0;
    this.banned++;
    return true;
  }

  /** Every ban in force. */
  inForce(): Ban[] {
    const now = this.#now();
    return [...this.#entries]
      .filter(([, { bannedUntil }]) => bannedUntil > now)
      .map(([key, { bannedUntil, bans }]) => ({ key, remainingMs: bannedUntil - now, bans }));
  }

  /** The ban in force of a client; undefined for none. */
  banOf(key: string): Ban | undefined {
    const remainingMs = this.remaining(key);
    return remainingMs === 0 ? undefined : { key, remainingMs, bans: this.#entries.get(key)?.bans ?? 1 };
  }

  /** A ban that was decided on elsewhere. True where it was not known here. */
  impose({ key, remainingMs, bans }: Ban): boolean {
    const now = this.#now();
    const entry = this.#touch(key, now);
    const isNew = entry.bannedUntil <= now;
    entry.bannedUntil = Math.max(entry.bannedUntil, now + remainingMs);
    entry.bans = Math.max(entry.bans, bans);
    entry.points = 0;
    return isNew;
  }

  /** The entry, moved to the end. */
  #touch(key: string, now: number): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      if (now - known.bannedUntil >= memory * this.#limits.maxDurationMs) known.bans = 0;
      return known;
    }
    if (this.#entries.size >= this.#limits.maxEntries) this.#makeRoom(now);
    const entry: Entry = { points: 0, since: now, bannedUntil: 0, bans: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Whoever was refused longest ago goes; of the oldest few rather one who is not banned. */
  #makeRoom(now: number): void {
    let oldest: string | undefined;
    let looked = 0;
    for (const [key, { bannedUntil }] of this.#entries) {
      oldest ??= key;
      if (bannedUntil <= now) {
        oldest = key;
        break;
      }
      if (++looked >= 64) break;
    }
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
