// The groups of `auth` beside the issuers: what they mean, and what of them cannot be meant.
import { credentialDefaults } from "./config-schema-credentials.ts";
import type {
  ApiKeysConfig,
  CredentialConfig,
  CredentialFile,
  CredentialSettings,
  ExtAuthzConfig,
  IntrospectionConfig,
  MtlsConfig,
} from "./credential-settings.ts";
import { readCredentials } from "./credentials-file.ts";
import { layerError, locatePath } from "./layer.ts";
import type { Layer } from "./layer.ts";
import { toMs } from "./quantity.ts";
import { resolveTls } from "./resolve-upstreams.ts";
import type { Report } from "./yaml-source.ts";

/** What there is to resolve, and where it stands. */
export interface CredentialSource {
  readonly layer: Layer;
  readonly auth: CredentialSettings;
  /** All layers: certificates are the listener's business. */
  readonly layers: readonly Layer[];
  /** Something beside ext_authz says who calls, or nobody has to. */
  readonly isIdentified: boolean;
}

export function resolveCredentials(source: CredentialSource, report: Report): CredentialConfig {
  const { layer, auth } = source;
  const files = new Set<string>();
  const open = (group: "api_keys" | "basic"): CredentialFile | undefined => {
    const written = auth[group]?.file;
    if (written === undefined) return undefined;
    const file = locatePath(layer, written);
    const tell: Report = (found) =>
      report(
        found.rule === "file-unreadable"
          ? layerError(
              layer,
              ["auth", group, "file"],
              `${JSON.stringify(written)}: ${found.message}`,
              "sluice keys create makes one",
            )
          : found,
      );
    // One file may hold both: what is wrong with it is said once.
    if (!files.has(file)) readCredentials(file, tell);
    files.add(file);
    return { file };
  };
  return {
    apiKeys: toApiKeys(auth.api_keys, open("api_keys")),
    basic: open("basic"),
    mtls: toMtls(source, report),
    introspection: toIntrospection(auth.introspection),
    extAuthz: toExtAuthz(source, report),
  };
}

function toApiKeys(
  settings: CredentialSettings["api_keys"],
  file: CredentialFile | undefined,
): ApiKeysConfig | undefined {
  if (settings === undefined || file === undefined) return undefined;
  return { ...file, header: (settings.header ?? credentialDefaults.header).toLowerCase(), query: settings.query };
}

function toMtls({ layer, auth, layers }: CredentialSource, report: Report): MtlsConfig | undefined {
  const { mtls } = auth;
  if (mtls === undefined) return undefined;
  if (!layers.some(({ settings }) => settings.tls?.client_ca !== undefined))
    report(
      layerError(
        layer,
        ["auth", "mtls"],
        "clients are asked for no certificate",
        "name those who sign them by tls.client_ca; with tls.client_auth: optional others may do without",
      ),
    );
  return {
    principal: mtls.principal ?? credentialDefaults.certificateName,
    allow: mtls.allow ?? [],
    grants: (mtls.grants ?? []).map(({ match, scopes = [], roles = [] }) => ({ match, scopes, roles })),
  };
}

function toIntrospection(settings: CredentialSettings["introspection"]): IntrospectionConfig | undefined {
  if (settings === undefined) return undefined;
  return {
    url: settings.url,
    clientId: settings.client_id,
    clientSecret: settings.client_secret,
    timeoutMs: toMs(settings.timeout ?? credentialDefaults.introspectionTimeout),
    cacheMs: toMs(settings.cache ?? credentialDefaults.introspectionCache),
    audiences: settings.audience === undefined ? undefined : [settings.audience].flat(),
    principal: settings.principal ?? "sub",
    scopes: settings.scopes ?? "scope",
    roles: settings.roles ?? "roles",
  };
}

function toExtAuthz({ layer, auth, isIdentified }: CredentialSource, report: Report): ExtAuthzConfig | undefined {
  const settings = auth.ext_authz;
  if (settings === undefined) return undefined;
  if (settings.principal === undefined && !isIdentified) warnOfNobody(layer, report);
  const [from, name = ""] = settings.principal?.split(":", 2) ?? [];
  return {
    target: settings.target,
    tls: settings.tls === undefined ? undefined : resolveTls(layer, ["auth", "ext_authz", "tls"], settings.tls, report),
    timeoutMs: toMs(settings.timeout ?? credentialDefaults.checkTimeout),
    onFailure: settings.on_failure ?? credentialDefaults.onFailure,
    headers: (settings.headers ?? credentialDefaults.checkedHeaders).map((header) => header.toLowerCase()),
    context: settings.context ?? {},
    principal: from === undefined ? undefined : { from: from === "header" ? "header" : "metadata", name },
  };
}

function warnOfNobody(layer: Layer, report: Report): void {
  report({
    ...layerError(
      layer,
      ["auth", "ext_authz"],
      "the server decides whether a call is let in, and nobody says who makes it: methods that need credentials refuse every call",
      "name what says who it is by principal, or say auth.default: optional",
    ),
    severity: "warning",
  });
}
