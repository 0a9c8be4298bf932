// Who may import whom, types counted, and where each third-party package lives. The table is the architecture.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const root = fileURLToPath(new URL("../../src", import.meta.url));

/** Room → rooms it may import. A file directly in src/ is a room of its own; `front` is what all fronts share. */
const allowed: Readonly<Record<string, readonly string[] | "everything">> = {
  status: [],
  diagnostic: [],
  lazily: [],
  addresses: ["status"],
  "ticket-box": [],
  metadata: ["status"],
  credentials: [],
  slots: [],
  "watched-file": [],
  compression: ["status"],
  "grpc-frame": ["status"],
  "defer-reply": ["call"],
  "own-time": [],
  slab: [],
  "read-buffer": [],
  "taken-bytes": [],
  http1: ["slab", "taken-bytes"],
  http2: [],
  schema: ["diagnostic", "status"],
  caller: ["metadata", "schema"],
  cancellation: ["status"],
  call: ["caller", "cancellation", "schema", "metadata", "status"],
  exposition: [],
  weighted: ["translate"],
  "json-line": [],
  log: ["json-line", "lazily"],
  route: ["schema", "status"],
  translate: ["schema", "diagnostic", "slab", "status"],
  validate: ["schema", "diagnostic", "lazily", "translate", "status"],
  redact: ["schema", "translate", "status"],
  chain: [
    "validate",
    "redact",
    "addresses",
    "call",
    "caller",
    "cancellation",
    "credentials",
    "defer-reply",
    "diagnostic",
    "exposition",
    "json-line",
    "lazily",
    "metadata",
    "own-time",
    "schema",
    "slots",
    "status",
  ],
  compose: [
    "call",
    "caller",
    "cancellation",
    "chain",
    "diagnostic",
    "exposition",
    "lazily",
    "metadata",
    "schema",
    "status",
    "translate",
  ],
  policy: ["chain", "config", "diagnostic", "lazily", "metadata", "schema"],
  services: ["call", "cancellation", "metadata", "schema", "status", "translate"],
  upstream: [
    "call",
    "cancellation",
    "compression",
    "defer-reply",
    "grpc-frame",
    "http2",
    "metadata",
    "own-time",
    "read-buffer",
    "schema",
    "status",
  ],
  front: ["addresses", "call", "caller", "metadata", "schema", "status"],
  "front/guard": ["front", "addresses", "status"],
  "front/stream": ["front", "call", "caller", "translate", "schema", "metadata", "status"],
  "front/rest": [
    "front",
    "front/stream",
    "call",
    "cancellation",
    "route",
    "translate",
    "schema",
    "metadata",
    "own-time",
    "status",
    "weighted",
  ],
  "front/websocket": [
    "addresses",
    "slots",
    "ticket-box",
    "front",
    "front/stream",
    "call",
    "caller",
    "cancellation",
    "grpc-frame",
    "route",
    "translate",
    "schema",
    "metadata",
    "status",
    "taken-bytes",
  ],
  "front/pages": ["front", "schema", "status"],
  "front/grpc": [
    "front",
    "front/stream",
    "call",
    "cancellation",
    "compression",
    "grpc-frame",
    "route",
    "translate",
    "schema",
    "metadata",
    "status",
  ],
  client: [],
  docs: ["schema", "translate"],
  config: ["credentials", "diagnostic", "lazily", "schema", "status"],
  serve: [
    "front",
    "addresses",
    "caller",
    "config",
    "exposition",
    "http1",
    "http2",
    "read-buffer",
    "slots",
    "status",
    "weighted",
  ],
  "gateway-options": "everything",
  "guard-options": "everything",
  readiness: ["config", "serve", "upstream"],
  workers: ["chain", "config", "exposition", "own-time", "schema", "serve", "slots", "ticket-box"],
  metrics: ["chain", "exposition", "front/stream", "slots", "status", "upstream"],
  "memory-return": ["front/stream"],
  "interceptor-modules": "everything",
  validation: "everything",
  fronts: "everything",
  observability: "everything",
  interceptors: "everything",
  "cache-world": ["config", "schema"],
  caching: "everything",
  limiting: "everything",
  retrying: "everything",
  composing: "everything",
  authenticators: "everything",
  "file-authenticators": "everything",
  "ext-authz": "everything",
  gateway: "everything",
  index: "everything",
  command: "everything",
  "young-space": [],
  main: ["program", "young-space"],
  program: "everything",
};

/** Package → the only places that may import it. */
const homes: Readonly<Record<string, readonly string[]>> = {
  "@grpc/grpc-js": ["upstream/grpc-js.ts", "upstream/grpc-js-call.ts", "upstream/grpc-js-channel.ts"],
  ajv: ["config/"],
  yaml: ["config/"],
  express: ["serve/admin.ts"],
  "@bufbuild/cel": ["chain/", "compose/condition.ts", "schema/", "validate/cel/"],
  "@bufbuild/re2": ["chain/", "validate/"],
  "@opentelemetry/api": ["chain/trace/"],
  pino: ["log/"],
  ws: ["front/websocket/"],
  "@redis/client": ["chain/redis-connection.ts"],
  "@bufbuild/protobuf": ["client/connect-transport.ts", "chain/authorize/", "validate/cel/"],
  "@connectrpc/connect": ["client/connect-transport.ts"],
};

interface SourceFile {
  /** Below src/. */
  readonly path: string;
  readonly local: readonly string[];
  readonly packages: readonly string[];
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map(readSource);

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const targets = [
    ...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom "([^"]+)"|\bimport\("([^"]+)"\)|^import "([^"]+)"/gm),
  ].map((match) => match[1] ?? match[2] ?? match[3]);
  return {
    path,
    local: targets
      .filter((target) => target.startsWith("."))
      .map((target) => relative(root, normalize(join(root, dirname(path), target)))),
    packages: targets.filter((target) => !target.startsWith(".") && !target.startsWith("node:")),
  };
}

function roomOf(path: string): string {
  const parts = path.split("/");
  if (parts.length === 1) return parts[0].replace(/\.ts$/, "");
  return parts[0] === "front" && parts.length > 2 ? `front/${parts[1]}` : parts[0];
}

describe("layers", () => {
  it("reads the source files", () => {
    expect(files.length).to.be.greaterThan(50);
    expect(files.find((file) => file.path === "gateway.ts")?.local).to.include("chain/compose.ts");
  });

  it("gives every room of src a row in the table, and no row to a room that is gone", () => {
    expect([...new Set(files.map((file) => roomOf(file.path)))].sort()).to.deep.equal(Object.keys(allowed).sort());
  });

  it("keeps every import inside the table", () => {
    const outside = files.flatMap((file) =>
      file.local
        .filter((target) => {
          const [from, to] = [roomOf(file.path), roomOf(target)];
          const rooms = allowed[from];
          return from !== to && rooms !== "everything" && !rooms.includes(to);
        })
        .map((target) => `${file.path} imports ${target}`),
    );
    expect(outside).to.deep.equal([]);
  });

  it("has no import cycle between files, types counted", () => {
    expect(findCycle(new Map(files.map((file) => [file.path, file.local])))).to.deep.equal([]);
  });

  it("finds a cycle where there is one", () => {
    expect(
      findCycle(
        new Map([
          ["a.ts", ["b.ts"]],
          ["b.ts", ["c.ts"]],
          ["c.ts", ["b.ts"]],
        ]),
      ),
    ).to.deep.equal(["b.ts", "c.ts", "b.ts"]);
  });

  it("keeps each third-party package in its home", () => {
    const strays = files.flatMap((file) =>
      file.packages
        .map((name) =>
          name
            .split("/")
            .slice(0, name.startsWith("@") ? 2 : 1)
            .join("/"),
        )
        .filter(
          (name) =>
            !(homes[name] ?? []).some(
              (home) => file.path === home || (home.endsWith("/") && file.path.startsWith(home)),
            ),
        )
        .map((name) => `${file.path} imports ${name}`),
    );
    expect(strays).to.deep.equal([]);
  });

  it("lists exactly the production dependencies of package.json", () => {
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      dependencies: Record<string, string>;
      peerDependencies: Record<string, string>;
    };
    expect(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).sort()).to.deep.equal(
      Object.keys(homes).sort(),
    );
  });

  it("opens every file with a sentence on what it is for", () => {
    const silent = files.filter(
      ({ path }) => !/^(?:#![^\n]*\n)?(?:\/\/ |\/\*\* |\/\* )\S/.test(readFileSync(join(root, path), "utf8")),
    );
    expect(silent.map((file) => file.path)).to.deep.equal([]);
  });
});

/** The first cycle, closed, or nothing. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (node: string): string[] => {
    const at = trail.indexOf(node);
    if (at >= 0) return [...trail.slice(at), node];
    if (done.has(node)) return [];
    trail.push(node);
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next);
      if (cycle.length > 0) return cycle;
    }
    trail.pop();
    done.add(node);
    return [];
  };
  for (const node of graph.keys()) {
    const cycle = visit(node);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
