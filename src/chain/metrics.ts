// Counts calls as they begin and end. What it costs a call is a few additions; the text is made when somebody asks (src/metrics.ts).
import type { CallCounts, CallTally } from "./call-counts.ts";
import type { Interceptor } from "./compose.ts";

export interface MetricsOptions {
  /** Keeps the trace of a call for each bucket of durations. */
  readonly withExemplars?: boolean;
}

export function createMetrics(counts: CallCounts, { withExemplars = false }: MetricsOptions = {}): Interceptor {
  return {
    name: "metrics",
    compile(method) {
      const byFront: { rest?: CallTally; websocket?: CallTally; grpc?: CallTally } = {};
      return (call) => {
        const { front } = call;
        const tally = (byFront[front] ??= counts.tallyOf(method, front));
        tally.open++;
        call.onEnd(withExemplars ? (end) => counts.endTraced(tally, call, end) : (end) => counts.end(tally, call, end));
      };
    },
  };
}
