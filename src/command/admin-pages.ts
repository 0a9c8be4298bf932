// What the admin listener tells of a project: its routes and what is in force for each, its settings, its description for other programs.
import type { PolicyOf } from "../chain/policy.ts";
import type { AuthConfig, Config } from "../config/config.ts";
import { redactConfig } from "../config/redact.ts";
import { describeOpenApi } from "../docs/openapi.ts";
import type { OpenApiDocument, SecurityScheme } from "../docs/openapi.ts";
import { toJsonOptions } from "../gateway-options.ts";
import { compilePolicies } from "../policy/policies.ts";
import type { AdminOptions } from "../serve/admin.ts";
import { compositionsOf } from "./explain-method.ts";
import type { Project } from "./project.ts";
import { toRouteEntries } from "./route-list.ts";

export type AdminPages = Pick<AdminOptions, "routes" | "config" | "openApi">;

/** Each is made when it is first asked for, once. */
export function createAdminPages({ config, schema, bindings }: Project): AdminPages {
  const policyOf = once((): PolicyOf => compilePolicies({ schema, config }).policyOf);
  const routes = once(() =>
    toRouteEntries(bindings, compositionsOf({ config, schema })).map((entry) => {
      const method = schema.method(entry.method);
      return method === undefined ? entry : { ...entry, policy: policyOf()(method) };
    }),
  );
  return {
    routes,
    config: once(() => redactConfig(config)),
    openApi: once(() => toOpenApi({ config, schema, bindings }, policyOf())),
  };
}

export function toOpenApi({ config, schema, bindings }: Project, policyOf: PolicyOf): OpenApiDocument {
  return describeOpenApi({
    schema,
    bindings,
    json: toJsonOptions(config),
    errors: config.http.errors,
    streamsAsResults: config.profile === "grpc-gateway",
    securitySchemes: toSecuritySchemes(config),
    authOf: (method) => policyOf(method).auth.value,
  });
}

function toSecuritySchemes({ auth }: Config): Readonly<Record<string, SecurityScheme>> {
  return auth === undefined ? {} : { ...tokenSchemes(auth), ...credentialSchemes(auth) };
}

function tokenSchemes({ issuers, introspection, cookie }: AuthConfig): Record<string, SecurityScheme> {
  const takesTokens = issuers.length > 0 || introspection !== undefined;
  if (!takesTokens) return {};
  return {
    bearer: { type: "http", scheme: "bearer", ...(issuers.length > 0 ? { bearerFormat: "JWT" } : {}) },
    ...(cookie === undefined ? {} : { cookie: { type: "apiKey", in: "cookie", name: cookie } }),
  };
}

function credentialSchemes({ apiKeys, basic, mtls }: AuthConfig): Record<string, SecurityScheme> {
  return {
    ...(apiKeys === undefined ? {} : { apiKey: { type: "apiKey", in: "header", name: apiKeys.header } as const }),
    ...(basic === undefined ? {} : { basic: { type: "http", scheme: "basic" } as const }),
    ...(mtls === undefined ? {} : { certificate: { type: "mutualTLS" } as const }),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
