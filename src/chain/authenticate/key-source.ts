// The keys of one issuer, kept: fetched ahead of their end, again for a key nobody knows, and used on while their issuer is away.
import type { Timed, Timer } from "../identified-streams.ts";
import { findKey } from "./json-web-keys.ts";
import type { VerificationKey } from "./json-web-keys.ts";
import { keysUnavailable } from "./refusals.ts";

export interface KeySource {
  /**
   * Undefined when the issuer has no such key. At once where that is known. Throws, or rejects with, GatewayError (UNAVAILABLE)
   * while there are no keys at all.
   */
  find(kid: string | undefined, algorithm: string): VerificationKey | undefined | Promise<VerificationKey | undefined>;
  start(): void;
  /** Why there are no keys; undefined when there are. */
  problem(): string | undefined;
  state(): KeyState;
  close(): void;
}

export interface KeyState {
  readonly keys: number;
  /** Since they were last fetched; undefined when they never were. */
  readonly ageMs: number | undefined;
  /** How often that came about, and how often not. */
  readonly fetched: number;
  readonly failed: number;
}

export interface LoadedKeys {
  readonly keys: readonly VerificationKey[];
  /** How long the issuer says they are good for; undefined when it does not say. */
  readonly maxAgeMs: number | undefined;
}

export interface FetchedKeysOptions {
  readonly issuer: string;
  /** Rejects with an Error for the log. In bounded time. */
  readonly load: () => Promise<LoadedKeys>;
  readonly timer: Timer;
  /** To be told why keys could not be fetched. */
  readonly report: (issuer: string, cause: unknown) => void;
  /** In milliseconds, of a clock that never goes back. */
  readonly now?: () => number;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** How long keys are good for when the issuer does not say, and how much of what it says is believed. */
const defaultAgeMs = 10 * minute;
const minAgeMs = minute;
const maxAgeMs = 24 * hour;
/** From the last time they were fetched: an issuer that is away does not lock everybody out. */
const staleMs = 24 * hour;
/** Between two looks for a key nobody knows: anybody can ask for one. */
const cooldownMs = 30 * second;

export class FetchedKeys implements KeySource, Timed {
  sweepIndex = -1;
  readonly #options: FetchedKeysOptions;
  readonly #now: () => number;
  #keys: readonly VerificationKey[] = [];
  #pending: Promise<void> | undefined;
  #fetchedAt = -Infinity;
  #attemptedAt = -Infinity;
  #nextAt = 0;
  /** In a row. */
  #failures = 0;
  #fetched = 0;
  #failed = 0;
  #trouble = "not fetched yet";
  #isClosed = false;

  constructor(options: FetchedKeysOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  start(): void {
    this.#options.timer.add(this);
    void this.#fetch();
  }

  close(): void {
    this.#isClosed = true;
    this.#options.timer.delete(this);
  }

  problem(): string | undefined {
    return this.#keys.length > 0 ? undefined : `the keys of ${this.#options.issuer} are not there: ${this.#trouble}`;
  }

  state(): KeyState {
    const ageMs = this.#fetched === 0 ? undefined : this.#now() - this.#fetchedAt;
    return { keys: this.#keys.length, ageMs, fetched: this.#fetched, failed: this.#failed };
  }

  check(): void {
    const now = this.#now();
    if (this.#keys.length > 0 && now - this.#fetchedAt > staleMs) this.#replace([]);
    if (now >= this.#nextAt) void this.#fetch();
  }

  find(kid: string | undefined, algorithm: string): VerificationKey | undefined | Promise<VerificationKey | undefined> {
    const known = findKey(this.#keys, kid, algorithm);
    if (known !== undefined) return known;
    const now = this.#now();
    const isEmpty = this.#keys.length === 0;
    const mayAsk = isEmpty ? now >= this.#nextAt : now - this.#attemptedAt >= cooldownMs;
    if (this.#pending !== undefined || mayAsk) return this.#fetch().then(() => this.#findFetched(kid, algorithm));
    if (isEmpty) throw keysUnavailable();
    return undefined;
  }

  #findFetched(kid: string | undefined, algorithm: string): VerificationKey | undefined {
    if (this.#keys.length === 0) throw keysUnavailable();
    return findKey(this.#keys, kid, algorithm);
  }

  /** One at a time; never rejects. */
  #fetch(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#pending ??= this.#load().finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  async #load(): Promise<void> {
    this.#attemptedAt = this.#now();
    try {
      const { keys, maxAgeMs: stated = defaultAgeMs } = await this.#options.load();
      const lifeMs = Math.min(Math.max(stated, minAgeMs), maxAgeMs);
      this.#fetchedAt = this.#now();
      // Ahead of their end: nobody has to wait for the next ones.
      this.#nextAt = this.#fetchedAt + 0.8 * lifeMs;
      this.#failures = 0;
      this.#fetched++;
      this.#replace(keys);
    } catch (error) {
      this.#nextAt = this.#now() + Math.min(cooldownMs, second * 2 ** Math.min(this.#failures, 5));
      this.#failures++;
      this.#failed++;
      this.#trouble = error instanceof Error ? error.message : String(error);
      this.#options.report(this.#options.issuer, error);
    }
  }

  /** A key that stays is the same object: what was checked with it stays known. */
  #replace(keys: readonly VerificationKey[]): void {
    const earlier = new Map(this.#keys.map((key) => [key.print, key]));
    this.#keys = keys.map((key) => earlier.get(key.print) ?? key);
    const current = new Set(this.#keys);
    for (const key of earlier.values()) if (!current.has(key)) key.isGone = true;
  }
}

/** One key that is never fetched: a secret both sides know. */
export function createFixedKey(key: VerificationKey): KeySource {
  return {
    find: (_kid, algorithm) => findKey([key], undefined, algorithm),
    start() {},
    problem: () => undefined,
    state: () => ({ keys: 1, ageMs: undefined, fetched: 0, failed: 0 }),
    close() {},
  };
}
