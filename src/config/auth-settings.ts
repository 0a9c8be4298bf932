// The group `auth` as the YAML file spells it, and as the gateway runs by it.
import type { AuthRuleConfig, AuthRuleSettings } from "./policy-settings.ts";

import type { CredentialConfig, CredentialSettings } from "./credential-settings.ts";

export type AuthLevelName = "required" | "optional" | "public";

export interface IssuerSettings {
  issuer: string;
  jwks?: string;
  audience: string | string[];
  algorithms: string[];
  secret?: string;
  typ?: string;
  leeway?: string;
  principal?: string;
  scopes?: string;
  roles?: string;
}

export interface AuthSettings extends CredentialSettings {
  default?: AuthLevelName;
  public?: string[];
  optional?: string[];
  required?: string[];
  rules?: AuthRuleSettings[];
  issuers?: IssuerSettings[];
  cookie?: string;
  forward_claims?: Record<string, string>;
  forward_token?: boolean;
}

/** A value, and where it was said: `sluice.yaml:7:3`, `default`. */
export interface Said<T> {
  readonly value: T;
  readonly from: string;
}

export interface IssuerConfig {
  readonly issuer: string;
  /** Undefined with a secret, and where discovery finds it. */
  readonly jwks: string | undefined;
  /** The `aud` of a token must hold one of them; undefined for any. */
  readonly audiences: readonly string[] | undefined;
  readonly algorithms: readonly string[];
  readonly secret: string | undefined;
  /** Lower case, without `application/`. */
  readonly typ: string | undefined;
  readonly leewayMs: number;
  /** Names of claims. */
  readonly principal: string;
  readonly scopes: string;
  readonly roles: string;
}

export interface AuthConfig extends CredentialConfig {
  readonly default: Said<AuthLevelName>;
  /** Selectors of methods. */
  readonly public: readonly Said<string>[];
  readonly optional: readonly Said<string>[];
  readonly required: readonly Said<string>[];
  readonly rules: readonly AuthRuleConfig[];
  readonly issuers: readonly IssuerConfig[];
  readonly cookie: string | undefined;
  /** The claim, and the metadata it becomes (lower case). */
  readonly forwardClaims: readonly (readonly [claim: string, name: string])[];
  readonly forwardToken: boolean;
}
