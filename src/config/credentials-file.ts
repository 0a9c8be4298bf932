// The file of API keys and users: read at start, and again when it changes; every error with its place.
import { statSync } from "node:fs";
import type { ApiKey, Credentials, PasswordUser } from "../credentials/credentials.ts";
import { parsePasswordHash } from "../credentials/password-hash.ts";
import type { PasswordHash } from "../credentials/password-hash.ts";
import { parseInstant } from "./credential-forms.ts";
import { readTextFile } from "./read-file.ts";
import type { SchemaNode } from "./schema-node.ts";
import { validateSource } from "./validate.ts";
import { parseYaml } from "./yaml-source.ts";
import type { Report, YamlSource } from "./yaml-source.ts";

const instant: SchemaNode = { type: "string", maxLength: 64, "x-form": { kind: "instant" } };
const names: SchemaNode = {
  type: "array",
  maxItems: 1000,
  items: { type: "string", minLength: 1, maxLength: 256, "x-form": { kind: "visible" } },
};

const holder = {
  scopes: names,
  roles: names,
  claims: { type: "object", maxProperties: 64 },
  created: instant,
  expires: instant,
  disabled: { type: "boolean" },
} as const satisfies Readonly<Record<string, SchemaNode>>;

const visible = (maxLength: number): SchemaNode => ({
  type: "string",
  minLength: 1,
  maxLength,
  "x-form": { kind: "visible" },
});

export const credentialsSchema: SchemaNode = {
  type: "object",
  additionalProperties: false,
  properties: {
    keys: {
      type: "array",
      maxItems: 10_000,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["id", "hash"],
        properties: {
          id: { type: "string", maxLength: 64, "x-form": { kind: "key-id" } },
          name: { type: "string", maxLength: 256 },
          hash: { type: "string", maxLength: 128, "x-form": { kind: "secret-hash" } },
          principal: visible(256),
          ...holder,
        },
      },
    },
    users: {
      type: "array",
      maxItems: 1000,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["name", "hash"],
        properties: {
          name: { type: "string", maxLength: 256, "x-form": { kind: "user-name" } },
          hash: { type: "string", maxLength: 256, "x-form": { kind: "password-hash" } },
          ...holder,
        },
      },
    },
  },
};

interface HolderSettings {
  readonly scopes?: readonly string[];
  readonly roles?: readonly string[];
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly created?: string;
  readonly expires?: string;
  readonly disabled?: boolean;
}

interface KeySettings extends HolderSettings {
  readonly id: string;
  readonly name?: string;
  readonly hash: string;
  readonly principal?: string;
}

interface UserSettings extends HolderSettings {
  readonly name: string;
  readonly hash: string;
}

interface FileSettings {
  readonly keys?: readonly KeySettings[];
  readonly users?: readonly UserSettings[];
}

/** Undefined, and reported, for a file that cannot be read or holds anything it should not. */
export function readCredentials(path: string, report: Report): Credentials | undefined {
  const text = readTextFile(path, report);
  if (text === undefined) return undefined;
  warnOfReaders(path, report);
  return parseCredentials(text, path, report);
}

export function parseCredentials(text: string, path: string, report: Report): Credentials | undefined {
  let hasFailed = false;
  const source = parseYaml(text, path, undefined, (diagnostic) => {
    hasFailed ||= diagnostic.severity === "error";
    report(diagnostic);
  });
  if (source === undefined || hasFailed) return undefined;
  if (source.value === undefined) return { keys: [], users: [] };
  if (!validateSource(source, report, credentialsSchema)) return undefined;
  const { keys = [], users = [] } = source.value as FileSettings;
  const twice = [
    findTwice(
      source,
      "keys",
      keys.map(({ id }) => id),
    ),
    findTwice(
      source,
      "users",
      users.map(({ name }) => name),
    ),
  ];
  for (const diagnostic of twice) if (diagnostic !== undefined) report(diagnostic);
  if (twice.some((diagnostic) => diagnostic !== undefined)) return undefined;
  return { keys: keys.map(toKey), users: users.map(toUser) };
}

function toHolder({ scopes = [], roles = [], claims = {}, expires, disabled = false }: HolderSettings) {
  const expiresAt = expires === undefined ? Number.POSITIVE_INFINITY : (parseInstant(expires) ?? 0);
  return { scopes, roles, claims, expiresAt, isDisabled: disabled };
}

function toKey(key: KeySettings): ApiKey {
  const { id, name = "", hash, principal = id, created } = key;
  const bytes = Buffer.from(hash.slice("sha256:".length), "hex");
  const createdAt = created === undefined ? undefined : parseInstant(created);
  return { id, name, hash: bytes, principal, createdAt, ...toHolder(key) };
}

/** The schema has let no other hash through. */
function toUser(user: UserSettings): PasswordUser {
  return { name: user.name, password: parsePasswordHash(user.hash) as PasswordHash, ...toHolder(user) };
}

function findTwice(
  source: YamlSource,
  list: "keys" | "users",
  ids: readonly string[],
): Parameters<Report>[0] | undefined {
  const seen = new Map<string, number>();
  const index = ids.findIndex((id, at) => seen.has(id) || !seen.set(id, at).has(id));
  if (index < 0) return undefined;
  const first = source.positionOf([list, seen.get(ids[index]) ?? 0]);
  return {
    severity: "error",
    position: source.positionOf([list, index]),
    message: `${JSON.stringify(ids[index])} is there twice, first in line ${first.line}`,
    hint: "leave one of them out",
    rule: "credentials-twice",
  };
}

/** Hashes of good keys are of no use to anybody; those of passwords are, and who may write here lets people in. */
function warnOfReaders(path: string, report: Report): void {
  if (process.platform === "win32") return;
  const mode = statMode(path);
  const isWritable = (mode & 0o022) !== 0;
  if (!isWritable && (mode & 0o004) === 0) return;
  report({
    severity: "warning",
    position: { file: path, line: 1, column: 1 },
    message: isWritable
      ? "others than its owner may write this file, and so let anybody in"
      : "every user of this machine may read this file",
    hint: `chmod ${isWritable ? "go-w" : "o-r"} ${path}`,
    rule: "credentials-mode",
  });
}

/** Not to be had: gone again. */
function statMode(path: string): number {
  try {
    return statSync(path).mode;
  } catch {
    return 0;
  }
}
