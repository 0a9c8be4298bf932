// Faults as lines of the log: what clients see without its cause, for whoever has to find out why.
import type { Call, ReportFault } from "../call.ts";
import type { Log } from "../log/log.ts";
import type { Method } from "../schema/descriptor.ts";
import type { GatewayError } from "../status.ts";

const maxStack = 4096;
/** The same fault again within this time is counted, not told: a backend that is away would fill the log. */
const quietMs = 1000;
const maxKinds = 100;

interface Kind {
  toldAt: number;
  untold: number;
}

export interface FaultLinesOptions {
  /** The target that serves a method. */
  readonly upstreamOf: (method: Method) => string | undefined;
  readonly now?: () => number;
}

export function createFaultLines(log: Pick<Log, "tell">, options: FaultLinesOptions): ReportFault {
  const { upstreamOf, now = () => performance.now() } = options;
  const kinds = new Map<string, Kind>();
  /** How often it went untold since it was told last; undefined for now it does, too. */
  const count = (key: string): number | undefined => {
    const at = now();
    const known = kinds.get(key);
    if (known !== undefined && at - known.toldAt < quietMs) {
      known.untold++;
      return undefined;
    }
    if (known === undefined && kinds.size >= maxKinds) kinds.clear();
    kinds.set(key, { toldAt: at, untold: 0 });
    return known?.untold ?? 0;
  };
  return (error, call) => {
    // Of a fault of the gateway's own each one counts: its line is what a request id leads to.
    const isOwn = error.reason === undefined || error.reason === "INTERNAL";
    const upstream = call === undefined ? undefined : upstreamOf(call.method);
    const untold = isOwn ? 0 : count(`${error.reason} ${upstream} ${describeCause(error)}`);
    if (untold !== undefined) tell(log, error, { call, upstream, untold });
  };
}

interface Circumstances {
  readonly call: Call | undefined;
  readonly upstream: string | undefined;
  readonly untold: number;
}

function tell(log: Pick<Log, "tell">, error: GatewayError, { call, upstream, untold }: Circumstances): void {
  const { cause, reason = "INTERNAL" } = error;
  const { stack = error.message } = cause instanceof Error ? cause : error;
  log.tell(reason === "INTERNAL" ? "error" : "warn", "fault", {
    request_id: call?.requestId,
    trace_id: call?.trace?.traceId,
    method: call?.method.path.slice(1, 257),
    upstream,
    reason,
    error: error.message.slice(0, 256),
    stack: stack.slice(0, maxStack),
    repeated: untold === 0 ? undefined : untold,
  });
}

function describeCause({ cause, message }: GatewayError): string {
  return cause instanceof Error ? cause.message.slice(0, 256) : message.slice(0, 256);
}
