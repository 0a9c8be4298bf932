// The gateway as `sluice serve` runs it: with a log for calls and faults, which outlives it by a moment.
import type { Call } from "../call.ts";
import type { LimitLink } from "../chain/limit/limit-link.ts";
import { createGateway } from "../gateway.ts";
import { loadInterceptors } from "../interceptor-modules.ts";
import type { Log } from "../log/log.ts";
import { openLog } from "../observability.ts";
import type { GatewayError } from "../status.ts";
import type { Project } from "./project.ts";
import type { ServedGateway } from "./serve.ts";

export interface ServedWithLog extends ServedGateway {
  readonly log: Log;
}

/** Rejects with DiagnosticError for what createGateway throws it, for interceptors that cannot be loaded, and for a log that cannot be written. */
export async function createServedGateway(project: Project, limitLink?: LimitLink): Promise<ServedWithLog> {
  const interceptors = await loadInterceptors(project.config);
  const log = openLog(project.config);
  const report = (error: GatewayError, call?: Call): void => tellFault(log, error, call);
  const gateway = createGateway(project, { log, interceptors, limitLink, report });
  return {
    ...gateway,
    log,
    async close() {
      await gateway.close();
      await log.close();
    },
  };
}

const maxStack = 4096;

/** What clients see as an error without its cause: for whoever has to find out why. */
function tellFault(log: Log, error: GatewayError, call: Call | undefined): void {
  const { cause } = error;
  const { stack = error.message } = cause instanceof Error ? cause : error;
  log.tell(error.reason === undefined || error.reason === "INTERNAL" ? "error" : "warn", "fault", {
    request_id: call?.requestId,
    trace_id: call?.trace?.traceId,
    method: call?.method.path.slice(1, 257),
    reason: error.reason ?? "INTERNAL",
    error: error.message.slice(0, 256),
    stack: stack.slice(0, maxStack),
  });
}
