// Hostile input costs the translators what its size says: a bounded multiple in memory and output, time that grows with it.
import { costOf, expectBounded } from "../corpus/bounded.ts";
import { cases } from "./bounded-cases.ts";

describe("translators under hostile input", function () {
  this.timeout(120_000);
  for (const { name } of cases) {
    it(`stay bounded: ${name}`, () => expectBounded(costOf(new URL("bounded-cases.js", import.meta.url), name)));
  }
});
