// The golden cases: every clause of the norm as requests and what they become, in both profiles. See README.md beside this.
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { clauses } from "./clauses.ts";
import { parseCases } from "./parse-case.ts";
import type { Case } from "./parse-case.ts";
import { casesFolder, check, Gateways } from "./run-case.ts";

const sections: readonly (readonly [name: string, cases: readonly Case[]])[] = readdirSync(casesFolder)
  .filter((name) => name.endsWith(".cases"))
  .sort()
  .map((name) => [name.slice(0, -".cases".length), parseCases(readFileSync(new URL(name, casesFolder), "utf8"), name)]);

for (const [section, cases] of sections) {
  describe(`cases: ${section}`, () => {
    const gateways = new Gateways();
    after(() => gateways.close());
    for (const played of cases) {
      for (const [profile, outcome] of played.outcomes) {
        it(`${played.title} (${section}.cases:${outcome.line}, ${profile})`, async () => {
          check(outcome, await gateways.play(played, profile));
        });
      }
    }
  });
}

describe("cases", () => {
  it("show every clause of the checklist in every profile it is defined in", () => {
    const shown = new Set(
      sections.flatMap(([section, cases]) =>
        cases.flatMap(({ clause, outcomes }) =>
          [...outcomes.keys()].map((profile) => `${section}: ${clause} (${profile})`),
        ),
      ),
    );
    const wanted = clauses.flatMap(({ section, clause, profiles }) =>
      profiles.map((profile) => `${section}: ${clause} (${profile})`),
    );
    expect(wanted.filter((line) => !shown.has(line))).to.deep.equal([]);
  });

  it("are of clauses on the checklist", () => {
    const listed = new Set(clauses.map(({ section, clause }) => `${section}: ${clause}`));
    const shown = sections.flatMap(([section, cases]) =>
      cases.map(({ clause, line }) => ({ name: `${section}: ${clause}`, at: `${section}.cases:${line}` })),
    );
    expect(shown.filter(({ name }) => !listed.has(name))).to.deep.equal([]);
  });

  it("are told apart by their titles", () => {
    const titles = sections.flatMap(([section, cases]) => cases.map(({ title }) => `${section}: ${title}`));
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).to.deep.equal([]);
  });
});
