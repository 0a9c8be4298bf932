// `sluice --help` and `sluice COMMAND --help`, from the table of flags.
import { commands } from "./flags.ts";
import type { Command, Flag } from "./flags.ts";
import { formatFlag } from "./parse-flags.ts";
import { formatTable } from "./terminal.ts";
import type { Style } from "./terminal.ts";

export function formatOverview(style: Style): string {
  const rows = formatTable(commands.map(({ name, summary }) => [`  ${name}`, summary]));
  return [
    "Sluice serves gRPC backends from their proto files: REST, streams for browsers, gRPC. No code generation.",
    "",
    `${style.bold("Usage:")} sluice COMMAND [options]`,
    "",
    style.bold("Commands:"),
    ...rows,
    "",
    style.bold("Start here:"),
    ...formatTable([
      ["  sluice check ./protos", "what is wrong with them"],
      ["  sluice serve ./protos --upstream localhost:50051", "the gateway, on http://localhost:8080"],
      ["  sluice explain GET /v1/products/1 ./protos", "what a request becomes"],
    ]),
    "",
    "sluice COMMAND --help tells more about one of them.",
  ].join("\n");
}

export function formatHelp(command: Command, style: Style): string {
  return [
    command.summary,
    ...command.details,
    "",
    `${style.bold("Usage:")} ${command.usage}`,
    "",
    style.bold("Options:"),
    ...command.flags.flatMap((flag) => describeFlag(flag, style)),
    "",
    style.bold("Examples:"),
    ...command.examples.flatMap(({ line, note }) => [`  ${style.dim(`# ${note}`)}`, `  ${line}`]),
    ...(command.flags.some(({ name }) => name === "config")
      ? ["", "Every setting can also stand in sluice.yaml; flags win over SLUICE_* variables, those over the file."]
      : []),
  ].join("\n");
}

/** Beside the flag when there is room, under it when there is not. */
function describeFlag(flag: Flag, style: Style): string[] {
  const left = `  ${flag.short === undefined ? "    " : ""}${formatFlag(flag)}`;
  const right =
    flag.fallback === undefined ? flag.description : `${flag.description} ${style.dim(`(default: ${flag.fallback})`)}`;
  const width = 30;
  return left.length < width ? [`${left.padEnd(width)}${right}`] : [left, `${" ".repeat(width)}${right}`];
}
