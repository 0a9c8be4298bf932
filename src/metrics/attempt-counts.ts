// How often backends are asked and what becomes of it, by target: for the metrics. Transports tell, so each attempt counts.
import { bucketOf, countsByBucket } from "../exposition.ts";
import { countsByCode, toCode } from "../status.ts";
import type { AttemptWatch } from "../upstream/transport.ts";

export class AttemptCounts {
  /** In seconds, ascending. */
  readonly bounds: readonly number[];
  readonly #byTarget = new Map<string, AttemptTally>();

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
  }

  /** To be told of the calls to a target. */
  of(target: string): AttemptWatch {
    const known = this.#byTarget.get(target) ?? new AttemptTally(target, this.bounds);
    this.#byTarget.set(target, known);
    return known;
  }

  tallies(): readonly AttemptTally[] {
    return [...this.#byTarget.values()];
  }
}

/** Of one target; the counts only grow, but for `open`. */
class AttemptTally implements AttemptWatch {
  readonly target: string;
  readonly #bounds: readonly number[];
  open = 0;
  /** By gRPC status code. */
  readonly endedBy = countsByCode();
  /** By the bounds, one more than there are. */
  readonly durations: number[];
  durationSeconds = 0;

  constructor(target: string, bounds: readonly number[]) {
    this.target = target;
    this.#bounds = bounds;
    this.durations = countsByBucket(bounds);
  }

  began(): void {
    this.open++;
  }

  ended(startedAt: number, code: number): void {
    const seconds = (performance.now() - startedAt) / 1000;
    this.open--;
    this.endedBy[toCode(code)]++;
    this.durations[bucketOf(this.#bounds, seconds)]++;
    this.durationSeconds += seconds;
  }
}
