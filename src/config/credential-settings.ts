// The groups of `auth` beside the issuers, as the YAML file spells them and as the gateway runs by them.
import type { TlsFiles } from "./config-tls.ts";

export type CertificateName = "uri" | "dns" | "email" | "common_name" | "subject" | "fingerprint";

export interface CredentialSettings {
  api_keys?: { file: string; header?: string; query?: string };
  basic?: { file: string };
  mtls?: {
    principal?: CertificateName;
    allow?: string[];
    grants?: { match: string; scopes?: string[]; roles?: string[] }[];
  };
  introspection?: {
    url: string;
    client_id: string;
    client_secret: string;
    timeout?: string;
    cache?: string;
    audience?: string | string[];
    principal?: string;
    scopes?: string;
    roles?: string;
  };
  ext_authz?: {
    target: string;
    tls?: { ca?: string; cert?: string; key?: string; server_name?: string };
    timeout?: string;
    on_failure?: "deny" | "allow";
    headers?: string[];
    context?: Record<string, string>;
    principal?: string;
  };
}

/** A file of credentials by absolute path; `readCredentials` reads it. */
export interface CredentialFile {
  readonly file: string;
}

export interface ApiKeysConfig extends CredentialFile {
  /** Lower case. */
  readonly header: string;
  readonly query: string | undefined;
}

export interface MtlsConfig {
  readonly principal: CertificateName;
  readonly allow: readonly string[];
  readonly grants: readonly {
    readonly match: string;
    readonly scopes: readonly string[];
    readonly roles: readonly string[];
  }[];
}

export interface IntrospectionConfig {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly timeoutMs: number;
  readonly cacheMs: number;
  readonly audiences: readonly string[] | undefined;
  readonly principal: string;
  readonly scopes: string;
  readonly roles: string;
}

export interface ExtAuthzConfig {
  readonly target: string;
  readonly tls: TlsFiles | undefined;
  readonly timeoutMs: number;
  readonly onFailure: "deny" | "allow";
  /** Lower case. */
  readonly headers: readonly string[];
  readonly context: Readonly<Record<string, string>>;
  /** Where the answer says who it is; undefined where that is left to the other ways. */
  readonly principal: { readonly from: "header" | "metadata"; readonly name: string } | undefined;
}

export interface CredentialConfig {
  readonly apiKeys: ApiKeysConfig | undefined;
  readonly basic: CredentialFile | undefined;
  readonly mtls: MtlsConfig | undefined;
  readonly introspection: IntrospectionConfig | undefined;
  readonly extAuthz: ExtAuthzConfig | undefined;
}
