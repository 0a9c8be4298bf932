// docs/browser.md against what there is: its TypeScript compiles against the module of the example protos, its options are those of the client.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { writeClientModule } from "../../src/docs/client-module.ts";
import { bindMethods } from "../../src/schema/bind/http-rule.ts";
import { loadSchema } from "../../src/schema/load/load.ts";
import { methodRulesOf } from "../support/method-rules.ts";

const page = readFileSync("docs/browser.md", "utf8");

describe("docs/browser.md", () => {
  it("has TypeScript that compiles against the example protos", () => {
    const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
    expect(blocks).to.have.length(4);
    const { schema } = loadSchema({ inputs: ["protos/examples"], importPaths: [] });
    if (schema === undefined) throw new Error("the examples do not load");
    const options = { profile: "strict", bindUnannotated: true, yamlRules: [] } as const;
    const folder = mkdtempSync(join(tmpdir(), "sluice-page-"));
    try {
      writeFileSync(
        join(folder, "api.ts"),
        writeClientModule({ schema, bindings: bindMethods(schema, options, () => {}), ...methodRulesOf(schema) }),
      );
      const [first, second, third] = blocks;
      const declarations = `declare function show(text: string): void; declare const session: { refresh(): Promise<{ accessToken: string }> };`;
      const plain = [first, second, third].map((code) => code.replaceAll(/^import .*$/gm, "")).join("\n");
      const imports = `import { connect, ClientError } from "sluice/client"; import { createApi } from "./api.ts";`;
      writeFileSync(join(folder, "page.ts"), `${imports}\n${declarations}\n${plain}\nexport { client };`);
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
      const { stdout } = spawnSync("node_modules/.bin/tsc", ["-p", folder], { encoding: "utf8" });
      expect(stdout).to.equal("");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("names every option of a call, and no other", () => {
    const contract = readFileSync("src/client/contract.ts", "utf8");
    const [, body] = /interface CallOptions \{(.*?)^\}/ms.exec(contract)!;
    const declared = [...body.matchAll(/readonly (\w+)\?/g)].map(([, name]) => name);
    const [, table] = /The second argument of every method:\n(.*?)\n\n##/s.exec(page)!;
    const documented = table
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .flatMap((line) => [...line.split("|")[1].matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect(documented.sort()).to.deep.equal(declared.sort());
  });

  it("names everything that the modules export, and nothing else", () => {
    for (const module of ["client", "connect-transport"]) {
      const source = readFileSync(`src/client/${module}.ts`, "utf8");
      const lists = [...source.matchAll(/^export (?:type )?\{(.*?)\}/gms)].flatMap(
        ([, list]) => list.match(/\w+/g) ?? [],
      );
      const declared = [...source.matchAll(/^export (?:async )?(?:interface|type|function|const|class) (\w+)/gm)];
      const exported = [...lists, ...declared.map(([, name]) => name)];
      const line = page.split("\n").find((each) => each.startsWith(`| \`sluice/${module}\``));
      const names = line?.slice(line.indexOf(" | ") + 3) ?? "";
      const documented = [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name);
      expect(documented.sort(), module).to.deep.equal(exported.sort());
    }
  });
});

const tsconfig = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    target: "es2023",
    lib: ["es2023", "dom"],
    module: "esnext",
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
    types: [],
    paths: { "sluice/client": [fileURLToPath(new URL("../../src/client/client.d.ts", import.meta.url))] },
  },
  include: ["*.ts"],
};
