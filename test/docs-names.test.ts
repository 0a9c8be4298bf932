// What the documentation names is there: rooms of src/, npm scripts, keys of the configuration.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { schemaAt } from "../src/config/config-schema.ts";

// Compiled tests live in dist/test.
const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, "utf8");
const list = (path: string): string[] => readdirSync(`${root}${path}`);

const pages = [
  ...list("").filter((name) => name.endsWith(".md")),
  ...list("docs")
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** Folders and files directly in src/, and in place of front/ its folders and itself. */
function listRooms(): string[] {
  const rooms = list("src").map((name) => (name.endsWith(".ts") ? name : `${name}/`));
  const fronts = list("src/front").filter((name) => !name.endsWith(".ts"));
  return [...rooms, ...fronts.map((name) => `front/${name}/`)].sort();
}

describe("CONTRIBUTING.md", () => {
  it("has a row for every room of src, and for no other", () => {
    const [, table] = read("CONTRIBUTING.md").split("| folder or file |");
    const rows = table.split("\n\n")[0].matchAll(/^\| (`[^|]+) \|/gm);
    const named = [...rows].flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    expect(named.sort()).to.deep.equal(listRooms());
  });

  it("lists every npm script that is not a part of another", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const parts = new Set(["build", "lint", "format:check"]);
    const named = [...read("CONTRIBUTING.md").matchAll(/^\| `npm (?:run )?([\w:]+)/gm)].map(([, name]) => name);
    expect(named.sort()).to.deep.equal(
      Object.keys(scripts)
        .filter((name) => !parts.has(name))
        .sort(),
    );
  });
});

describe("the documentation", () => {
  const groups = "http|query|json|grpc|server|timeouts|streams|websocket|pages|tls";

  for (const page of pages) {
    it(`names keys of the configuration that are there: ${page}`, () => {
      const named = [...read(page).matchAll(new RegExp(`\`((?:${groups})\\.[a-z_]+)(?:: [^\`]*)?\``, "g"))];
      const unknown = named.filter(([, key]) => schemaAt(key.split(".")) === undefined).map(([, key]) => key);
      // Files of src/ look like keys.
      expect(unknown.filter((key) => !/\.(?:ts|md|proto|yaml|json)$/.test(key))).to.deep.equal([]);
    });
  }

  it("names keys at all", () => {
    expect(schemaAt(["websocket", "max_sockets"])).to.not.equal(undefined);
    expect(schemaAt(["websocket", "max_socket"])).to.equal(undefined);
    expect(read("docs/websocket.md")).to.contain("`websocket.allowed_origins`");
  });
});
