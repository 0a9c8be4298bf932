// The command line's edge: process streams, signals and exit codes around runCommand (command/run.ts).
import { runCommand } from "./command/run.ts";
import { createTerminal } from "./command/terminal.ts";
import { findWorkers } from "./command/workers.ts";
import type { Log } from "./log/log.ts";
import { letYoungSpaceGrow } from "./young-space.ts";

const { stdout, stderr } = process;
const terminal = createTerminal({ stdout, stderr, environment: process.env });

// `sluice routes | head` closes the pipe early: that is no fault.
stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

/** The first signal stops gracefully, the second at once; exit codes as shells expect them. */
function onStop(): Promise<string> {
  return new Promise((resolve) => {
    let count = 0;
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      process.on(signal, () => {
        if (++count > 1) process.exit(code);
        resolve(signal);
      });
    }
  });
}

let log: Log | undefined;

process.on("uncaughtException", (error) => {
  log?.flushNow();
  stderr.write(
    `sluice: fault in the program, please report it\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(1);
});

/** A log file that was moved away is opened anew; without a file the signal means what it always does. */
function followRotation(opened: Log): void {
  log = opened;
  if (opened.isFile) process.on("SIGHUP", () => opened.reopen());
}

const workers = findWorkers();

// A worker ends when the process that started it says so: a signal to all processes of a terminal must not end it before that.
if (workers.kind === "worker") for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});

const code = await runCommand(process.argv.slice(2), terminal, {
  fetch: async (config) => (await import("./command/reflect.ts")).reflectDescriptors(config),
  createGateway: async (project, links) => {
    const gateway = await (await import("./command/served-gateway.ts")).createServedGateway(project, links);
    followRotation(gateway.log);
    letYoungSpaceGrow();
    return gateway;
  },
  onStop,
  workers,
});
process.exit(code);
