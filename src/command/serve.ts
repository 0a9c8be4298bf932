// `sluice serve`: starts the gateway, says what is served and how to try it, follows the backends, ends gracefully.
import type { Address, Config } from "../config/config.ts";
import { formatDuration } from "../config/quantity.ts";
import { DiagnosticError } from "../diagnostic.ts";
import { createAdmin } from "../serve/admin.ts";
import type { Admin, Readiness } from "../serve/admin.ts";
import type { Upstreams } from "../upstream/upstreams.ts";
import { createAdminPages } from "./admin-pages.ts";
import { describeListenError } from "./listen-error.ts";
import type { ParsedFlags } from "./parse-flags.ts";
import { loadProject } from "./project.ts";
import type { FetchSchemaBytes, Project } from "./project.ts";
import { formatForPeople } from "./report.ts";
import { describeStart } from "./start-summary.ts";
import { printable } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { followUpstreams } from "./upstream-lines.ts";

/** What `serve` needs of a gateway. */
export interface ServedGateway {
  readonly upstreams: Pick<Upstreams, "states" | "connectAll" | "onStateChange">;
  /** Whether calls should be sent here, and why not. */
  readiness(): Readiness;
  /** In the text format of Prometheus. */
  metrics(): string;
  /** Rejects with the error of the socket. */
  listen(): Promise<Address>;
  /** Lets running requests end, as long as `server.shutdown_grace` allows. */
  close(): Promise<void>;
}

export interface ServeParts {
  readonly fetch: FetchSchemaBytes;
  /** May throw DiagnosticError. */
  readonly createGateway: (project: Project) => ServedGateway | Promise<ServedGateway>;
  /** Called once, when the gateway is up. Resolves with the name of the signal that asks to stop. */
  readonly onStop: () => Promise<string>;
}

/** Resolves with the exit code once the gateway has stopped, or could not start. */
export async function runServe(flags: ParsedFlags, terminal: Terminal, parts: ServeParts): Promise<number> {
  const { project, diagnostics } = await loadProject(flags, flags.positionals, terminal, parts.fetch);
  for (const diagnostic of diagnostics) terminal.error(formatForPeople(diagnostic, terminal.errorStyle));
  if (project === undefined) return fail(terminal, undefined);
  if (project.config.upstreams.length === 0)
    return fail(terminal, "no upstream is named; say where the gRPC server is: --upstream localhost:50051");
  let gateway: ServedGateway;
  try {
    gateway = await parts.createGateway(project);
  } catch (error) {
    if (error instanceof DiagnosticError) return fail(terminal, error.message);
    throw error;
  }
  let address: Address;
  try {
    address = await gateway.listen();
  } catch (error) {
    await gateway.close();
    return fail(terminal, describeListenError(error, project.config.listen, "--listen"));
  }
  return run({ project, gateway, address, terminal, parts, isQuiet: flags.has("quiet") });
}

interface Running {
  readonly project: Project;
  readonly gateway: ServedGateway;
  readonly address: Address;
  readonly terminal: Terminal;
  readonly parts: ServeParts;
  readonly isQuiet: boolean;
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

/** Text is why it could not start. */
async function startAdmin(
  config: Config,
  project: Project,
  gateway: ServedGateway,
): Promise<{ listener: Admin; address: Address } | string | undefined> {
  const { admin } = config;
  if (admin === undefined) return undefined;
  const listener = createAdmin({
    address: admin,
    ...createAdminPages(project),
    readiness: () => gateway.readiness(),
    metrics: () => gateway.metrics(),
  });
  try {
    return { listener, address: await listener.listen() };
  } catch (error) {
    return `admin: ${describeListenError(error, admin, "--admin")}`;
  }
}

function fail(terminal: Terminal, message: string | undefined): number {
  if (message !== undefined)
    terminal.error(`${terminal.errorStyle.red("error:")} ${printable(message).replaceAll("\\u000a", "\n")}`);
  return 1;
}
