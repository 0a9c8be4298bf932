import { expect } from "chai";
import { readFileSync } from "node:fs";
import { configSchema } from "../../src/config/config-schema.ts";
import { environmentVariables } from "../../src/config/environment.ts";
import type { SchemaNode } from "../../src/config/schema-node.ts";
import { defaultSettings } from "../../src/config/settings.ts";

const text = readFileSync("docs/configuration.md", "utf8");
/** `| \`key\` | values | default | meaning |`, by key. */
const rows = new Map(
  [...text.matchAll(/^\| `([\w.]+)` \| (.*?) \| (.*?) \| (.*) \|$/gm)].map((match) => [
    match[1],
    { values: match[2], fallback: match[3], meaning: match[4] },
  ]),
);

/** Leaves and lists by path; `NAME` stands for the keys of a map. Rules are google.api.HttpRule, documented there. */
function listKeys(node: SchemaNode, path: string): [string, SchemaNode][] {
  if (path === "http.rules") return [[path, node]];
  const map =
    typeof node.additionalProperties === "object"
      ? listKeys(node.additionalProperties, `${path}.NAME`).filter(([key]) => !key.endsWith(".NAME"))
      : [];
  const properties = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    listKeys(child, path === "" ? key : `${path}.${key}`),
  );
  const isGroup = node.properties !== undefined && !path.includes(".");
  return [...(isGroup ? [] : [[path, node] as [string, SchemaNode]]), ...map, ...properties];
}

function toDocs(value: unknown): string {
  if (value === undefined) return "—";
  return Array.isArray(value) ? `\`[${value.join(", ")}]\`` : `\`${value as string | number | boolean}\``;
}

describe("docs/configuration.md", () => {
  const keys = new Map(listKeys(configSchema, ""));

  it("has a row for every key, and no other", () =>
    expect([...rows.keys()].sort()).to.deep.equal([...keys.keys()].sort()));

  for (const [key, node] of keys) {
    it(`tells the default, the values and the meaning of ${key}`, () => {
      const row = rows.get(key);
      expect(row?.fallback).to.equal(toDocs(node.default));
      expect(row?.meaning.replaceAll("\\|", "|")).to.contain(node.description ?? "no description");
      for (const value of node.enum ?? []) expect(row?.values).to.contain(`\`${String(value)}\``);
      const { min = "", max = "" } = node["x-form"] ?? {};
      expect(row?.values).to.contain(min).and.to.contain(max);
      for (const bound of [node.minimum ?? "", node.maximum ?? ""]) expect(row?.values).to.contain(String(bound));
    });
  }

  it("names the defaults of profile grpc-gateway where they differ", () => {
    const { strict, "grpc-gateway": other } = defaultSettings;
    for (const group of [
      "http",
      "query",
      "json",
      "server",
      "timeouts",
      "streams",
      "websocket",
      "pages",
      "validation",
    ] as const) {
      for (const [key, value] of Object.entries(other[group])) {
        const isSame =
          JSON.stringify(value) === JSON.stringify((strict[group] as unknown as Record<string, unknown>)[key]);
        expect(rows.get(`${group}.${key}`)?.meaning.includes("(grpc-gateway:"), key).to.equal(!isSame);
        if (!isSame) expect(rows.get(`${group}.${key}`)?.meaning).to.contain(`(grpc-gateway: ${String(value)})`);
      }
    }
  });

  it("names every environment variable, and no other", () => {
    const named = [...text.matchAll(/^\| `(SLUICE_\w+)` \|/gm)].map((match) => match[1]);
    expect(named.sort()).to.deep.equal(Object.values(environmentVariables).sort());
  });
});
