// What `sluice keys list` shows of a file of credentials: everything but the hashes.
import type { Credentials } from "../credentials/credentials.ts";
import { formatTable, printable } from "./terminal.ts";
import type { Style } from "./terminal.ts";

export interface CredentialEntry {
  readonly kind: "key" | "user";
  /** Of a user the name. */
  readonly id: string;
  readonly name: string;
  readonly principal: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly created: string | undefined;
  /** Undefined for never. */
  readonly expires: string | undefined;
  readonly state: "active" | "expired" | "revoked";
}

export function toCredentialEntries({ keys, users }: Credentials, now: number): readonly CredentialEntry[] {
  const stateOf = (expiresAt: number, isDisabled: boolean) =>
    isDisabled ? "revoked" : expiresAt <= now ? "expired" : "active";
  return [
    ...keys.map(({ id, name, principal, scopes, roles, createdAt, expiresAt, isDisabled }): CredentialEntry => ({
      kind: "key",
      id,
      name,
      principal,
      scopes,
      roles,
      created: toDay(createdAt),
      expires: toDay(expiresAt),
      state: stateOf(expiresAt, isDisabled),
    })),
    ...users.map(({ name, scopes, roles, expiresAt, isDisabled }): CredentialEntry => ({
      kind: "user",
      id: name,
      name,
      principal: name,
      scopes,
      roles,
      created: undefined,
      expires: toDay(expiresAt),
      state: stateOf(expiresAt, isDisabled),
    })),
  ];
}

export function formatCredentials(entries: readonly CredentialEntry[], style: Style): string[] {
  if (entries.length === 0) return ["no keys and no users"];
  const rows = entries.map(({ kind, id, name, principal, scopes, roles, created, expires, state }) =>
    [kind, id, name, principal, scopes.join(" "), roles.join(" "), created, expires ?? "never", state].map((cell) =>
      printable(cell === undefined || cell === "" ? "-" : cell),
    ),
  );
  const head = ["KIND", "ID", "NAME", "PRINCIPAL", "SCOPES", "ROLES", "CREATED", "EXPIRES", "STATE"];
  const [first, ...rest] = formatTable([head, ...rows]);
  return [style.bold(first), ...rest];
}

function toDay(ms: number | undefined): string | undefined {
  return ms === undefined || !Number.isFinite(ms) ? undefined : new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
