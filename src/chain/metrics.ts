// Counts calls as they begin and end. What it costs a call is a few additions; the text is made when somebody asks (src/metrics.ts).
import type { CallEndListener, FrontName } from "../call.ts";
import type { CallCounts, CallTally } from "./call-counts.ts";
import type { Interceptor } from "./compose.ts";

/** Of one method over one front. */
interface Counting {
  readonly tally: CallTally;
  readonly ended: CallEndListener;
}

export interface MetricsOptions {
  /** Keeps the trace of a call for each bucket of durations. */
  readonly withExemplars?: boolean;
}

export function createMetrics(counts: CallCounts, { withExemplars = false }: MetricsOptions = {}): Interceptor {
  return {
    name: "metrics",
    compile(method) {
      const byFront: { [front in FrontName]?: Counting } = {};
      const count = (front: FrontName): Counting => {
        const tally = counts.tallyOf(method, front);
        const ended: CallEndListener = withExemplars
          ? (end, call) => counts.endTraced(tally, call, end)
          : (end, call) => counts.end(tally, call, end);
        return { tally, ended };
      };
      return (call) => {
        const { tally, ended } = (byFront[call.front] ??= count(call.front));
        tally.open++;
        call.onEnd(ended);
      };
    },
  };
}
