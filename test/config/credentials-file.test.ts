import { expect } from "chai";
import { chmodSync } from "node:fs";
import { parseInstant } from "../../src/config/credential-forms.ts";
import { parseCredentials, readCredentials } from "../../src/config/credentials-file.ts";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import { createFolder } from "./yaml-fixture.ts";

const hash = `sha256:${"0".repeat(64)}`;

function problemsOf(text: string): string[] {
  const problems: string[] = [];
  const read = parseCredentials(text, "keys.yaml", (diagnostic) => problems.push(formatDiagnostic(diagnostic)));
  expect(read === undefined, text).to.equal(problems.length > 0);
  return problems;
}

describe("the file of credentials", () => {
  it("may be empty", () => {
    for (const text of ["", "# nothing yet\n", "{}", "keys: []"])
      expect(parseCredentials(text, "keys.yaml", () => {})).to.deep.equal({ keys: [], users: [] });
  });

  it("says what is wrong with it, and where; then nothing of it counts", () => {
    const entry = (more: string) => `keys:\n  - id: aaaaaaaaaaaa\n    hash: ${hash}\n    ${more}\n`;
    for (const [text, problem] of [
      ["key: []", 'keys.yaml:1:1: error: unknown key "key"; did you mean "keys"?'],
      ["keys: 1", "keys.yaml:1:7: error: keys: a list is expected, found 1"],
      ["keys:\n  - id: x", 'keys.yaml:2:5: error: keys[0]: the key "hash" is missing'],
      [entry("scope: [a]"), 'keys.yaml:4:5: error: unknown key "scope" in keys[0]; did you mean "scopes"?'],
      [entry("scopes: a"), 'keys.yaml:4:13: error: keys[0].scopes: a list is expected, found "a"'],
      [entry("scopes: [a b]"), "keys.yaml:4:14: error: keys[0].scopes[0]: printable ASCII without blanks is expected"],
      [entry("expires: tomorrow"), "keys.yaml:4:14: error: keys[0].expires: a time is expected, e.g. 2027-03-31T12"],
      [entry("disabled: yes"), 'keys.yaml:4:15: error: keys[0].disabled: true or false is expected, found "yes"'],
      [entry('disabled: "true"'), "keys.yaml:4:15: error: keys[0].disabled: true or false is expected"],
      [entry("principal: ''"), "keys.yaml:4:16: error: keys[0].principal: must not be empty"],
      ["users:\n  - {name: 'a:b', hash: x}", "keys.yaml:2:12: error: users[0].name: a user name is expected, without"],
      ["users:\n  - {name: a, hash: hunter2}", "keys.yaml:2:21: error: users[0].hash: the hash of a password is expec"],
    ])
      expect(
        problemsOf(text).some((each) => each.startsWith(problem)),
        `${text}\n${problemsOf(text).join("\n")}`,
      ).to.equal(true);
  });

  it("has each key and each user once", () => {
    const key = `  - {id: aaaaaaaaaaaa, hash: "${hash}"}\n`;
    expect(problemsOf(`keys:\n${key}${key}`)).to.deep.equal([
      'keys.yaml:3:5: error: "aaaaaaaaaaaa" is there twice, first in line 2; leave one of them out',
    ]);
  });

  it("is warned of when others may read or write it", () => {
    const folder = createFolder();
    const file = folder.write("keys.yaml", "keys: []");
    const warnings = (mode: number) => {
      const messages: string[] = [];
      chmodSync(file, mode);
      expect(readCredentials(file, ({ severity, message }) => messages.push(`${severity}: ${message}`))).to.not.equal(
        undefined,
      );
      return messages;
    };
    expect(warnings(0o600)).to.deep.equal([]);
    expect(warnings(0o640)).to.deep.equal([]);
    expect(warnings(0o644)).to.deep.equal(["warning: every user of this machine may read this file"]);
    expect(warnings(0o620)).to.deep.equal([
      "warning: others than its owner may write this file, and so let anybody in",
    ]);
    folder.dispose();
  });
});

describe("parseInstant", () => {
  it("reads times and days, and nothing that is none", () => {
    expect(parseInstant("2027-03-31")).to.equal(Date.UTC(2027, 2, 31));
    expect(parseInstant("2027-03-31T12:00:00Z")).to.equal(Date.UTC(2027, 2, 31, 12));
    expect(parseInstant("2027-03-31T12:00:00.5+02:00")).to.equal(Date.UTC(2027, 2, 31, 10, 0, 0, 500));
    for (const text of [
      "",
      "2027",
      "2027-02-30",
      "2027-13-01",
      "2027-03-31T25:00:00Z",
      "2027-03-31T12:00:00",
      "1e9",
      "31.3.2027",
    ])
      expect(parseInstant(text), text).to.equal(undefined);
  });
});
