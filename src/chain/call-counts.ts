// What became of calls, counted by method and front: for the metrics. There are as many counts as methods and fronts, whatever clients do.
import type { Call, CallEnd, FrontName } from "../call.ts";
import { bucketOf, countsByBucket } from "../exposition.ts";
import type { Exemplar } from "../exposition.ts";
import { toCountedName } from "../schema/counted-name.ts";
import type { Method } from "../schema/descriptor.ts";
import { countsByCode, toCode } from "../status.ts";
import type { Code } from "../status.ts";

/** Of one method over one front; the counts only grow, but for `open`. */
export interface CallTally {
  readonly method: string;
  readonly front: FrontName;
  open: number;
  /** By gRPC status code. */
  readonly endedBy: number[];
  /** By the bounds of CallCounts, one more than there are. */
  readonly durations: number[];
  durationSeconds: number;
  /** The latest of each bucket whose trace is recorded; undefined before there is one. */
  exemplars: (Exemplar | undefined)[] | undefined;
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  bytesOut: number;
}

/** Interceptors have names of their own; those of a custom one that makes up a new name each time are not kept apart for ever. */
const maxInterceptors = 100;

export class CallCounts {
  /** In seconds, ascending. */
  readonly bounds: readonly number[];
  readonly #tallies = new Map<string, CallTally>();
  readonly #misses = new Map<FrontName, number[]>();
  readonly #refusals = new Map<string, number[]>();

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
  }

  /** The tally to count in; keep it. */
  tallyOf(counted: Method, front: FrontName): CallTally {
    const method = toCountedName(counted);
    const key = `${method} ${front}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = {
        method,
        front,
        open: 0,
        endedBy: countsByCode(),
        durations: countsByBucket(this.bounds),
        durationSeconds: 0,
        exemplars: undefined,
        messagesIn: 0,
        messagesOut: 0,
        bytesIn: 0,
        bytesOut: 0,
      };
      this.#tallies.set(key, tally);
    }
    return tally;
  }

  end(tally: CallTally, call: Call, { code, endedAt }: CallEnd): void {
    const seconds = (endedAt - call.startedAt) / 1000;
    tally.open--;
    tally.endedBy[toCode(code)]++;
    tally.durations[bucketOf(this.bounds, seconds)]++;
    tally.durationSeconds += seconds;
    tally.messagesIn += call.messagesIn;
    tally.messagesOut += call.messagesOut;
    tally.bytesIn += call.bytesIn;
    tally.bytesOut += call.bytesOut;
    if (call.refusedBy !== undefined) this.#refuse(call.refusedBy, code);
  }

  /** Also remembers the trace of a call, where somebody records it. */
  endTraced(tally: CallTally, call: Call, end: CallEnd): void {
    this.end(tally, call, end);
    const { trace } = call;
    if (trace === undefined || !trace.isSampled) return;
    const { traceId, spanId } = trace;
    const value = (end.endedAt - call.startedAt) / 1000;
    tally.exemplars ??= Array.from({ length: this.bounds.length + 1 });
    tally.exemplars[bucketOf(this.bounds, value)] = {
      traceId,
      spanId,
      value,
      at: (performance.timeOrigin + end.endedAt) / 1000,
    };
  }

  /** A request that did not come to be a call. */
  miss(front: FrontName, code: Code): void {
    countIn(this.#misses, front, code);
  }

  #refuse(interceptor: string, code: Code): void {
    const isKnown = this.#refusals.has(interceptor) || this.#refusals.size < maxInterceptors;
    countIn(this.#refusals, isKnown ? interceptor : "others", code);
  }

  /** Sorted, for whoever prints them. */
  tallies(): readonly CallTally[] {
    return sorted(this.#tallies).map(([, tally]) => tally);
  }

  /** How many there were of each code, by front. */
  misses(): readonly (readonly [FrontName, readonly number[]])[] {
    return sorted(this.#misses);
  }

  /** How many there were of each code, by the name of the interceptor. */
  refusals(): readonly (readonly [string, readonly number[]])[] {
    return sorted(this.#refusals);
  }
}

function countIn<K>(counts: Map<K, number[]>, key: K, code: Code): void {
  let byCode = counts.get(key);
  if (byCode === undefined) counts.set(key, (byCode = countsByCode()));
  byCode[toCode(code)]++;
}

function sorted<K extends string, V>(map: ReadonlyMap<K, V>): (readonly [K, V])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
