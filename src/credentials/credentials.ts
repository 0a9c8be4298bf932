// The credentials a gateway keeps itself: API keys, and users with passwords. Neither is there in a form that would let anybody in.
import type { PasswordHash } from "./password-hash.ts";

interface Holder {
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  /** Unix time in milliseconds; Infinity for never. */
  readonly expiresAt: number;
  readonly isDisabled: boolean;
}

export interface ApiKey extends Holder {
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** SHA-256 of the secret. */
  readonly hash: Uint8Array;
  readonly principal: string;
  /** Unix time in milliseconds; undefined where nobody wrote it down. */
  readonly createdAt: number | undefined;
}

export interface PasswordUser extends Holder {
  readonly name: string;
  readonly password: PasswordHash;
}

export interface Credentials {
  readonly keys: readonly ApiKey[];
  readonly users: readonly PasswordUser[];
}
