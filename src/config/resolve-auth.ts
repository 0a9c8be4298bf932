// The group `auth` of the file: what each part of it means, and what of it cannot be meant.
import type { AuthConfig, AuthSettings, IssuerConfig, IssuerSettings, Said } from "./auth-settings.ts";
import { authDefaults, issuerSchema, secretAlgorithms } from "./config-schema-auth.ts";
import { isKeyUrl } from "./key-url.ts";
import { layerError } from "./layer.ts";
import type { Layer } from "./layer.ts";
import { resolveCredentials } from "./resolve-credentials.ts";
import { resolveAuthRules } from "./resolve-policies.ts";
import { toMs } from "./quantity.ts";
import type { KeyPath, Report } from "./yaml-source.ts";

/** Undefined without the group: then nobody is asked who calls. */
export function resolveAuth(layers: readonly Layer[], report: Report): AuthConfig | undefined {
  const layer = layers.find(({ settings }) => settings.auth !== undefined);
  const auth = layer?.settings.auth;
  if (layer === undefined || auth === undefined) return undefined;
  const issuers = auth.issuers ?? [];
  issuers.forEach((issuer, index) => checkIssuer(issuer, issuers.slice(0, index), toFault(layer, index, report)));
  checkForwarded(layer, auth, report);
  checkLevels(layer, auth, report);
  return {
    default: say(layer, ["auth", "default"], auth.default ?? authDefaults.default, auth.default !== undefined),
    public: sayAll(layer, "public", auth.public),
    optional: sayAll(layer, "optional", auth.optional),
    required: sayAll(layer, "required", auth.required),
    rules: resolveAuthRules(layer, report),
    issuers: issuers.map(toIssuer),
    ...resolveCredentials({ layer, auth, layers, isIdentified: isIdentified(auth) }, report),
    cookie: auth.cookie,
    forwardClaims: Object.entries(auth.forward_claims ?? {}).map(([claim, name]) => [claim, name.toLowerCase()]),
    forwardToken: auth.forward_token ?? authDefaults.forward_token,
  };
}

function say<T>(layer: Layer, path: KeyPath, value: T, isSaid: boolean): Said<T> {
  const position = isSaid ? layer.positionOf(path) : undefined;
  const from = position === undefined ? "default" : `${position.file}:${position.line}:${position.column}`;
  return { value, from };
}

function sayAll(
  layer: Layer,
  key: "public" | "optional" | "required",
  selectors: readonly string[] = [],
): Said<string>[] {
  return selectors.map((selector, index) => say(layer, ["auth", key, index], selector, true));
}

function defaultOf(key: "leeway" | "principal" | "scopes" | "roles"): string {
  return issuerSchema.properties?.[key].default as string;
}

function toIssuer(settings: IssuerSettings): IssuerConfig {
  const { issuer, jwks, audience, algorithms, secret, typ } = settings;
  return {
    issuer,
    jwks,
    audiences: audience === "any" ? undefined : [audience].flat(),
    algorithms,
    secret,
    typ: typ?.toLowerCase().replace(/^application\//, ""),
    leewayMs: toMs(settings.leeway ?? defaultOf("leeway")),
    principal: settings.principal ?? defaultOf("principal"),
    scopes: settings.scopes ?? defaultOf("scopes"),
    roles: settings.roles ?? defaultOf("roles"),
  };
}

type Fault = (key: keyof IssuerSettings, message: string, hint?: string) => void;

function toFault(layer: Layer, index: number, report: Report): Fault {
  return (key, message, hint) => report(layerError(layer, ["auth", "issuers", index, key], message, hint));
}

/** Shorter ones are no harder to guess than their length (RFC 7518 section 3.2). */
const secretBytes: ReadonlyMap<string, number> = new Map([
  ["HS256", 32],
  ["HS384", 48],
  ["HS512", 64],
]);

function checkIssuer(settings: IssuerSettings, earlier: readonly IssuerSettings[], fault: Fault): void {
  const { issuer, jwks, algorithms, secret, audience } = settings;
  if (earlier.some((other) => other.issuer === issuer))
    fault("issuer", `${JSON.stringify(issuer)} is named twice`, "name an issuer once; audience takes a list");
  const kind = /^(jwt|introspection|api_keys|basic|mtls|ext_authz):/.exec(issuer)?.[1];
  if (kind !== undefined)
    fault("issuer", `${JSON.stringify(issuer)} begins like the principals of ${kind}`, "let it be the issuer's URL");
  if (Array.isArray(audience) && audience.includes("any"))
    fault("audience", "any stands alone", "write audience: any, or a list of audiences");
  if (secret !== undefined && jwks !== undefined)
    fault("secret", "stands beside jwks", "an issuer has a secret or public keys, not both");
  const isSymmetric = (algorithm: string): boolean => (secretAlgorithms as readonly string[]).includes(algorithm);
  for (const algorithm of algorithms) {
    if (isSymmetric(algorithm) === (secret !== undefined)) continue;
    if (secret === undefined)
      fault(
        "algorithms",
        `${algorithm} is checked with a secret, and there is none`,
        "name algorithms of public keys, e.g. [RS256], or give secret",
      );
    else
      fault(
        "algorithms",
        `${algorithm} is checked with a public key, and secret is none`,
        "name HS256, HS384 or HS512, or leave secret out",
      );
  }
  const needed = Math.max(0, ...algorithms.map((algorithm) => secretBytes.get(algorithm) ?? 0));
  if (secret !== undefined && Buffer.byteLength(secret) < needed)
    fault(
      "secret",
      `has ${Buffer.byteLength(secret)} bytes, and ${algorithms.join(", ")} needs at least ${needed}`,
      `make one with: openssl rand -base64 ${needed}`,
    );
  if (secret === undefined && jwks === undefined && !isKeyUrl(issuer))
    fault(
      "issuer",
      "its keys cannot be found by discovery, as it is no https URL",
      "say where they are by jwks, or give secret",
    );
}

/** As those who read `X_User_Id` and `x-user-id` as one. */
function toPlainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]/g, "");
}

function checkForwarded(layer: Layer, { forward_claims = {} }: AuthSettings, report: Report): void {
  const seen = new Map<string, string>();
  for (const [claim, name] of Object.entries(forward_claims)) {
    const path = ["auth", "forward_claims", claim];
    const plain = toPlainName(name.endsWith("-bin") ? name.slice(0, -4) : name);
    const other = seen.get(plain);
    if (other !== undefined)
      report(layerError(layer, path, `${name} is what ${other} becomes`, "give each claim a name of its own"));
    if (plain === "authorization" || plain === "cookie")
      report(layerError(layer, path, `${name} holds credentials`, "choose a name such as x-user-id"));
    if (name.toLowerCase().endsWith("-bin"))
      report(
        layerError(
          layer,
          path,
          `${name} ends in -bin`,
          "leave -bin out: the gateway adds it to values that are not ASCII",
        ),
      );
    seen.set(plain, claim);
  }
}

/** A selector in two lists says two things. */
function checkLevels(layer: Layer, auth: AuthSettings, report: Report): void {
  const seen = new Map<string, string>();
  for (const key of ["public", "optional", "required"] as const) {
    (auth[key] ?? []).forEach((selector, index) => {
      const other = seen.get(selector);
      if (other !== undefined && other !== key)
        report(
          layerError(layer, ["auth", key, index], `${selector} is among ${other} as well`, "leave it in one of them"),
        );
      seen.set(selector, other ?? key);
    });
  }
}

/** Whether anything but ext_authz can say who calls, or nobody has to. */
function isIdentified(auth: AuthSettings): boolean {
  const { issuers = [], api_keys, basic, mtls, introspection } = auth;
  const ways = [api_keys, basic, mtls, introspection].some((way) => way !== undefined);
  return ways || issuers.length > 0 || (auth.default ?? authDefaults.default) !== "required";
}
