import { expect } from "chai";
import { substituteEnvironment } from "../../src/config/substitute.ts";

describe("substituteEnvironment", () => {
  const environment = { HOST: "db", EMPTY: "", NESTED: "${HOST}" };
  const cases: readonly [string, string][] = [
    ["plain", "plain"],
    ["$HOST", "$HOST"],
    ["${HOST}:1", "db:1"],
    ["${EMPTY}", ""],
    ["${EMPTY:-x}", "x"],
    ["${NONE:-a:-b}", "a:-b"],
    ["${NONE:-}", ""],
    ["$${HOST}", "${HOST}"],
    ["${NESTED}", "${HOST}"],
  ];
  for (const [text, result] of cases)
    it(`makes ${JSON.stringify(result)} of ${text}`, () =>
      expect(substituteEnvironment(text, environment)).to.deep.equal({ text: result, problems: [] }));

  it("reports every variable that is not set", () => {
    const { problems } = substituteEnvironment("${A}${B}", environment);
    expect(problems.map(({ message }) => message)).to.deep.equal([
      "the environment variable A is not set",
      "the environment variable B is not set",
    ]);
  });

  for (const text of ["${}", "${1A}", "${A", "${A B}", "${HOST-x}", "${__proto__ }"]) {
    it(`refuses ${text}`, () =>
      expect(substituteEnvironment(text, environment).problems[0].message).to.match(
        /is not a reference to a variable$/,
      ));
  }

  for (const name of ["__proto__", "constructor", "toString"]) {
    it(`does not find ${name} in the prototype`, () =>
      expect(substituteEnvironment(`\${${name}}`, environment).problems).to.have.length(1));
  }
});
