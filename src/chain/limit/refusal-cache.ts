// What Redis has refused just now: until then it would say the same, so that a client over its limit costs Redis one question a period.
import type { Limit, LimitState, Taken } from "./limit.ts";

interface Refusal {
  readonly at: number;
  readonly taken: Taken;
}

/** A flood of keys only costs the questions that this saves. */
const maxRefusals = 10_000;

export class RefusalCache {
  readonly #now: () => number;
  readonly #refusals = new Map<string, Refusal>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** As it stands now; undefined when it is worth asking. */
  find(limits: readonly Limit[], names: readonly string[]): Taken | undefined {
    if (this.#refusals.size === 0) return undefined;
    const id = identify(limits, names);
    const refusal = this.#refusals.get(id);
    if (refusal === undefined) return undefined;
    const passedMs = this.#now() - refusal.at;
    const { waitMs, states } = refusal.taken;
    if (passedMs >= waitMs) {
      this.#refusals.delete(id);
      return undefined;
    }
    const later = (ms: number): number => Math.max(0, ms - passedMs);
    const aged = (state: LimitState): LimitState => ({
      remaining: state.remaining,
      resetMs: later(state.resetMs),
      waitMs: later(state.waitMs),
    });
    return { admitted: false, waitMs: waitMs - passedMs, states: states.map(aged) };
  }

  add(limits: readonly Limit[], names: readonly string[], taken: Taken): void {
    if (this.#refusals.size >= maxRefusals) this.#refusals.clear();
    this.#refusals.set(identify(limits, names), { at: this.#now(), taken });
  }
}

/** With the costs: what is too dear now may leave room for something cheaper. */
function identify(limits: readonly Limit[], names: readonly string[]): string {
  return names.map((name, index) => `${name} ${limits[index].rule.cost}`).join("\n");
}
