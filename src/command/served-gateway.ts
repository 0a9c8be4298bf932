// The gateway as `sluice serve` runs it: with a log for calls and faults, which outlives it by a moment.
import { createGateway } from "../gateway.ts";
import { loadInterceptors } from "../interceptor-modules.ts";
import type { Log } from "../log/log.ts";
import { openLog } from "../observability.ts";
import { createFaultLines } from "./fault-lines.ts";
import type { Links } from "../workers/worker.ts";
import type { Project } from "./project.ts";
import type { ServedGateway } from "./serve.ts";

export interface ServedWithLog extends ServedGateway {
  readonly log: Log;
}

/** Rejects with DiagnosticError for what createGateway throws it, for interceptors that cannot be loaded, and for a log that cannot be written. */
export async function createServedGateway(project: Project, links?: Links): Promise<ServedWithLog> {
  const interceptors = await loadInterceptors(project.config);
  const log = openLog(project.config);
  const report = createFaultLines(log, { upstreamOf: (method) => gateway.upstreams.targetOf(method) });
  const gateway = createGateway(project, { log, interceptors, links, report });
  return {
    ...gateway,
    log,
    async close() {
      await gateway.close();
      await log.close();
    },
  };
}
