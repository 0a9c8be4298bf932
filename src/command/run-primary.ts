// `sluice serve` with several workers: the process that was started forks itself, says what there is to say, and answers the admin listener.
import { formatDuration } from "../config/quantity.ts";
import { Primary } from "../workers/primary.ts";
import type { WorkerProcess } from "../workers/primary.ts";
import type { Project } from "./project.ts";
import { startAdmin } from "./serve-admin.ts";
import { describeStart } from "./start-summary.ts";
import { printable } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

/** After the grace that workers give their clients: time to close what is left, before they are killed. */
const extraGraceMs = 3000;

export interface PrimaryParts {
  readonly project: Project;
  readonly terminal: Terminal;
  readonly fork: () => WorkerProcess;
  readonly onStop: () => Promise<string>;
  readonly isQuiet: boolean;
}

/** Resolves with the exit code. What keeps a worker from starting it has told itself. */
export async function runPrimary({ project, terminal, fork, onStop, isQuiet }: PrimaryParts): Promise<number> {
  const { config } = project;
  const say = isQuiet ? (): void => {} : terminal.out;
  const warn = (text: string): void => terminal.error(`${terminal.errorStyle.yellow("warning:")} ${printable(text)}`);
  const primary = new Primary({
    count: config.server.workers,
    bans: config.bans,
    fork,
    onLost: (how, ms) => warn(`${how}; another takes its place in ${formatDuration(Math.round(ms))}`),
  });
  const kill = (): void => primary.kill();
  process.once("exit", kill);
  // A log file that was moved away is opened anew by all; without a file the signal means what it always does.
  if (!["stdout", "stderr"].includes(config.log.output)) process.on("SIGHUP", () => primary.signal("SIGHUP"));
  const stopped = onStop();
  try {
    const started = await Promise.race([primary.start(), stopped]);
    if (typeof started === "string") {
      await primary.stop(started, config.server.shutdownGraceMs + extraGraceMs);
      return 0;
    }
    const admin = await startAdmin(config, project, primary);
    if (typeof admin === "string") {
      if (!config.adminIsDefault) throw new Error(admin);
      warn(`${admin}; going on without it`);
    }
    const adminAddress = typeof admin === "object" ? admin.address : undefined;
    for (const line of describeStart({ project, address: started, admin: adminAddress, style: terminal.outStyle }))
      say(line);
    say(`${config.server.workers} workers`);
    primary.tellStarted();
    const signal = await stopped;
    const grace = formatDuration(config.server.shutdownGraceMs);
    say(`stopping (${printable(signal)}): running requests have ${grace}; once more ends at once`);
    await primary.stop(signal, config.server.shutdownGraceMs + extraGraceMs);
    if (typeof admin === "object") await admin.listener.close();
    say("stopped");
    return 0;
  } catch (error) {
    await primary.stop("start", extraGraceMs);
    const text = error instanceof Error ? error.message : String(error);
    terminal.error(`${terminal.errorStyle.red("error:")} ${printable(text)}`);
    return 1;
  } finally {
    process.off("exit", kill);
  }
}
