// The groups of `auth` beside the issuers in the configuration schema: API keys, basic, client certificates, introspection, ext_authz.
import { duration } from "./schema-forms.ts";
import type { SchemaNode } from "./schema-node.ts";

type Properties = Readonly<Record<string, SchemaNode>>;

/** What has a default is settled here and nowhere else. */
export const credentialDefaults = Object.freeze({
  header: "x-api-key",
  certificateName: "uri",
  introspectionTimeout: "2s",
  introspectionCache: "60s",
  checkTimeout: "200ms",
  onFailure: "deny",
  checkedHeaders: Object.freeze([
    "authorization",
    "cookie",
    "user-agent",
    "x-api-key",
    "x-request-id",
    "traceparent",
    "tracestate",
  ]),
} as const);

const text = (description: string, more: Partial<SchemaNode> = {}): SchemaNode => ({
  type: "string",
  description,
  minLength: 1,
  maxLength: 1024,
  ...more,
});
const names: SchemaNode = {
  type: "array",
  maxItems: 1000,
  items: { type: "string", minLength: 1, maxLength: 256, "x-form": { kind: "visible" } },
};
const path: SchemaNode = { type: "string", maxLength: 4096, "x-form": { kind: "path" } };
const pattern: SchemaNode = { type: "string", maxLength: 1024, "x-form": { kind: "name-pattern" } };

const apiKeys: SchemaNode = {
  type: "object",
  description: "Keys that callers bring in a header. `sluice keys` makes, lists and revokes them.",
  additionalProperties: false,
  required: ["file"],
  properties: {
    file: {
      ...path,
      description: "The file of their hashes, relative to this one; read again when it changes.",
      examples: ["keys.yaml"],
    },
    header: {
      type: "string",
      description: "The header that holds a key.",
      default: credentialDefaults.header,
      "x-form": { kind: "key-header" },
    },
    query: {
      type: "string",
      description: "A query parameter that may hold it, too, where proxies and logs can see it.",
      examples: ["api_key"],
      "x-form": { kind: "parameter" },
    },
  },
};

const basic: SchemaNode = {
  type: "object",
  description: "User names and passwords, for tests. `sluice keys create --user` makes them.",
  additionalProperties: false,
  required: ["file"],
  properties: {
    file: {
      ...path,
      description:
        "The file of their hashes, relative to this one; may be that of the keys. Read again when it changes.",
      examples: ["keys.yaml"],
    },
  },
};

const mtls: SchemaNode = {
  type: "object",
  description: "Callers are who their client certificate says; needs `tls.client_ca`.",
  additionalProperties: false,
  properties: {
    principal: {
      type: "string",
      description:
        "What of the certificate names the caller: a URI (SPIFFE), DNS name or e-mail address of its alternative names, or of its subject, or its SHA-256.",
      enum: ["uri", "dns", "email", "common_name", "subject", "fingerprint"],
      default: credentialDefaults.certificateName,
    },
    allow: {
      type: "array",
      description:
        "Who is let in: names, each with one `*` at most for any text. Without it, everybody with a certificate.",
      examples: [["spiffe://example/*"]],
      maxItems: 1000,
      items: pattern,
    },
    grants: {
      type: "array",
      description: "Scopes and roles of callers, by their names; all that match count.",
      examples: [[{ match: "spiffe://example/billing", scopes: ["orders.read"] }]],
      maxItems: 1000,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["match"],
        properties: { match: pattern, scopes: names, roles: names },
      },
    },
  },
};

const introspection: SchemaNode = {
  type: "object",
  description: "Tokens that are no JWT of the issuers are shown to this server (RFC 7662).",
  additionalProperties: false,
  required: ["url", "client_id", "client_secret"],
  properties: {
    url: {
      type: "string",
      description: "Its introspection endpoint: https, or http on loopback.",
      examples: ["https://idp.example/introspect"],
      maxLength: 2048,
      "x-form": { kind: "key-url" },
    },
    client_id: text("Who the gateway is to that server.", { examples: ["gateway"] }),
    client_secret: text("Its secret there.", { examples: ["${INTROSPECTION_SECRET}"] }),
    timeout: duration(
      "Time for an answer; without one in time callers get 503.",
      credentialDefaults.introspectionTimeout,
      "10ms",
      "5s",
    ),
    cache: duration(
      "How long an answer holds, at most until the token ends; `0s` asks for every request.",
      credentialDefaults.introspectionCache,
      "0s",
      "1h",
    ),
    audience: {
      type: ["string", "array"],
      description: "The answer's `aud` must hold this, or one of these. Without it, any.",
      examples: ["shop"],
      minLength: 1,
      maxLength: 1024,
      minItems: 1,
      maxItems: 100,
      items: { type: "string", minLength: 1, maxLength: 1024 },
    },
    principal: text("The member of the answer that names the caller.", { default: "sub", maxLength: 256 }),
    scopes: text("The member with the scopes: text with blanks between, or a list.", {
      default: "scope",
      maxLength: 256,
    }),
    roles: text("The member with the roles: a list, or text with blanks between.", {
      default: "roles",
      maxLength: 256,
    }),
  },
};

const extAuthz: SchemaNode = {
  type: "object",
  description: "Every call that is not public is put to a server of Envoy's `envoy.service.auth.v3.Authorization`.",
  additionalProperties: false,
  required: ["target"],
  properties: {
    target: {
      type: "string",
      description: "Where it is, written as an upstream: `host:port`, `grpcs://host:port`, `unix:/path`.",
      minLength: 1,
      maxLength: 1024,
      examples: ["localhost:9191"],
    },
    tls: {
      type: "object",
      description: "Calls it over TLS; the keys are those of an upstream's `tls`.",
      additionalProperties: false,
      properties: {
        ca: { ...path, description: "PEM file with the authorities to trust instead of the system's." },
        cert: { ...path, description: "PEM file with the client certificate chain; needs `key`." },
        key: { ...path, description: "PEM file with the private key of `cert`." },
        server_name: {
          type: "string",
          description: "Name to verify in its certificate instead of its host.",
          minLength: 1,
          maxLength: 253,
        },
      },
    },
    timeout: duration("Time for an answer.", credentialDefaults.checkTimeout, "1ms", "4s"),
    on_failure: {
      type: "string",
      description: "What becomes of calls while it does not answer: refused (503), or let pass unasked.",
      enum: ["deny", "allow"],
      default: credentialDefaults.onFailure,
    },
    headers: {
      type: "array",
      description: "The request headers it gets to see. The list replaces the default one.",
      default: credentialDefaults.checkedHeaders,
      maxItems: 100,
      items: { type: "string", minLength: 1, maxLength: 128, "x-form": { kind: "visible" } },
    },
    context: {
      type: "object",
      description: "`context_extensions` it gets with every request.",
      examples: [{ environment: "production" }],
      maxProperties: 64,
      propertyNames: { type: "string", minLength: 1, maxLength: 256 },
      additionalProperties: { type: "string", maxLength: 1024 },
    },
    principal: {
      type: "string",
      description:
        "Where its answer names the caller: `metadata:NAME` of `dynamic_metadata`, `header:NAME` of the headers it adds. Without it, another way says who calls, or nobody.",
      examples: ["metadata:sub"],
      maxLength: 256,
      "x-form": { kind: "principal-source" },
    },
  },
};

export const credentialSchemas: Properties = { api_keys: apiKeys, basic, mtls, introspection, ext_authz: extAuthz };
