// How often backends are asked and what becomes of it, by target: for the metrics. Stands next to the upstream, so each time counts.
import type { Handler } from "../call.ts";
import { bucketOf } from "../exposition.ts";
import type { Method } from "../schema/descriptor.ts";
import { Code, GatewayError, isCode } from "../status.ts";
import type { Around } from "./compose.ts";

/** Of one target; the counts only grow, but for `open`. */
export interface AttemptTally {
  readonly target: string;
  open: number;
  /** By gRPC status code. */
  readonly endedBy: number[];
  /** By the bounds of the counts, one more than there are. */
  readonly durations: number[];
  durationSeconds: number;
}

const codes = 17;

export class AttemptCounts {
  /** In seconds, ascending. */
  readonly bounds: readonly number[];
  readonly #targetOf: (method: Method) => string | undefined;
  readonly #byTarget = new Map<string, AttemptTally>();
  readonly #byMethod = new WeakMap<Method, AttemptTally>();

  constructor(bounds: readonly number[], targetOf: (method: Method) => string | undefined) {
    this.bounds = bounds;
    this.#targetOf = targetOf;
  }

  readonly around: Around = (next: Handler) => ({
    unary: (call) => {
      const tally = this.#tallyOf(call.method);
      const reply = next.unary(call);
      if (tally !== undefined) this.#watch(tally, reply);
      return reply;
    },
    stream: (call) => {
      const tally = this.#tallyOf(call.method);
      const reply = next.stream(call);
      if (tally !== undefined) this.#watch(tally, reply.trailers);
      return reply;
    },
  });

  tallies(): readonly AttemptTally[] {
    return [...this.#byTarget.values()];
  }

  #watch(tally: AttemptTally, end: Promise<unknown>): void {
    const since = performance.now();
    tally.open++;
    end.then(
      () => this.#end(tally, since, 0),
      (error: unknown) => this.#end(tally, since, GatewayError.from(error).code),
    );
  }

  #end(tally: AttemptTally, since: number, code: number): void {
    const seconds = (performance.now() - since) / 1000;
    tally.open--;
    tally.endedBy[isCode(code) ? code : Code.UNKNOWN]++;
    tally.durations[bucketOf(this.bounds, seconds)]++;
    tally.durationSeconds += seconds;
  }

  /** Undefined where nobody serves the method. */
  #tallyOf(method: Method): AttemptTally | undefined {
    const known = this.#byMethod.get(method);
    if (known !== undefined) return known;
    const target = this.#targetOf(method);
    if (target === undefined) return undefined;
    let tally = this.#byTarget.get(target);
    if (tally === undefined) {
      tally = {
        target,
        open: 0,
        endedBy: zeros(codes),
        durations: zeros(this.bounds.length + 1),
        durationSeconds: 0,
      };
      this.#byTarget.set(target, tally);
    }
    this.#byMethod.set(method, tally);
    return tally;
  }
}

function zeros(length: number): number[] {
  return Array.from<number>({ length }).fill(0);
}
