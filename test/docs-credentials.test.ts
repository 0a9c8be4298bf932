// The examples of docs/credentials.md and docs/ext-authz.md load as they stand, with the files they name.
import { chmodSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { parseCredentials } from "../src/config/credentials-file.ts";
import { formatDiagnostic } from "../src/diagnostic.ts";
import { createFolder, loadFile } from "./config/yaml-fixture.ts";
import { createPki } from "./support/pki.ts";

const examplesOf = (page: string): string[] =>
  [...readFileSync(`docs/${page}`, "utf8").matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text);

describe("the examples of the pages on credentials", () => {
  const examples = ["credentials.md", "ext-authz.md"].flatMap(examplesOf);
  const files = examples.filter((text) => text.startsWith("# keys.yaml"));
  const configurations = examples.filter((text) => !text.startsWith("# keys.yaml"));

  it("are several", () => expect([files.length, configurations.length]).to.deep.equal([1, 5]));

  it("of the file of credentials are sound", () => {
    const problems: string[] = [];
    for (const text of files) {
      const read = parseCredentials(text, "keys.yaml", (diagnostic) => problems.push(formatDiagnostic(diagnostic)));
      expect(read?.keys[0]).to.deep.include({ name: "ci", principal: "billing", isDisabled: true });
    }
    expect(problems).to.deep.equal([]);
  });

  it("of sluice.yaml load without a word", () => {
    const folder = createFolder();
    const pki = createPki();
    folder.write("server.pem", pki.cert);
    folder.write("server.key", pki.key);
    folder.write("clients.pem", pki.ca);
    // For its owner only, as sluice keys makes it.
    const keys = folder.write("keys.yaml", files[0]);
    chmodSync(keys, 0o600);
    for (const [index, text] of configurations.entries()) {
      const file = folder.write(`example${index}.yaml`, text);
      const { config, diagnostics } = loadFile(file, { environment: { INTROSPECTION_SECRET: "s3" } });
      expect(diagnostics.map(formatDiagnostic), text).to.deep.equal([]);
      expect(config?.auth, text).to.not.equal(undefined);
    }
    pki.remove();
    folder.dispose();
  });
});
