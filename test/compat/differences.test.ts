// The differences from grpc-gateway are told in the documentation, and each is shown by a case. Comparing takes Go: npm run compat.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { cases } from "./cases.ts";
import { differences } from "./differences.ts";

describe("differences from grpc-gateway", () => {
  const docs = readFileSync("docs/migrating-from-grpc-gateway.md", "utf8");

  for (const [name, text] of Object.entries(differences)) {
    it(`${name} is documented and has a case`, () => {
      expect(docs).to.include(`- ${text}\n`);
      expect(cases.some(({ difference }) => difference === name)).to.equal(true);
    });
  }

  it("are few among the cases", () => {
    expect(cases.length).to.be.above(900);
    expect(cases.filter(({ difference }) => difference !== undefined).length).to.be.below(60);
  });
});
