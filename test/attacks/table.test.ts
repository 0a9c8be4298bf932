// docs/attacks.md names tests that are there, and all that are in this folder.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";

const rows = [...readFileSync("docs/attacks.md", "utf8").matchAll(/^\| (\d+) \| (.+) \| ([^|]+) \|$/gm)].map(
  ([, number, , tests]) => ({
    number: Number(number),
    tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, path]) => path),
  }),
);

describe("docs/attacks.md", () => {
  it("has every attack, in order", () =>
    expect(rows.map(({ number }) => number)).to.deep.equal(Array.from({ length: 32 }, (_, at) => at + 1)));

  it("names tests for each", () =>
    expect(rows.filter(({ tests }) => tests.length === 0).map(({ number }) => number)).to.deep.equal([]));

  it("names tests that are there", () =>
    expect(rows.flatMap(({ tests }) => tests).filter((path) => !existsSync(path))).to.deep.equal([]));

  it("names every test of this folder", () => {
    const own = readdirSync("test/attacks").filter(
      (name) => /\.(?:test|heavy)\.ts$/.test(name) && name !== "table.test.ts",
    );
    const named = new Set(rows.flatMap(({ tests }) => tests));
    expect(own.map((name) => `test/attacks/${name}`).filter((path) => !named.has(path))).to.deep.equal([]);
  });
});
