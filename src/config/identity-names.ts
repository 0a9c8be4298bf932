// The names by which requests, and calls to backends, tell who calls.
import type { AuthConfig } from "./auth-settings.ts";

/** Request headers that may hold credentials; lower case. */
export function toCredentialHeaders(auth: AuthConfig | undefined): string[] {
  return [
    "authorization",
    ...(auth?.apiKeys === undefined ? [] : [auth.apiKeys.header]),
    ...(auth?.cookie === undefined ? [] : ["cookie"]),
  ].map((name) => name.toLowerCase());
}

/** Metadata that says it to backends, in the spellings of all fronts; lower case. */
export function toIdentityNames(auth: AuthConfig | undefined): string[] {
  const credentials = [...new Set([...toCredentialHeaders(auth), "cookie"])];
  const claims = (auth?.forwardClaims ?? []).map(([, name]) => name.toLowerCase());
  return [
    ...credentials.flatMap((name) => [name, `grpcgateway-${name}`]),
    // What is no ASCII goes in base64.
    ...claims.flatMap((name) => [name, `${name}-bin`]),
  ];
}
