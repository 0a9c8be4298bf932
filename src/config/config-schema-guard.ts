// The groups of the configuration schema that guard every request by HTTP itself: cors, access, bans, request_id.
import { count, duration } from "./schema-forms.ts";
import type { SchemaNode } from "./schema-node.ts";
import { defaultBanWeights, guardSettings } from "./settings-guard.ts";

type Properties = Readonly<Record<string, SchemaNode>>;

const { access, bans, cors, request_id: requestId } = guardSettings;

const headerNames = { type: "array", maxItems: 256, items: { type: "string", "x-form": { kind: "header" } } } as const;
const blocks = { type: "array", maxItems: 10_000, items: { type: "string", "x-form": { kind: "cidr" } } } as const;

const corsSchemas: Properties = {
  origins: {
    type: "array",
    description:
      "Pages that may read answers: `https://app.example`, exactly, with scheme and port; `https://*.app.example` for one level of names; `*` for all of them. Empty: none, and no answer says a word about CORS.",
    default: cors.origins,
    examples: [["https://app.example", "http://localhost:5173"]],
    maxItems: 1000,
    items: { type: "string", maxLength: 512, "x-form": { kind: "origin" } },
  },
  credentials: {
    type: "boolean",
    description: "Browsers may send cookies and client certificates along; not together with `*`.",
    default: cors.credentials,
  },
  headers: {
    ...headerNames,
    description: "Request headers that pages may set, beyond those the gateway itself understands.",
    default: cors.headers,
    examples: [["x-tenant"]],
  },
  expose: {
    ...headerNames,
    description: "Answer headers that pages may read, beyond those of the gateway itself and `http.response_headers`.",
    default: cors.expose,
    examples: [["etag"]],
  },
  max_age: duration("How long browsers remember the answer to a preflight.", cors.max_age, "0s", "24h"),
  private_network: {
    type: "boolean",
    description: "Pages of the public internet may call this gateway in a private network.",
    default: cors.private_network,
  },
};

const accessSchemas: Properties = {
  allow: {
    ...blocks,
    description: "Client addresses or CIDR blocks that are served; all others are refused. Empty: everybody is served.",
    default: access.allow,
    examples: [["10.0.0.0/8", "2001:db8::/32"]],
  },
  deny: {
    ...blocks,
    description: "Client addresses or CIDR blocks that are refused, whatever `allow` says.",
    default: access.deny,
    examples: [["203.0.113.7"]],
  },
  on_deny: {
    type: "string",
    description:
      "What who is refused gets: an answer (403, PERMISSION_DENIED), or a closed connection before anything is read of it; `close` needs clients that connect directly, without trusted proxies.",
    enum: ["answer", "close"],
    default: access.on_deny,
  },
  rules: {
    type: "array",
    description:
      "Lists for some methods, by selector, beyond those for all: `methods`, `allow`, `deny`. All rules that take a method hold.",
    default: access.rules,
    examples: [[{ methods: ["shop.v1.Admin.*"], allow: ["10.0.0.0/8"] }]],
    maxItems: 1000,
    items: {
      type: "object",
      additionalProperties: false,
      required: ["methods"],
      properties: {
        methods: {
          type: "array",
          minItems: 1,
          maxItems: 1000,
          items: { type: "string", maxLength: 512, "x-form": { kind: "selector" } },
        },
        allow: blocks,
        deny: blocks,
      },
    },
  },
};

const weight = (what: string, value: number): SchemaNode => count(`Points of a refusal: ${what}.`, value, 0, 1000);

const banSchemas: Properties = {
  enabled: {
    type: "boolean",
    description: "Refuses a client for a time whose requests were refused too often.",
    default: bans.enabled,
  },
  threshold: count("Points within `window` that lead to a ban.", bans.threshold, 1, 1_000_000),
  window: duration("Time within which points count together.", bans.window, "1s", "24h"),
  duration: duration("How long a first ban lasts; each further one lasts twice as long.", bans.duration, "1s", "24h"),
  max_duration: duration("No ban lasts longer; not less than `duration`.", bans.max_duration, "1s", "24h"),
  weights: {
    type: "object",
    description: "Points of each kind of refusal; 0 leaves it uncounted.",
    additionalProperties: false,
    properties: {
      unauthenticated: weight("no good credentials (401)", defaultBanWeights.unauthenticated),
      permission_denied: weight("not allowed (403)", defaultBanWeights.permission_denied),
      not_found: weight("no such path or method (404, 405)", defaultBanWeights.not_found),
      rate_limited: weight("too many calls (429)", defaultBanWeights.rate_limited),
      malformed: weight("no valid HTTP, WebSocket or gRPC framing", defaultBanWeights.malformed),
    },
  },
  exempt: {
    ...blocks,
    description: "Client addresses or CIDR blocks that are never banned. Trusted proxies are not, either.",
    default: bans.exempt,
  },
  max_entries: count("Most clients that are kept account of.", bans.max_entries, 100, 10_000_000),
};

const requestIdSchemas: Properties = {
  enabled: {
    type: "boolean",
    description: "Gives every request an id: in a header of the answer, in the log, and for the backend.",
    default: requestId.enabled,
  },
  header: {
    type: "string",
    description: "Name of the header, and of the metadata for the backend.",
    default: requestId.header,
    "x-form": { kind: "header" },
  },
  accept: {
    type: "string",
    description:
      "From whom the id of a request is taken over, if it is well formed: nobody, trusted proxies, everybody.",
    enum: ["never", "proxies", "always"],
    default: requestId.accept,
  },
  forward: {
    type: "boolean",
    description: "Hands the id to the backend; the client's own spelling of it never gets there.",
    default: requestId.forward,
  },
};

const group = (description: string, properties: Properties): SchemaNode => ({
  type: "object",
  description,
  additionalProperties: false,
  properties,
});

export const guardSchemas: Properties = {
  cors: group("Which pages of other origins may call the gateway from a browser, and open its streams.", corsSchemas),
  access: group("Which client addresses are served at all.", accessSchemas),
  bans: group("Who was refused too often is refused for a time, unheard.", banSchemas),
  request_id: group("What a request is called by, from the client to the backend's log.", requestIdSchemas),
};
