// The group `auth` of the configuration schema: who may call, and how they say who they are.
import { credentialSchemas } from "./config-schema-credentials.ts";
import { authRulesSchema } from "./config-schema-policies.ts";
import { duration } from "./schema-forms.ts";
import type { SchemaNode } from "./schema-node.ts";

type Properties = Readonly<Record<string, SchemaNode>>;

export const signatureAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

/** With a secret that both sides know. */
export const secretAlgorithms = ["HS256", "HS384", "HS512"] as const;

const claim = (description: string, fallback: string): SchemaNode => ({
  type: "string",
  description,
  default: fallback,
  minLength: 1,
  maxLength: 256,
});

export const issuerSchema: SchemaNode = {
  type: "object",
  additionalProperties: false,
  required: ["issuer", "audience", "algorithms"],
  properties: {
    issuer: {
      type: "string",
      description: "What the claim `iss` of its tokens is, to the letter.",
      examples: ["https://idp.example"],
      minLength: 1,
      maxLength: 1024,
      "x-form": { kind: "issuer" },
    },
    jwks: {
      type: "string",
      description:
        "URL of its public keys; without it (and without `secret`) they are found by OpenID Connect discovery, at `ISSUER/.well-known/openid-configuration`. https, or http on loopback.",
      examples: ["https://idp.example/jwks.json"],
      maxLength: 2048,
      "x-form": { kind: "key-url" },
    },
    audience: {
      type: ["string", "array"],
      description:
        "The claim `aud` must hold this, or one of these. `any` takes tokens that were made for somebody else.",
      examples: ["shop"],
      minLength: 1,
      maxLength: 1024,
      minItems: 1,
      maxItems: 100,
      items: { type: "string", minLength: 1, maxLength: 1024 },
    },
    algorithms: {
      type: "array",
      description:
        "The algorithms its signatures may have. HS256, HS384 and HS512 only with `secret`, the others only without.",
      examples: [["RS256"]],
      minItems: 1,
      maxItems: 16,
      items: { type: "string", enum: [...signatureAlgorithms, ...secretAlgorithms] },
    },
    secret: {
      type: "string",
      description: "The secret of HS256 (at least 32 bytes), HS384 (48) or HS512 (64), instead of public keys.",
      examples: ["${JWT_SECRET}"],
      minLength: 1,
      maxLength: 4096,
    },
    typ: {
      type: "string",
      description: "What the header `typ` must be. Without it: `JWT`, `at+jwt`, or nothing.",
      examples: ["at+jwt"],
      minLength: 1,
      maxLength: 128,
    },
    leeway: duration("How much the clocks may differ for `nbf` and `iat`; `exp` is to the second.", "60s", "0s", "10m"),
    principal: claim("The claim that names the caller; the principal is `ISSUER|VALUE`.", "sub"),
    scopes: claim("The claim with the scopes: text with blanks between, or a list.", "scope"),
    roles: claim("The claim with the roles: a list, or text with blanks between. `a.b` looks into `a`.", "roles"),
  },
};

const selectors: SchemaNode = {
  type: "array",
  maxItems: 10_000,
  items: { type: "string", maxLength: 1024, "x-form": { kind: "selector" } },
};

/** What has a default is settled here and nowhere else. */
export const authDefaults = Object.freeze({ default: "required", forward_token: false } as const);

export const authSchemas: Properties = {
  default: {
    type: "string",
    description:
      "What methods ask that are not named below: `required`: credentials; `optional`: good ones or none; `public`: nothing. Without `auth` every method is public.",
    enum: ["required", "optional", "public"],
    default: authDefaults.default,
  },
  public: {
    ...selectors,
    description: "Methods whose callers are not asked: `pkg.Service.Method`, `pkg.Service.*`, `pkg.*`, `*`.",
    examples: [["shop.v1.Catalog.*"]],
  },
  optional: {
    ...selectors,
    description: "Methods that may be called with good credentials or with none.",
    examples: [["shop.v1.Search.*"]],
  },
  required: {
    ...selectors,
    description: "Methods that ask for credentials, where `default`, or a wider selector, says otherwise.",
    examples: [["shop.v1.Orders.*"]],
  },
  rules: authRulesSchema,
  issuers: {
    type: "array",
    description: "Who makes the tokens (JWT) that callers bring. See docs/authentication.md.",
    examples: [[{ issuer: "https://idp.example", audience: "shop", algorithms: ["RS256"] }]],
    maxItems: 100,
    items: issuerSchema,
  },
  ...credentialSchemas,
  cookie: {
    type: "string",
    description: "A cookie that may hold the token, where there is no Authorization header and the page is allowed.",
    examples: ["session"],
    maxLength: 128,
    "x-form": { kind: "cookie" },
  },
  forward_claims: {
    type: "object",
    description: "Claims that backends get, each as the metadata of this name; what clients send by it is dropped.",
    examples: [{ sub: "x-user-id" }],
    maxProperties: 64,
    propertyNames: { type: "string", minLength: 1, maxLength: 256 },
    additionalProperties: { type: "string", "x-form": { kind: "header" } },
  },
  forward_token: {
    type: "boolean",
    description: "Lets backends see the credentials themselves.",
    default: authDefaults.forward_token,
  },
};
