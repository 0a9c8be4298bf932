// docs/dependencies.md has a row for every package of package.json, and for no other.
import { readFileSync } from "node:fs";
import { expect } from "chai";

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as Package;
const sections = readFileSync("docs/dependencies.md", "utf8").split(/^## /m);

/** What stands in the first column of the section's table. */
function namesIn(title: string): readonly string[] {
  const rows = sections.find((section) => section.startsWith(title))?.match(/^\| .*$/gm) ?? [];
  return rows.flatMap((row) => [...row.split("|")[1].matchAll(/`([^`]+)`/g)].map(([, name]) => name));
}

describe("docs/dependencies.md", () => {
  it("names what a gateway runs on", () =>
    expect([...namesIn("What a gateway runs on")].sort()).to.deep.equal(Object.keys(dependencies).sort()));

  it("names what development takes, too", () => {
    const named = namesIn("For development only");
    const isNamed = (name: string): boolean =>
      named.includes(name) || (named.includes("@types/*") && name.startsWith("@types/"));
    expect(Object.keys(devDependencies).filter((name) => !isNamed(name))).to.deep.equal([]);
    const all = { ...dependencies, ...devDependencies };
    expect(named.filter((name) => name !== "@types/*" && !Object.hasOwn(all, name))).to.deep.equal([]);
  });
});
