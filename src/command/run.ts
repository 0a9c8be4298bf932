// argv -> one function per sub-command; help, usage errors and exit codes (0 done, 1 refused, 2 usage).
import { didYouMean } from "../diagnostic.ts";
import { commands, findCommand } from "./flags.ts";
import type { Command } from "./flags.ts";
import { formatHelp, formatOverview } from "./help.ts";
import { parseFlags, UsageError } from "./parse-flags.ts";
import type { ParsedFlags } from "./parse-flags.ts";
import type { ServeParts } from "./serve.ts";
import { printable } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";
import { readVersion } from "./version.ts";

/** Resolves with the exit code. `argv` is without the program's name. */
export async function runCommand(argv: readonly string[], terminal: Terminal, parts: ServeParts): Promise<number> {
  try {
    return await dispatch(argv, terminal, parts);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.error(`${terminal.errorStyle.red("error:")} ${printable(error.message)}`);
    return 2;
  }
}

async function dispatch([name, ...rest]: readonly string[], terminal: Terminal, parts: ServeParts): Promise<number> {
  if (name === undefined) {
    terminal.error(formatOverview(terminal.errorStyle));
    return 2;
  }
  if (name === "--version" || name === "-v") return printVersion(terminal);
  if (name === "--help" || name === "-h" || name === "help") return help(rest[0], terminal);
  const command = findCommand(name) ?? refuseCommand(name);
  const flags = parseFlags(command, rest);
  if (flags.has("help")) return help(command.name, terminal);
  return call(command, flags, terminal, parts);
}

/** Each command is loaded when it is called: `sluice version` needs no express. */
async function call(command: Command, flags: ParsedFlags, terminal: Terminal, parts: ServeParts): Promise<number> {
  switch (command.name) {
    case "serve":
      return (await import("./serve.ts")).runServe(flags, terminal, parts);
    case "check":
      return (await import("./check.ts")).runCheck(flags, terminal, parts.fetch);
    case "routes":
      return (await import("./routes.ts")).runRoutes(flags, terminal, parts.fetch);
    case "explain":
      return (await import("./explain.ts")).runExplain(flags, terminal, parts.fetch);
    case "client":
      return (await import("./client.ts")).runClient(flags, terminal, parts.fetch);
    case "keys":
      return (await import("./keys.ts")).runKeys(flags, terminal);
    case "version":
    default:
      return printVersion(terminal);
  }
}

function printVersion(terminal: Terminal): number {
  terminal.out(`sluice ${readVersion()}`);
  return 0;
}

function help(name: string | undefined, terminal: Terminal): number {
  const command = name === undefined ? undefined : (findCommand(name) ?? refuseCommand(name));
  terminal.out(command === undefined ? formatOverview(terminal.outStyle) : formatHelp(command, terminal.outStyle));
  return 0;
}

function refuseCommand(name: string): never {
  const names = commands.map((command) => command.name);
  const what = name.startsWith("-") ? "flag" : "command";
  // `sluice ./protos` is what a newcomer types.
  const path =
    /[./\\]/.test(name) && what === "command"
      ? `to serve it: sluice serve ${name} --upstream localhost:50051`
      : undefined;
  throw new UsageError(
    `unknown ${what} ${name}; ${didYouMean(name, names) ?? path ?? `the commands are ${names.join(", ")}`}`,
  );
}
