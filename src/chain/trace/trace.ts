// Trace context without spans: what a client says of its trace is checked and goes on to the backend, and into the log.
import { randomBytes } from "node:crypto";
import { getMetadata } from "../../metadata.ts";
import type { Interceptor } from "../compose.ts";
import { hasTrace, readTrace, withTrace } from "./trace-context.ts";

export interface TraceOptions {
  /** Goes on with the client's trace. */
  readonly accept: boolean;
  /** Gives a trace to calls that have none. */
  readonly generate: boolean;
}

export function createTrace({ accept, generate }: TraceOptions): Interceptor {
  return {
    name: "trace",
    compile: () => (call) => {
      const trace = accept ? readTrace(call) : undefined;
      if (trace !== undefined) {
        call.trace = trace;
        // It goes on as it came, but for a list of states that is not in order.
        if (trace.state === undefined && getMetadata(call.metadata, "tracestate") !== undefined)
          call.metadata = withTrace(call.metadata, trace);
        return;
      }
      if (generate) {
        const ids = randomBytes(24).toString("hex");
        // Sampled, as a backend would that begins a trace itself.
        call.trace = { traceId: ids.slice(0, 32), spanId: ids.slice(32), isSampled: true };
        call.metadata = withTrace(call.metadata, call.trace);
      } else if (hasTrace(call.metadata)) call.metadata = withTrace(call.metadata, undefined);
    },
  };
}
