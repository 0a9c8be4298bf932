// argv -> flags and positional arguments, checked against the table; a slip of the hand gets a suggestion.
import { parseArgs } from "node:util";
import { didYouMean } from "../diagnostic.ts";
import type { Settings } from "../config/settings.ts";
import { compact, parseUpstreams } from "../config/layer.ts";
import type { Report } from "../config/yaml-source.ts";
import type { Command, Flag } from "./flags.ts";

/** A command line that means nothing: exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

export interface ParsedFlags {
  readonly positionals: readonly string[];
  /** The last one given. */
  text(name: string): string | undefined;
  list(name: string): readonly string[];
  has(name: string): boolean;
}

/** Throws UsageError. `--help` suspends the count of positional arguments. */
export function parseFlags(command: Command, argv: readonly string[]): ParsedFlags {
  const options = Object.fromEntries(
    command.flags.map((flag) => [
      flag.name,
      {
        type: flag.value === undefined ? ("boolean" as const) : ("string" as const),
        multiple: true,
        ...(flag.short === undefined ? {} : { short: flag.short }),
      },
    ]),
  );
  // Not strict: the messages of strict mode neither suggest nor name the placeholder.
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) if (token.kind === "option") checkToken(command, token, argv);
  const list = (name: string): readonly string[] =>
    ((values[name] as (string | boolean)[] | undefined) ?? []).map(String);
  const parsed: ParsedFlags = {
    positionals,
    list,
    text: (name) => list(name).at(-1),
    has: (name) => values[name] !== undefined,
  };
  if (!parsed.has("help")) checkPositionals(command, positionals);
  return parsed;
}

function checkToken(
  command: Command,
  token: {
    rawName: string;
    name: string;
    value?: string | undefined;
    inlineValue?: boolean | undefined;
    index: number;
  },
  argv: readonly string[],
): void {
  const flag = command.flags.find((candidate) => candidate.name === token.name);
  // parseArgs accepts an unknown short flag as a name of one letter.
  if (flag === undefined || (token.rawName.startsWith("--") ? token.rawName !== `--${flag.name}` : false))
    throw unknownFlag(command, token.rawName, argv[token.index]);
  if (flag.value === undefined) {
    if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`);
    return;
  }
  const isNextFlag = token.inlineValue === false && /^-[A-Za-z-]/.test(token.value ?? "");
  if (token.value === undefined || token.value === "" || isNextFlag) {
    if (flag.name === "data" && token.value === "") return;
    const hint = isNextFlag ? `; write ${token.rawName}=${token.value} if that is the value` : "";
    throw new UsageError(`${token.rawName} needs a value: ${formatFlag(flag)}${hint}`);
  }
}

function unknownFlag(command: Command, rawName: string, written: string): UsageError {
  const names = command.flags.map((flag) => `--${flag.name}`);
  // `-config` is read as -c -o -n …
  const long = names.find((name) => name === `-${written}`);
  const suggestion =
    long !== undefined ? `did you mean "${long}"?` : rawName.startsWith("--") ? didYouMean(rawName, names) : undefined;
  return new UsageError(
    `unknown flag ${rawName} of sluice ${command.name}; ${suggestion ?? `see sluice ${command.name} --help`}`,
  );
}

function checkPositionals(command: Command, positionals: readonly string[]): void {
  const [least, most] = command.positionals;
  if (positionals.length < least) throw new UsageError(`arguments are missing; usage: ${command.usage}`);
  if (positionals.length > most)
    throw new UsageError(`unexpected argument ${JSON.stringify(positionals[most])}; usage: ${command.usage}`);
}

/** `-I, --import-path DIR`. */
export function formatFlag(flag: Flag): string {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  return `${short}--${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}`;
}

/** The flags that are settings too, in the shape of the file. */
export function toSettings(flags: ParsedFlags, protos: readonly string[], report: Report): Settings {
  const names = flags.text("json-names");
  const upstreams = flags.list("upstream");
  const imports = flags.list("import-path");
  const settings = {
    protos: protos.length === 0 ? undefined : [...protos],
    import_paths: imports.length === 0 ? undefined : [...imports],
    reflect: flags.has("reflect") ? true : undefined,
    listen: flags.text("listen"),
    tls: compact({ cert: flags.text("tls-cert"), key: flags.text("tls-key") }),
    admin: flags.text("admin"),
    profile: flags.text("profile"),
    transport: flags.text("transport"),
    upstreams: upstreams.length === 0 ? undefined : parseUpstreams(upstreams, "--upstream", report),
    json: names === undefined ? undefined : { names },
  };
  // Unchecked text until loadConfig has held it against the schema.
  return settings as Settings;
}
