// Every sub-command and flag: the one table from which parsing, --help and (by a test) docs/command-line.md come.
import { defaultSettings } from "../config/settings.ts";

export type CommandName = "serve" | "check" | "routes" | "explain" | "client" | "keys" | "version";

export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** Placeholder of its value; undefined for a switch. */
  readonly value?: string;
  readonly repeatable?: boolean;
  readonly description: string;
  /** Shown as `(default: …)`. */
  readonly fallback?: string;
}

export interface Command {
  readonly name: CommandName;
  readonly usage: string;
  readonly summary: string;
  readonly details: readonly string[];
  readonly flags: readonly Flag[];
  /** Fewest and most positional arguments. */
  readonly positionals: readonly [number, number];
  readonly examples: readonly { readonly line: string; readonly note: string }[];
}

const { strict } = defaultSettings;

const help: Flag = { name: "help", short: "h", description: "Show this help." };
const config: Flag = {
  name: "config",
  value: "FILE",
  description: "Configuration file.",
  fallback: "./sluice.yaml if it is there",
};

/** What decides which routes there are. */
const schemaFlags: readonly Flag[] = [
  {
    name: "import-path",
    short: "I",
    value: "DIR",
    repeatable: true,
    description: "Look imports up in this folder; repeatable. google/* and sluice/* are built in.",
  },
  { name: "reflect", description: "Ask the default upstream for its schema by server reflection." },
  {
    name: "upstream",
    value: "[SERVICE=]HOST:PORT",
    repeatable: true,
    description: "The gRPC server; with SERVICE= only for that service (or package.*); repeatable.",
  },
  config,
  {
    name: "profile",
    value: "strict|grpc-gateway",
    description: "strict refuses what is doubtful; grpc-gateway behaves as grpc-gateway v2.",
    fallback: strict.profile,
  },
  {
    name: "http-rules",
    value: "FILE",
    repeatable: true,
    description: "A google.api.Service YAML file with HTTP rules by selector; repeatable.",
  },
  {
    name: "json-names",
    value: "json|proto",
    description: "Field names of replies: fooBar or foo_bar.",
    fallback: strict.json.names,
  },
];

const serve: Command = {
  name: "serve",
  usage: "sluice serve PROTO|DIR|DESCRIPTORS… --upstream [SERVICE=]HOST:PORT… [options]",
  summary: "Serve gRPC backends: REST, streams for browsers, gRPC.",
  details: [
    "Proto files, folders of them, or descriptor sets go in; HTTP and JSON come out, as google.api.http annotations say.",
    "Streaming methods are server-sent events, lines, arrays and WebSockets at the same URLs; gRPC clients call the same port.",
    "It comes up when the backend is not there yet, and connects when it is. It prints its routes and lines to try.",
    "While it listens on loopback only, /-/play tries every method in a browser.",
  ],
  positionals: [0, Number.POSITIVE_INFINITY],
  flags: [
    {
      name: "listen",
      value: "HOST:PORT",
      description: "Where clients connect; :PORT is every interface, port 0 a free one.",
      fallback: strict.listen,
    },
    {
      name: "tls-cert",
      value: "FILE",
      description: "Serve clients over TLS with this certificate chain, PEM.",
    },
    { name: "tls-key", value: "FILE", description: "The private key of --tls-cert, PEM." },
    {
      name: "admin",
      value: "HOST:PORT|off",
      description: "Where health, metrics, routes and configuration are shown, read-only.",
      fallback: strict.admin,
    },
    ...schemaFlags,
    { name: "transport", value: "native|grpc-js", description: "How backends are called.", fallback: strict.transport },
    { name: "quiet", short: "q", description: "Print errors and warnings only." },
    help,
  ],
  examples: [
    { line: "sluice serve ./protos --upstream localhost:50051", note: "one backend for every service" },
    {
      line: "sluice serve ./protos --upstream localhost:50051 --upstream shop.v1.Orders=localhost:50052",
      note: "one service elsewhere",
    },
    { line: "sluice serve --reflect --upstream localhost:50051", note: "no proto files: ask the backend" },
    { line: "sluice serve --config sluice.yaml --listen 0.0.0.0:80", note: "flags win over the file" },
  ],
};

const check: Command = {
  name: "check",
  usage: "sluice check [PROTO|DIR|DESCRIPTORS…] [options]",
  summary: "Check protos, HTTP rules and configuration without serving.",
  details: ["Prints every error and warning with its place. Exits with 1 when there is an error, 0 otherwise."],
  positionals: [0, Number.POSITIVE_INFINITY],
  flags: [
    ...schemaFlags,
    { name: "json", description: "Print a JSON array of diagnostics." },
    { name: "deny-warnings", description: "Exit with 1 for warnings too." },
    help,
  ],
  examples: [
    { line: "sluice check ./protos", note: "as a step of CI" },
    { line: "sluice check ./protos --json", note: "for an editor or a script" },
  ],
};

const routes: Command = {
  name: "routes",
  usage: "sluice routes [PROTO|DIR|DESCRIPTORS…] [options]",
  summary: "List every route: HTTP method, path, gRPC method.",
  details: [],
  positionals: [0, Number.POSITIVE_INFINITY],
  flags: [
    ...schemaFlags,
    { name: "policy", description: "Instead of routes: what is in force for every method, and where it was said." },
    { name: "json", description: "Print a JSON array." },
    help,
  ],
  examples: [
    { line: "sluice routes ./protos", note: "a table" },
    { line: "sluice routes ./protos --policy", note: "who may call what, how often, and where that was said" },
    { line: "sluice routes ./protos --json", note: "for a script" },
  ],
};

const explain: Command = {
  name: "explain",
  usage: "sluice explain METHOD URL|pkg.Service.Method [PROTO|DIR|DESCRIPTORS…] [options]",
  summary: "Show what a request becomes: binding, captures, message, target; or its error.",
  details: [
    "Nothing is sent. Exits with 1 when a client would get an error, and prints that error as the client would get it.",
    "Of a method that clients stream to, every message of the body is shown.",
    "With the name of a gRPC method instead: what is in force for it, and of a composed one its steps, round trips and calls.",
  ],
  positionals: [1, Number.POSITIVE_INFINITY],
  flags: [
    { name: "data", short: "d", value: "BODY", description: "The request body; @FILE reads it from a file." },
    {
      name: "header",
      short: "H",
      value: "NAME: VALUE",
      repeatable: true,
      description: "A request header; repeatable.",
    },
    ...schemaFlags,
    { name: "json", description: "Print one JSON object." },
    help,
  ],
  examples: [
    {
      line: "sluice explain GET '/v1/products/42?view=FULL' ./protos",
      note: "quote the URL: ? and & mean something to the shell",
    },
    { line: `sluice explain POST /v1/orders ./protos -d '{"userId": "7"}'`, note: "with a body" },
    {
      line: `sluice explain POST /v1/rooms/7:gather ./protos -d '[{"text": "a"}, {"text": "b"}]'`,
      note: "a stream from the client: several messages",
    },
    { line: "sluice explain OrderViews.GetOrderView ./protos", note: "what a composed method is made of" },
  ],
};

const client: Command = {
  name: "client",
  usage: "sluice client [PROTO|DIR|DESCRIPTORS…] [options]",
  summary: "Write a typed module for browsers: one function for each method.",
  details: [
    "Without --output it goes to standard output. A page uses the module so; docs/browser.md tells the rest:",
    '  import { connect } from "sluice/client"; import { createApi } from "./api.ts"; const api = createApi(connect(url));',
    "The name says the language: api.ts is TypeScript, api.js is JavaScript, with its declarations in api.d.ts beside it.",
  ],
  positionals: [0, Number.POSITIVE_INFINITY],
  flags: [
    { name: "output", short: "o", value: "FILE", description: "Write to this file: .ts, .js or .mjs." },
    ...schemaFlags,
    help,
  ],
  examples: [
    { line: "sluice client ./protos -o src/api.ts", note: "for TypeScript" },
    { line: "sluice client ./protos -o public/api.js", note: "for plain pages, and api.d.ts for the editor" },
    {
      line: "sluice client --reflect --upstream localhost:50051 -o src/api.ts",
      note: "no proto files: ask the backend",
    },
  ],
};

const keys: Command = {
  name: "keys",
  usage: "sluice keys create|list|revoke [ID] [options]",
  summary: "Make, list and revoke API keys, and users with passwords.",
  details: [
    "A key is shown when it is made and never again: the file has hashes only. `auth.api_keys.file` names the file to the",
    "gateway, which reads it again when it changes: a revoked key ends what is open with it, in seconds.",
  ],
  positionals: [1, 2],
  flags: [
    {
      name: "file",
      value: "FILE",
      description: "The file of credentials, YAML, or JSON by its name.",
      fallback: "keys.yaml",
    },
    { name: "name", value: "TEXT", description: "What the key is called, for people." },
    {
      name: "principal",
      value: "NAME",
      description: "Whom it stands for: several keys of one caller can have the same.",
      fallback: "the id of the key",
    },
    { name: "scope", value: "SCOPE", repeatable: true, description: "A scope it has; repeatable." },
    { name: "role", value: "ROLE", repeatable: true, description: "A role it has; repeatable." },
    { name: "claim", value: "NAME=VALUE", repeatable: true, description: "A claim it has; repeatable." },
    { name: "expires", value: "WHEN", description: "90d, 12h, 2027-03-31, or never.", fallback: "never" },
    { name: "user", value: "NAME", description: "A user with a password, for auth.basic, instead of a key." },
    {
      name: "password-stdin",
      description: "Read the password of --user from standard input instead of making one.",
    },
    { name: "json", description: "Print a JSON array (list)." },
    help,
  ],
  examples: [
    { line: "sluice keys create --name ci --scope orders.read --expires 90d", note: "prints the key, this once" },
    { line: "sluice keys list", note: "never the keys themselves" },
    { line: "sluice keys revoke 7f3kmqxw2a5b", note: "the id, or the whole key" },
    { line: "sluice keys create --user alice", note: "prints a password" },
  ],
};

const version: Command = {
  name: "version",
  usage: "sluice version",
  summary: "Print the version.",
  details: [],
  positionals: [0, 0],
  flags: [help],
  examples: [{ line: "sluice version", note: "the same as sluice --version" }],
};

export const commands: readonly Command[] = [serve, check, routes, explain, client, keys, version];

export function findCommand(name: string): Command | undefined {
  return commands.find((command) => command.name === name);
}
