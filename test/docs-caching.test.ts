// docs/caching.md: its examples link and load and agree, and it names what the code has.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { entryVersion } from "../src/chain/cache/entry-bytes.ts";
import { maxLookups, maxWriteBytes } from "../src/chain/cache/shared-entries.ts";
import { cacheResults } from "../src/chain/cache/cache-counts.ts";
import { configSchema } from "../src/config/config-schema.ts";
import { formatDiagnostic } from "../src/diagnostic.ts";
import { compilePolicies } from "../src/policy/policies.ts";
import { createFolder, loadFile } from "./config/yaml-fixture.ts";
import { schemaOf } from "./support/schema.ts";

const page = readFileSync("docs/caching.md", "utf8");
const block = (language: string): string =>
  new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(page)?.[1] ?? "";

const messages = ["GetBookRequest", "Book", "ListMyLoansRequest", "ListMyLoansResponse"]
  .map((name) => `message ${name} { string id = 1; }`)
  .join(" ");
const schema = schemaOf(`syntax = "proto3"; package library.v1; ${block("proto")} ${messages}`);
const policy = (method: string, found: ReturnType<typeof compilePolicies>) =>
  found.policyOf(schema.method(`library.v1.Books.${method}`)!).cache?.value;

describe("docs/caching.md", () => {
  it("has a proto that says what it says", () => {
    const found = compilePolicies({ schema, config: undefined });
    expect(found.diagnostics).to.deep.equal([]);
    expect(policy("GetBook", found)).to.deep.equal({
      ttlMs: 30_000,
      staleWhileRevalidateMs: 10_000,
      staleIfErrorMs: 600_000,
      isPublic: true,
      vary: ["accept-language"],
    });
    expect(policy("ListMyLoans", found)).to.include({ ttlMs: 5000 });
  });

  it("has a configuration that loads, and wins", () => {
    const folder = createFolder();
    try {
      const { config, diagnostics } = loadFile(folder.write("sluice.yaml", block("yaml")));
      expect(diagnostics.map(formatDiagnostic)).to.deep.equal([]);
      const found = compilePolicies({ schema, config });
      expect(found.diagnostics.map(formatDiagnostic)).to.deep.equal([]);
      expect(policy("GetBook", found)).to.include({ isPublic: true, staleWhileRevalidateMs: 0 });
      expect(policy("ListMyLoans", found)).to.equal("off");
      expect(config?.cache).to.deep.equal({
        store: "memory",
        maxBytes: 256 * 1024 * 1024,
        maxEntryBytes: 4 * 1024 * 1024,
      });
    } finally {
      folder.dispose();
    }
  });

  it("has a configuration with Redis that loads", () => {
    const folder = createFolder();
    try {
      const [, yaml] = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
      const { config, diagnostics } = loadFile(folder.write("sluice.yaml", yaml));
      expect(diagnostics.map(formatDiagnostic)).to.deep.equal([]);
      expect([config?.cache.store, config?.redis?.url]).to.deep.equal(["redis", "redis://redis:6379"]);
    } finally {
      folder.dispose();
    }
  });

  it("tells how entries are named, and what bounds there are", () => {
    expect(page).to.contain(`PREFIXcache:${entryVersion}:METHOD:HASH`);
    expect(page).to.contain(`At most ${maxLookups} lookups, and ${maxWriteBytes / 1024 / 1024} MiB of answers`);
  });

  it("has a row for every field, and for every result", () => {
    const rule = configSchema.properties?.["policies"].items?.properties?.["cache"];
    const fields = Object.keys(rule?.properties ?? {});
    const proto = readFileSync("protos/sluice/annotations.proto", "utf8");
    const [, declared] = /^message Cache \{([\s\S]*?)^\}/m.exec(proto) ?? [];
    expect([...declared.matchAll(/(\w+) = \d+;/g)].map(([, name]) => name)).to.deep.equal(fields);
    for (const field of fields) expect(page).to.contain(`| \`${field}\` |`);
    for (const result of cacheResults) expect(page).to.match(new RegExp(`\`(?:cache: )?${result}\``));
  });
});
