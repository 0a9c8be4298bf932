// What the admin listener tells of a project: its routes and what is in force for each, its settings, its description for other programs.
import type { RedactionOf } from "../chain/policy.ts";
import type { AuthConfig, Config } from "../config/config.ts";
import { redactConfig } from "../config/redact.ts";
import { describeOpenApi } from "../docs/openapi.ts";
import type { OpenApiDocument, SecurityScheme } from "../docs/openapi.ts";
import { toJsonOptions, toMethodRules } from "../gateway-options.ts";
import { compilePolicies } from "../policy/policies.ts";
import type { CompiledPolicies } from "../policy/policies.ts";
import type { Field, Schema } from "../schema/descriptor.ts";
import type { AdminOptions } from "../serve/admin.ts";
import { compositionsOf } from "./explain-method.ts";
import { fieldsOf, reachedFrom } from "../schema/reach.ts";
import { describeSight } from "./policy-list.ts";
import type { Project } from "./project.ts";
import { toRouteEntries } from "./route-list.ts";

export type AdminPages = Pick<AdminOptions, "routes" | "config" | "openApi">;

/** Each is made when it is first asked for, once. */
export function createAdminPages({ config, schema, bindings }: Project): AdminPages {
  const policies = once(() => compilePolicies({ schema, config }));
  const routes = once(() =>
    toRouteEntries(bindings, compositionsOf({ config, schema })).map((entry) => {
      const method = schema.method(entry.method);
      return method === undefined ? entry : { ...entry, policy: policies().policyOf(method) };
    }),
  );
  return {
    routes,
    config: once(() => redactConfig(config)),
    openApi: once(() => toOpenApi({ config, schema, bindings }, policies())),
  };
}

export function toOpenApi(
  { config, schema, bindings }: Project,
  { policyOf, redactionOf }: Pick<CompiledPolicies, "policyOf" | "redactionOf">,
): OpenApiDocument {
  const compositions = compositionsOf({ config, schema });
  return describeOpenApi({
    schema,
    bindings,
    json: toJsonOptions(config),
    ...toMethodRules(policyOf),
    errors: config.http.errors,
    streamsAsResults: config.profile === "grpc-gateway",
    securitySchemes: toSecuritySchemes(config),
    notes: { redactedOf: noteRedactions(schema, redactionOf) },
    authOf: (method) => policyOf(method).auth.value,
    isPartial: (method) => compositions.get(method)?.steps.some(({ optional }) => optional) === true,
    isCached: (method) => (policyOf(method).cache?.value ?? "off") !== "off",
  });
}

/** A type is described once, for all methods whose replies have it. */
function noteRedactions(schema: Schema, redactionOf: RedactionOf): (field: Field) => string | undefined {
  const said = new Map<string, Set<string | undefined>>();
  for (const method of schema.services.flatMap(({ methods }) => methods)) {
    const told = new Map(redactionOf(method).map(({ value }) => [value.field, describeSight(value)]));
    for (const type of reachedFrom(method.output))
      for (const { name } of fieldsOf(type)) said.set(name, (said.get(name) ?? new Set()).add(told.get(name)));
  }
  return ({ name }) => {
    const told = [...(said.get(name) ?? [])];
    return told.length > 1 ? "Not every caller sees it; who does depends on the method." : told[0];
  };
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
