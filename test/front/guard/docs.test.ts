// The YAML of docs/cors.md and docs/access.md is read as it stands there.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { loadYaml } from "../../config/yaml-fixture.ts";

for (const page of ["docs/cors.md", "docs/access.md"])
  describe(page, () => {
    const examples = [...readFileSync(page, "utf8").matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml]) => yaml);

    it("has examples", () => expect(examples).not.to.deep.equal([]));
    for (const [at, yaml] of examples.entries())
      it(`has an example that can be used: ${at + 1}`, () => {
        const { config, diagnostics } = loadYaml(yaml);
        expect(diagnostics).to.deep.equal([]);
        expect(config).not.to.equal(undefined);
      });
  });
