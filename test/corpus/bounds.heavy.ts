// The promise of THREAT_MODEL.md: no parser spends more than its input is worth.
import { expect } from "chai";
import { costOf, expectBounded } from "./bounded.ts";
import { cases } from "./bounds-cases.ts";

const here = (name: string): URL => new URL(name, import.meta.url);

describe("the cost of hostile input", function () {
  this.timeout(120_000);

  for (const { name } of cases) {
    it(`is linear in its size, and less than a hundred times it: ${name}`, () => {
      expectBounded(costOf(here("bounds-cases.js"), name));
    });
  }
});

describe("the measure of cost", function () {
  this.timeout(120_000);
  const costs = (name: string): (() => void) => {
    const cost = costOf(here("unbounded-cases.js"), name);
    return () => expectBounded(cost);
  };

  it("sees what is linear", () => expect(costs("linear")).to.not.throw());
  it("sees what is linear and leaves much garbage", () => expect(costs("garbage")).to.not.throw());
  for (const name of [
    "quadratic",
    "quadratic, with a high fixed cost",
    "quadratic regular expression",
    "quadratic copies",
  ])
    it(`sees what is ${name}`, () => expect(costs(name)).to.throw("the power of its size"));
  for (const name of ["kept at the end", "needed while it runs", "external"])
    it(`sees memory that is ${name}`, () => expect(costs(name)).to.throw("bytes of memory"));
  it("sees what is remembered", () => expect(costs("remembered")).to.throw("bytes remembered"));
});
