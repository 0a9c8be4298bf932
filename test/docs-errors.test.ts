// docs/errors.md and the source name the same reasons, both ways.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Code } from "../src/status.ts";

/** Parts whose errors reach clients; the others have diagnostics instead. */
const parts = [
  "front",
  "serve",
  "services",
  "route",
  "translate",
  "chain",
  "compose",
  "upstream",
  "status.ts",
  "addresses.ts",
  "compression.ts",
  "grpc-frame.ts",
  "caching.ts",
];

/** Upper-case literals that are other people's: of Node, its parser, grpc-js. */
const foreign = /^(?:HPE_|ERR_|GRPC_|BROTLI_)/;

/** Upper-case names of options and their values, which no error has for a reason. */
const optionNames = new Set(["DROP_OLDEST", "OUTPUT_ONLY"]);

function sourcesOf(path: string): string[] {
  if (path.endsWith(".ts")) return [readFileSync(path, "utf8")];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() || entry.name.endsWith(".ts") ? sourcesOf(join(path, entry.name)) : [],
  );
}

function reasonsInSource(): Set<string> {
  const reasons = new Set<string>();
  for (const part of parts) {
    for (const source of sourcesOf(join("src", part))) {
      for (const [, reason] of source.matchAll(/reason(?:: | = )"([A-Z][A-Z0-9_]*)"/g)) reasons.add(reason);
      for (const [, word] of source.matchAll(/"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"/g)) {
        if (!foreign.test(word) && !optionNames.has(word) && !(word in Code)) reasons.add(word);
      }
    }
  }
  return reasons;
}

describe("docs/errors.md", () => {
  const documented = [...readFileSync(join("docs", "errors.md"), "utf8").matchAll(/^\| `([A-Z][A-Z0-9_]*)` \|/gm)].map(
    ([, reason]) => reason,
  );
  const inSource = reasonsInSource();

  it("lists every reason the source gives", () => {
    expect([...inSource].filter((reason) => !documented.includes(reason))).to.deep.equal([]);
  });

  it("lists no reason the source does not give", () => {
    expect(documented.filter((reason) => !inSource.has(reason))).to.deep.equal([]);
  });

  it("lists each once", () => {
    expect(documented.filter((reason, index) => documented.indexOf(reason) !== index)).to.deep.equal([]);
  });
});
