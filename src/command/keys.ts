// `sluice keys`: makes, lists and revokes what the file of credentials holds. A running gateway hears of it by looking at the file.
import { readFileSync } from "node:fs";
import { addCredential, disableCredential } from "../config/credentials-edit.ts";
import type { CredentialList } from "../config/credentials-edit.ts";
import { parseInstant } from "../config/credential-forms.ts";
import { parseCredentials, readCredentials } from "../config/credentials-file.ts";
import { parseDuration } from "../config/quantity.ts";
import { createApiKeyText, formatApiKey, hashSecret } from "../credentials/api-key-text.ts";
import { formatPasswordHash, hashPassword } from "../credentials/password-hash.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { didYouMean } from "../diagnostic.ts";
import { formatCredentials, toCredentialEntries } from "./key-list.ts";
import { UsageError } from "./parse-flags.ts";
import type { ParsedFlags } from "./parse-flags.ts";
import { replaceFile, ReplaceError } from "./replace-file.ts";
import { formatForPeople, hasErrors } from "./report.ts";
import { printable } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

const actions = ["create", "list", "revoke"] as const;
type Action = (typeof actions)[number];
const defaultFile = "keys.yaml";

/** Throws UsageError. */
export async function runKeys(flags: ParsedFlags, terminal: Terminal): Promise<number> {
  const [action, id] = flags.positionals;
  if (!isAction(action))
    throw new UsageError(
      `keys ${action}: ${didYouMean(action, actions) ?? `one of ${actions.join(", ")} is expected`}`,
    );
  if (id !== undefined && action !== "revoke") throw new UsageError(`keys ${action} takes no argument`);
  const file = flags.text("file") ?? defaultFile;
  try {
    if (action === "list") return listAll(file, flags, terminal);
    if (action === "revoke") return revoke(file, id, flags, terminal);
    return await create(file, flags, terminal);
  } catch (error) {
    if (!(error instanceof ReplaceError)) throw error;
    terminal.error(`${terminal.errorStyle.red("error:")} ${printable(error.message)}`);
    return 1;
  }
}

function isAction(text: string): text is Action {
  return (actions as readonly string[]).includes(text);
}

async function create(file: string, flags: ParsedFlags, terminal: Terminal): Promise<number> {
  const user = flags.text("user");
  const holder = {
    ...optional("scopes", flags.list("scope")),
    ...optional("roles", flags.list("role")),
    ...optional("claims", readClaims(flags.list("claim"))),
    created: toSeconds(Date.now()),
    ...optional("expires", readExpiry(flags.text("expires"))),
  };
  if (user !== undefined) return createUser(file, { user, holder }, flags, terminal);
  if (flags.has("password-stdin")) throw new UsageError("--password-stdin goes with --user");
  const key = createApiKeyText();
  const entry = {
    id: key.id,
    ...optional("name", flags.text("name")),
    hash: `sha256:${hashSecret(key.secret).toString("hex")}`,
    ...optional("principal", flags.text("principal")),
    ...holder,
  };
  if (!add(file, "keys", entry, terminal)) return 1;
  // Alone on standard output, so that a script can take it from there.
  terminal.out(formatApiKey(key));
  terminal.error(`key ${key.id} is in ${printable(file)}, as a hash; the key itself is shown this once`);
  return 0;
}

interface NewUser {
  readonly user: string;
  readonly holder: Readonly<Record<string, unknown>>;
}

async function createUser(
  file: string,
  { user, holder }: NewUser,
  flags: ParsedFlags,
  terminal: Terminal,
): Promise<number> {
  for (const flag of ["name", "principal"])
    if (flags.has(flag)) throw new UsageError(`--${flag} is for keys; a user is known by the name of --user`);
  const given = flags.has("password-stdin") ? readPassword() : undefined;
  const password = given ?? createApiKeyText().secret;
  const hash = formatPasswordHash(await hashPassword(password));
  if (!add(file, "users", { name: user, hash, ...holder }, terminal)) return 1;
  if (given === undefined) terminal.out(password);
  const shown = given === undefined ? "; the password is shown this once" : "";
  terminal.error(`user ${printable(user)} is in ${printable(file)}, the password as a hash${shown}`);
  return 0;
}

/** Its last line break is the terminal's. */
function readPassword(): string {
  const password = readFileSync(0, "utf8").replace(/\r?\n$/, "");
  // oxlint-disable-next-line no-control-regex -- RFC 7617 section 2: no control characters
  if (password === "" || /[\u0000-\u001f\u007f]/.test(password))
    throw new UsageError("--password-stdin: a password is expected on standard input, one line");
  return password;
}

function add(
  file: string,
  list: CredentialList,
  entry: Readonly<Record<string, unknown>>,
  terminal: Terminal,
): boolean {
  return change(file, terminal, (text) => addCredential(text, list, entry, file.endsWith(".json")));
}

function revoke(file: string, id: string | undefined, flags: ParsedFlags, terminal: Terminal): number {
  const user = flags.text("user");
  if ((id === undefined) === (user === undefined))
    throw new UsageError("keys revoke: the id of a key is expected (sluice keys list shows them), or --user NAME");
  const [list, name] = user === undefined ? (["keys", toId(id ?? "")] as const) : (["users", user] as const);
  const isDone = change(file, terminal, (text) => {
    const edited = disableCredential(text, list, name, file.endsWith(".json"));
    if (edited !== undefined) return edited;
    throw new ReplaceError(`${file} has no ${list === "keys" ? "key" : "user"} ${name}; see sluice keys list`);
  });
  if (isDone)
    terminal.error(`${printable(name)} is revoked; gateways that use ${printable(file)} hear of it in seconds`);
  return isDone ? 0 : 1;
}

/** Whoever finds a key somewhere has all of it. */
function toId(text: string): string {
  return /^slk_([^_]+)_/.exec(text)?.[1] ?? text;
}

/** False when the file has errors, before or after, which have been said. Throws ReplaceError. */
function change(file: string, terminal: Terminal, edit: (text: string) => string): boolean {
  const isSound = (text: string): boolean => {
    const diagnostics: Diagnostic[] = [];
    const isRead = parseCredentials(text, file, (diagnostic) => diagnostics.push(diagnostic)) !== undefined;
    for (const diagnostic of diagnostics) terminal.error(formatForPeople(diagnostic, terminal.errorStyle));
    return isRead && !hasErrors(diagnostics);
  };
  let isDone = false;
  try {
    replaceFile(file, (text = "") => {
      if (!isSound(text)) throw new Unsound();
      const edited = edit(text);
      if (!isSound(edited)) throw new Unsound();
      isDone = true;
      return edited;
    });
  } catch (error) {
    if (!(error instanceof Unsound)) throw error;
  }
  return isDone;
}

/** Nothing is written. */
class Unsound extends Error {}

function listAll(file: string, flags: ParsedFlags, terminal: Terminal): number {
  const diagnostics: Diagnostic[] = [];
  const read = readCredentials(file, (diagnostic) => diagnostics.push(diagnostic));
  for (const diagnostic of diagnostics) terminal.error(formatForPeople(diagnostic, terminal.errorStyle));
  if (read === undefined) return 1;
  const entries = toCredentialEntries(read, Date.now());
  if (flags.has("json")) terminal.out(JSON.stringify(entries, undefined, 2));
  else for (const line of formatCredentials(entries, terminal.outStyle)) terminal.out(line);
  return 0;
}

function readClaims(texts: readonly string[]): Readonly<Record<string, string>> {
  const entries = texts.map((text) => {
    const equals = text.indexOf("=");
    if (equals < 1) throw new UsageError(`--claim ${text}: NAME=VALUE is expected`);
    return [text.slice(0, equals), text.slice(equals + 1)] as const;
  });
  return Object.fromEntries(entries);
}

/** `90d`, `12h`, a time, a day; undefined for never. */
function readExpiry(text: string | undefined): string | undefined {
  if (text === undefined || text === "never") return undefined;
  const days = /^(\d{1,5})d$/.exec(text);
  const ms = days === null ? parseDuration(text) : Number(days[1]) * 86_400_000;
  const at = ms === undefined ? parseInstant(text) : Date.now() + ms;
  if (at === undefined || at <= Date.now())
    throw new UsageError(`--expires ${text}: a time to come is expected, as 90d, 12h, 2027-03-31 or never`);
  return toSeconds(at);
}

function toSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Without what is empty. */
function optional(
  key: string,
  value: string | readonly string[] | object | undefined,
): Readonly<Record<string, unknown>> {
  if (value === undefined || (typeof value === "object" && Object.keys(value).length === 0)) return {};
  return { [key]: value };
}
