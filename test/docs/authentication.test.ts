// docs/authentication.md and the source say the same: every key of an issuer, and an example that loads.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { issuerSchema } from "../../src/config/config-schema-auth.ts";
import { configOf } from "../config/yaml-fixture.ts";

const text = readFileSync("docs/authentication.md", "utf8");

describe("docs/authentication.md", () => {
  const rows = new Map(
    [...text.matchAll(/^\| `(\w+)` \| (.*?) \| (.*?) \| (.*) \|$/gm)].map((match) => [match[1], match]),
  );

  for (const [key, node] of Object.entries(issuerSchema.properties ?? {}))
    it(`tells the default and the meaning of ${key} of an issuer`, () => {
      const [, , values, fallback, meaning] = rows.get(key) ?? [];
      expect(meaning?.replaceAll("\\|", "|")).to.equal(node.description);
      if (node.default !== undefined) expect(fallback).to.equal(`\`${node.default as string}\``);
      const { min = "", max = "" } = node["x-form"] ?? {};
      expect(values).to.contain(min).and.to.contain(max);
    });

  it("begins with a file that loads", () => {
    const [, yaml] = /```yaml\n(.*?)```/s.exec(text) ?? [];
    const { auth } = configOf(yaml);
    expect(auth?.issuers[0]).to.include({ issuer: "https://idp.example", principal: "sub", leewayMs: 60_000 });
    expect(auth?.forwardClaims).to.deep.equal([["sub", "x-user-id"]]);
  });
});
