#!/usr/bin/env node
// The command line's edge: process streams, signals and exit codes around runCommand (command/run.ts).
import { runCommand } from "./command/run.ts";
import { createTerminal } from "./command/terminal.ts";
import type { GatewayError } from "./status.ts";

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

process.on("uncaughtException", (error) => {
  stderr.write(
    `sluice: fault in the program, please report it\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(1);
});

/** What clients see as "internal error" only; one line each, its control characters escaped. */
function reportFault(error: GatewayError): void {
  const { cause } = error;
  const { stack = error.message } = cause instanceof Error ? cause : error;
  terminal.error(`fault (${error.reason ?? "INTERNAL"}): ${JSON.stringify(stack)}`);
}

const code = await runCommand(process.argv.slice(2), terminal, {
  fetch: async (config) => (await import("./command/reflect.ts")).reflectDescriptors(config),
  createGateway: async (project) => (await import("./gateway.ts")).createGateway(project, { report: reportFault }),
  onStop,
});
process.exit(code);
