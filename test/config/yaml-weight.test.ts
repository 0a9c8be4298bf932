// Which files are refused before they are parsed: those that would take the parser much more memory than their size.
import { expect } from "chai";
import { excessiveWeight } from "../../src/config/yaml-weight.ts";
import { problemsOf } from "./yaml-fixture.ts";

const size = 200_000;
const fill = (unit: string): string => unit.repeat(size / unit.length);
const numbered = (make: (index: number) => string): string => Array.from({ length: 5000 }, (_, i) => make(i)).join("");

describe("excessiveWeight", () => {
  for (const [title, text] of [
    ["pairs of a few characters", fill("k: 1\n")],
    ["commas in brackets", `a: [${fill(",")}`],
    ["numbers in brackets", `a: [${fill("1,")}]`],
    ["empty items", `a:\n${fill("-\n")}`],
    ["closing brackets", fill("]")],
    ["brackets behind a quote that goes over its line", `"\n" ${fill('" [1,1,1,1]\n"')}`],
    ["values behind a comment that is none", `"\n${fill('# ",1,1,1,1,\n"')}`],
  ])
    it(`refuses ${title}`, () => expect(excessiveWeight(text)).to.be.greaterThan(100 * text.length));

  for (const [title, text] of [
    [
      "HTTP rules",
      numbered((i) => `  - selector: shop.v1.Orders.Get${i}\n    get: /v1/{name=orders/*}:get${i}\n    body: "*"\n`),
    ],
    [
      "quoted paths",
      numbered((i) => `- {selector: "shop.v1.Orders.Get${i}", get: "/v1/{name=orders/*}/{b},{c}${i}"}\n`),
    ],
    ["prose in a comment", fill("# words, and [brackets], and {braces}\n")],
    ["one long text", `a: "${fill("[,")}"`],
    ["prose", `a: |\n${fill("  Quite ordinary words, one after another, that say something.\n")}`],
    ["a short file of whatever density", "k: 1\n".repeat(500)],
  ])
    it(`lets pass ${title}`, () => expect(excessiveWeight(text)).to.equal(undefined));

  it("is said in one message", () => {
    expect(problemsOf(fill("k: 1\n"))).to.deep.equal([
      "sluice.yaml:1:1: error: the file holds too much for its size: reading it could take more memory than 4 MiB and 100 times its size; is this the right file? if it is, split it",
    ]);
  });
});
