// Limits counted in Redis, for several gateways together. A call waits for it as long as configured and no longer; without it, every
// gateway keeps to its share, or refuses.
import { createHash } from "node:crypto";
import { afterOwnTime } from "../../own-time.ts";
import { Code, GatewayError } from "../../status.ts";
import { Breaker } from "../breaker.ts";
import { toShareOf, toState } from "./limit.ts";
import type { Limit, LimitStore, Taken } from "./limit.ts";
import type { MemoryStore } from "./memory-store.ts";
import type { LimitLink } from "./limit-link.ts";
import { RefusalCache } from "./refusal-cache.ts";

export interface RedisStoreOptions {
  readonly link: LimitLink;
  /** Counts when Redis does not. */
  readonly local: MemoryStore;
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly onFailure: "local" | "closed";
  readonly instances: number;
  /** Of Redis' not answering: the first of several in a row. */
  readonly onFault: (cause: unknown) => void;
  readonly now?: () => number;
}

/** What the answers were, for metrics. */
export interface RedisCounts {
  answered: number;
  /** From memory, as Redis had refused the same key until later. */
  remembered: number;
  failed: number;
  timedOut: number;
  /** Not asked: no connection, or a pause after failures. */
  skipped: number;
}

/** More than this would not be answered in time anyway. */
const maxWaiting = 10_000;

export class RedisStore implements LimitStore {
  readonly counts: RedisCounts = { answered: 0, remembered: 0, failed: 0, timedOut: 0, skipped: 0 };
  readonly #options: RedisStoreOptions;
  readonly #breaker: Breaker;
  readonly #refusals: RefusalCache;
  readonly #shares = new WeakMap<Limit, Limit>();
  #waiting = 0;

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    const now = options.now ?? (() => performance.now());
    this.#breaker = new Breaker(now);
    this.#refusals = new RefusalCache(now);
  }

  /** Whether calls are counted in Redis at present. */
  get isShared(): boolean {
    return this.#options.link.isReady && !this.#breaker.isOpen;
  }

  take(limits: readonly Limit[], keys: readonly string[], patienceMs: number): Taken | Promise<Taken> {
    const names = limits.map(({ rule }, index) => this.#nameOf(rule.name, keys[index]));
    const refused = patienceMs === 0 ? this.#refusals.find(limits, names) : undefined;
    if (refused !== undefined) {
      this.counts.remembered++;
      return refused;
    }
    if (!this.#options.link.isReady || this.#waiting >= maxWaiting || !this.#breaker.admits()) {
      this.counts.skipped++;
      return this.#takeWithout(limits, keys, patienceMs);
    }
    return this.#ask(limits, names, patienceMs).then((answer) => {
      if (answer === undefined) return this.#takeWithout(limits, keys, patienceMs);
      // What passes is counted here, too: a Redis that answers now and then must not give way to a share that nobody has used.
      if (answer.admitted) this.#options.local.take(this.#sharesOf(limits), keys, 0);
      return answer;
    });
  }

  /** Undefined when there is no answer in time. Never rejects. */
  #ask(limits: readonly Limit[], names: readonly string[], patienceMs: number): Promise<Taken | undefined> {
    const { link, timeoutMs } = this.#options;
    this.#waiting++;
    return new Promise((resolve) => {
      let isSettled = false;
      const settle = (taken: Taken | undefined): void => {
        isSettled = true;
        this.#waiting--;
        stopWaiting();
        resolve(taken);
      };
      const fail = (what: "failed" | "timedOut", cause: unknown): void => {
        if (isSettled) return;
        this.counts[what]++;
        const wasOpen = this.#breaker.isOpen;
        this.#breaker.fail();
        if (!wasOpen && this.#breaker.isOpen) this.#options.onFault(cause);
        settle(undefined);
      };
      const giveUp = (): void => fail("timedOut", new Error(`no answer in ${timeoutMs} ms`));
      const stopWaiting = afterOwnTime(timeoutMs, giveUp);
      link.run(names, toArguments(limits, patienceMs)).then(
        (answer) => {
          if (isSettled) return;
          const taken = toTaken(limits, answer);
          if (taken === undefined) return fail("failed", new Error("Redis gave an answer that is none"));
          this.counts.answered++;
          this.#breaker.succeed();
          if (!taken.admitted && patienceMs === 0) this.#refusals.add(limits, names, taken);
          return settle(taken);
        },
        (cause: unknown) => fail("failed", cause),
      );
    });
  }

  #takeWithout(limits: readonly Limit[], keys: readonly string[], patienceMs: number): Taken {
    if (this.#options.onFailure === "closed") throw unavailable();
    return this.#options.local.take(this.#sharesOf(limits), keys, patienceMs);
  }

  #sharesOf(limits: readonly Limit[]): readonly Limit[] {
    return this.#options.instances === 1 ? limits : limits.map((limit) => this.#shareOf(limit));
  }

  #shareOf(limit: Limit): Limit {
    const share = this.#shares.get(limit) ?? toShareOf(limit, this.#options.instances);
    this.#shares.set(limit, share);
    return share;
  }

  /** Hashed: keys hold what clients send, credentials perhaps, and others may read in a Redis. */
  #nameOf(limit: string, key: string): string {
    const hash = createHash("sha256").update(key).digest("base64url").slice(0, 22);
    return `${this.#options.prefix}${limit}:${hash}`;
  }
}

function toArguments(limits: readonly Limit[], patienceMs: number): string[] {
  const args = [String(patienceMs * 1000)];
  for (const { burstMs, costMs } of limits) args.push(String(burstMs * 1000), String(costMs * 1000));
  return args;
}

/** Undefined for anything the script does not say. */
function toTaken(limits: readonly Limit[], answer: unknown): Taken | undefined {
  if (!Array.isArray(answer) || answer.length !== limits.length + 2) return undefined;
  const numbers = answer.map(Number);
  if (!numbers.every(Number.isFinite)) return undefined;
  const [admitted, waitUs, ...ahead] = numbers;
  const states = limits.map((limit, index) => {
    const aheadMs = ahead[index] / 1000;
    return toState(limit, aheadMs, admitted === 1 ? 0 : aheadMs + limit.costMs - limit.burstMs);
  });
  return { admitted: admitted === 1, waitMs: waitUs / 1000, states };
}

function unavailable(): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "calls of this method cannot be counted at present; try again", {
    reason: "LIMITS_UNAVAILABLE",
    retryAfterMs: 1000,
  });
}
