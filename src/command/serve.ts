// `sluice serve`: starts the gateway, says what is served and how to try it, follows the backends, ends gracefully.
import type { Address } from "../config/config.ts";
import { formatDuration } from "../config/quantity.ts";
import { DiagnosticError } from "../diagnostic.ts";
import type { MetricsFormat } from "../exposition.ts";
import type { Readiness } from "../serve/admin.ts";
import type { Upstreams } from "../upstream/upstreams.ts";
import { describeListenError } from "./listen-error.ts";
import type { ParsedFlags } from "./parse-flags.ts";
import { loadProject } from "./project.ts";
import type { FetchSchemaBytes, Project } from "./project.ts";
import { formatForPeople } from "./report.ts";
import { startAdmin } from "./serve-admin.ts";
import { describeStart } from "./start-summary.ts";
import { printable } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { followUpstreams } from "./upstream-lines.ts";
import type { Links } from "../workers/worker.ts";
import type { Workers } from "./workers.ts";

/** What `serve` needs of a gateway. */
export interface ServedGateway {
  readonly upstreams: Pick<Upstreams, "states" | "connectAll" | "onStateChange">;
  /** Whether calls should be sent here, and why not. */
  readiness(): Readiness;
  metrics(format: MetricsFormat): string;
  /** Rejects with the error of the socket. */
  listen(): Promise<Address>;
  /** Lets running requests end, as long as `server.shutdown_grace` allows. */
  close(): Promise<void>;
}

export interface ServeParts {
  readonly fetch: FetchSchemaBytes;
  /** May throw DiagnosticError. */
  readonly createGateway: (project: Project, links?: Links) => ServedGateway | Promise<ServedGateway>;
  /** Called once, when the gateway is up. Resolves with the name of the signal that asks to stop. */
  readonly onStop: () => Promise<string>;
  /** Absent: serves alone, whatever `server.workers` says. */
  readonly workers?: Workers;
}

/** Resolves with the exit code once the gateway has stopped, or could not start. */
export async function runServe(flags: ParsedFlags, terminal: Terminal, parts: ServeParts): Promise<number> {
  const { project, diagnostics } = await loadProject(flags, flags.positionals, terminal, parts.fetch);
  const { workers } = parts;
  // What a worker would say the primary has said.
  if (workers?.kind !== "worker")
    for (const diagnostic of diagnostics) terminal.error(formatForPeople(diagnostic, terminal.errorStyle));
  if (project === undefined) return fail(terminal, undefined);
  if (project.config.upstreams.length === 0)
    return fail(terminal, "no upstream is named; say where the gRPC server is: --upstream localhost:50051");
  const isQuiet = flags.has("quiet");
  if (workers?.kind === "primary" && project.config.server.workers > 1) {
    const { runPrimary } = await import("./run-primary.ts");
    return runPrimary({ project, terminal, fork: workers.fork, onStop: parts.onStop, isQuiet });
  }
  const worker = workers?.kind === "worker" ? workers : undefined;
  let gateway: ServedGateway;
  try {
    gateway = await parts.createGateway(project, worker?.worker.links);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    for (const diagnostic of error.diagnostics) terminal.error(formatForPeople(diagnostic, terminal.errorStyle));
    return 1;
  }
  let address: Address;
  try {
    address = await gateway.listen();
  } catch (error) {
    await gateway.close();
    return fail(terminal, describeListenError(error, project.config.listen, "--listen"));
  }
  if (worker !== undefined) return runWorker({ project, gateway, address, terminal, isQuiet }, worker);
  return run({ project, gateway, address, terminal, parts, isQuiet });
}

interface Running {
  readonly project: Project;
  readonly gateway: ServedGateway;
  readonly address: Address;
  readonly terminal: Terminal;
  readonly parts: ServeParts;
  readonly isQuiet: boolean;
}

/** Until the primary says that it is over. */
async function runWorker(
  { project, gateway, address, terminal, isQuiet }: Omit<Running, "parts">,
  { worker, isFirst }: Extract<Workers, { kind: "worker" }>,
): Promise<number> {
  worker.answerWith((format) => ({ metrics: gateway.metrics(format), readiness: gateway.readiness() }));
  worker.tellListening(address);
  const say = (line: string): void => {
    if (isFirst && !isQuiet) void worker.started.then(() => terminal.out(line));
  };
  await Promise.race([
    worker.stopped,
    followUpstreams(gateway.upstreams, project.config, { say, style: terminal.outStyle }),
  ]);
  await worker.stopped;
  await gateway.close();
  return 0;
}

async function run({ project, gateway, address, terminal, parts, isQuiet }: Running): Promise<number> {
  const { config } = project;
  const say = isQuiet ? (): void => {} : terminal.out;
  const started = await startAdmin(config, project, gateway);
  if (typeof started === "string" && !config.adminIsDefault) {
    await gateway.close();
    return fail(terminal, started);
  }
  if (typeof started === "string")
    terminal.error(`${terminal.errorStyle.yellow("warning:")} ${started}; going on without it`);
  const admin = typeof started === "string" ? undefined : started;
  for (const line of describeStart({ project, address, admin: admin?.address, style: terminal.outStyle })) say(line);
  // Asked for before the backends are waited for: Ctrl-C then ends the wait as gracefully as everything else.
  const stopped = parts.onStop();
  await Promise.race([stopped, followUpstreams(gateway.upstreams, config, { say, style: terminal.outStyle })]);
  const signal = await stopped;
  say(
    `stopping (${printable(signal)}): running requests have ${formatDuration(config.server.shutdownGraceMs)}; once more ends at once`,
  );
  await gateway.close();
  await admin?.listener.close();
  say("stopped");
  return 0;
}

function fail(terminal: Terminal, message: string | undefined): number {
  if (message !== undefined)
    terminal.error(`${terminal.errorStyle.red("error:")} ${printable(message).replaceAll("\\u000a", "\n")}`);
  return 1;
}
