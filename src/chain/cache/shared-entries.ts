// What is kept where other processes find it, too: Redis, behind the memory of each. No call waits for it longer than configured, and none
// fails by it: a Redis that is away, slow, full or holds something else has nothing.
import { afterOwnTime } from "../../own-time.ts";
import type { CacheRule } from "../../schema/cache-rule.ts";
import { Breaker } from "../breaker.ts";
import { RedisRefusal } from "../redis-connection.ts";
import type { RedisConnection } from "../redis-connection.ts";
import { entryVersion, readEntry, spanOf, writeEntry } from "./entry-bytes.ts";
import { sizeOf } from "./entry-store.ts";
import type { KeptReply } from "./entry-store.ts";
import { findScript, keepScript } from "./redis-cache-scripts.ts";

export interface SharedEntriesOptions {
  readonly connection: RedisConnection;
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly maxEntryBytes: number;
  /** Of not answering, and of refusing: the first of several. */
  readonly onFault: (what: SharedFault, cause: unknown) => void;
  /** The cache's clock. */
  readonly now: () => number;
}

/** `silent`: no answers in time. `refused-lookups`, `refused-writes`: Redis answers, and says no. */
export type SharedFault = "silent" | "refused-lookups" | "refused-writes";

interface AskCounts {
  refused: number;
  failed: number;
  timedOut: number;
  /** Not asked: no connection, a pause after failures, or too much under way. */
  skipped: number;
}

/** What came of lookups. `invalid`: bytes that this gateway did not put there, or would not have. */
export interface LookupCounts extends AskCounts {
  found: number;
  missing: number;
  invalid: number;
}

/** What came of writes. `late`: it was over when Redis heard of it. */
export interface WriteCounts extends AskCounts {
  stored: number;
  late: number;
}

/** Whose answers, and how long at most. */
export interface EntryPlace {
  /** `pkg.Service.Method` */
  readonly method: string;
  readonly rule: CacheRule;
}

/** More lookups at a time would not be answered in time anyway. */
export const maxLookups = 1000;
/** Answers on their way to Redis, together: what is more is not sent. */
export const maxWriteBytes = 16_777_216;
/** The clock of Redis may be set back by so much between two commands. */
const clockStepMs = 1000;
/** What Redis says no to is told once until it says yes, and then no sooner than this again: near its bound it says both. */
const quietMs = 60_000;

export class SharedEntries {
  readonly lookups: LookupCounts = { found: 0, missing: 0, invalid: 0, refused: 0, failed: 0, timedOut: 0, skipped: 0 };
  readonly writes: WriteCounts = { stored: 0, late: 0, refused: 0, failed: 0, timedOut: 0, skipped: 0 };
  readonly #options: SharedEntriesOptions;
  readonly #breaker = new Breaker();
  readonly #refusals = { lookups: new Told(), writes: new Told() };
  #looking = 0;
  #writing = 0;
  /** Redis' time less the cache's, rather too small; undefined while it is not known. */
  #ahead: number | undefined;

  constructor(options: SharedEntriesOptions) {
    this.#options = options;
  }

  /** Whether answers are looked for in Redis at present. */
  get isUp(): boolean {
    return this.#options.connection.isReady && !this.#breaker.isOpen;
  }

  /** Undefined at once where Redis is not asked. Resolves in time, with undefined for nothing; never rejects. */
  find(place: EntryPlace, key: string): Promise<KeptReply | undefined> | undefined {
    const { connection, maxEntryBytes, now } = this.#options;
    // Another Redis may have another time.
    if (!connection.isReady) this.#ahead = undefined;
    if (!connection.isReady || this.#looking >= maxLookups || !this.#breaker.admits()) {
      this.lookups.skipped++;
      return undefined;
    }
    const askedAt = now();
    this.#looking++;
    const answer = connection.run(findScript, [this.#nameOf(place, key)], [String(maxEntryBytes)]);
    const over = (): void => void this.#looking--;
    answer.then(over, over);
    return this.#await("lookups", answer).then((found) => this.#read(found, askedAt, place, key));
  }

  /** What is not kept there for whatever reason is kept here alone. */
  keep(place: EntryPlace, key: string, kept: KeptReply): void {
    const { maxEntryBytes } = this.#options;
    if (this.#ahead === undefined || !this.isUp) return void this.writes.skipped++;
    const bytes = writeEntry(key, kept);
    if (bytes.length > maxEntryBytes) return;
    const until = Math.max(kept.freshUntil, kept.staleUntil, kept.errorUntil) + this.#ahead;
    this.#write(place, key, bytes, Math.floor(until));
  }

  /** What is there is not to be given again. */
  drop(place: EntryPlace, key: string): void {
    this.#write(place, key, Buffer.alloc(0), 0);
  }

  #write(place: EntryPlace, key: string, bytes: Buffer, until: number): void {
    const { connection } = this.#options;
    if (!connection.isReady || this.#writing + bytes.length > maxWriteBytes || !this.#breaker.admits())
      return void this.writes.skipped++;
    this.#writing += bytes.length;
    const answer = connection.run(keepScript, [this.#nameOf(place, key)], [String(until), bytes]);
    // Until then the bytes are kept for sending.
    const over = (): void => void (this.#writing -= bytes.length);
    answer.then(over, over);
    void this.#await("writes", answer).then((stored) => {
      if (stored !== undefined) this.writes[stored === 1 ? "stored" : "late"]++;
    });
  }

  /** Undefined when there is no answer in time. Never rejects. */
  #await(what: "lookups" | "writes", answer: Promise<unknown>): Promise<unknown> {
    const { timeoutMs, onFault } = this.#options;
    const counts = this[what];
    return new Promise((resolve) => {
      let isSettled = false;
      const settle = (value: unknown): void => {
        isSettled = true;
        stopWaiting();
        resolve(value);
      };
      const fail = (how: "failed" | "timedOut", cause: unknown): void => {
        if (isSettled) return;
        counts[how]++;
        const wasOpen = this.#breaker.isOpen;
        this.#breaker.fail();
        if (!wasOpen && this.#breaker.isOpen) onFault("silent", cause);
        settle(undefined);
      };
      const giveUp = (): void => fail("timedOut", new Error(`no answer in ${timeoutMs} ms`));
      const stopWaiting = afterOwnTime(timeoutMs, giveUp);
      answer.then(
        (value) => {
          if (isSettled) return;
          this.#breaker.succeed();
          this.#refusals[what].isOn = false;
          settle(value);
        },
        (cause: unknown) => {
          if (isSettled || !(cause instanceof RedisRefusal)) return fail("failed", cause);
          counts.refused++;
          this.#breaker.succeed();
          if (this.#refusals[what].isNews()) onFault(`refused-${what}`, cause);
          return settle(undefined);
        },
      );
    });
  }

  #read(answer: unknown, askedAt: number, place: EntryPlace, key: string): KeptReply | undefined {
    if (answer === undefined) return undefined;
    const [time, left, bytes] = Array.isArray(answer) ? (answer as unknown[]) : [];
    // By when it came, later than when it was said: what is kept ends rather too early than too late.
    if (typeof time === "number") this.#ahead = time - this.#options.now();
    if (typeof time === "number" && left === undefined) return void this.lookups.missing++;
    const content = Buffer.isBuffer(bytes) && bytes.length > 0 ? readEntry(key, bytes) : undefined;
    if (content === undefined || typeof left !== "number" || left <= 0 || left > spanOf(content) + clockStepMs)
      return void this.lookups.invalid++;
    const { freshMs, staleWhileRevalidateMs, staleIfErrorMs, reply } = content;
    const { rule } = place;
    const isAllowed =
      freshMs <= rule.ttlMs &&
      staleWhileRevalidateMs <= rule.staleWhileRevalidateMs &&
      staleIfErrorMs <= rule.staleIfErrorMs;
    const bornAt = askedAt + Math.min(0, left - spanOf(content));
    const freshUntil = bornAt + freshMs;
    const kept: KeptReply = {
      kind: "reply",
      reply,
      bornAt,
      freshUntil,
      staleUntil: freshUntil + staleWhileRevalidateMs,
      errorUntil: freshUntil + staleIfErrorMs,
    };
    if (!isAllowed || sizeOf(kept) > this.#options.maxEntryBytes) return void this.lookups.invalid++;
    this.lookups.found++;
    return kept;
  }

  #nameOf({ method }: EntryPlace, key: string): string {
    return `${this.#options.prefix}cache:${entryVersion}:${method}:${key}`;
  }
}

/** Something that goes on, and is told once. */
class Told {
  isOn = false;
  #toldAt = -Infinity;

  isNews(): boolean {
    const now = performance.now();
    const isNews = !this.isOn && now - this.#toldAt >= quietMs;
    this.isOn = true;
    if (isNews) this.#toldAt = now;
    return isNews;
  }
}
