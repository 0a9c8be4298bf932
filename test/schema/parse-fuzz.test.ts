// parseProto on files no one wrote: it always ends, never throws, and stays within its limits.
import { expect } from "chai";
import fc from "fast-check";
import { parseProto } from "../../src/schema/parse/file.ts";
import { everyConstruct } from "./parse/every-construct.ts";

const pieces = [
  "{ } [ ] ( ) < > ; , : = . - \" ' /* */ // \\ \0 “ é @ 0 99999999999 1e \ud800",
  "message enum oneof extend group map< rpc returns stream option reserved extensions optional",
]
  .flatMap((line) => line.split(" "))
  .concat("\n", "to max", "syntax = 'proto3';", "edition = '2024';", "service S {");

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.nat(40),
  insert: fc.constantFrom("", ...pieces),
});

function parseQuietly(source: string): number {
  let count = 0;
  parseProto(source, "f.proto", ({ position }) => {
    count++;
    expect(position?.line).to.be.greaterThan(0);
    expect(position?.column).to.be.greaterThan(0);
  });
  return count;
}

describe("parseProto on arbitrary input", () => {
  it("survives edits of a file with every construct", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(everyConstruct)),
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        (source, edits) => {
          let text = source;
          for (const { at, remove, insert } of edits) {
            const from = Math.floor(at * text.length);
            text = text.slice(0, from) + insert + text.slice(from + remove);
          }
          expect(parseQuietly(text)).to.be.at.most(100);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("survives sequences of tokens", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces, "a", "B"), { maxLength: 200 }), (words) => {
        expect(parseQuietly(words.join(" "))).to.be.at.most(100);
      }),
      { numRuns: 500 },
    );
  });

  it("survives every prefix of a file", () => {
    for (const source of Object.values(everyConstruct)) {
      for (let end = 0; end < source.length; end += 3) expect(parseQuietly(source.slice(0, end))).to.be.at.most(100);
    }
  });

  for (const piece of [
    "{",
    "[",
    "(",
    "<",
    "a ",
    "a{",
    "message A {",
    "option (a) = {",
    "/",
    '"',
    "'\\",
    "a.",
    "-",
    "}",
    "reserved 1,",
    "x{a:[",
    "oneof a {",
  ]) {
    it(`reads 200 kB of ${JSON.stringify(piece)}`, () => {
      const body = piece.repeat(200_000 / piece.length);
      expect(parseQuietly(body)).to.be.at.most(100);
      expect(parseQuietly(`message A { ${body}`)).to.be.at.most(100);
      expect(parseQuietly(`option (a) = { ${body}`)).to.be.at.most(100);
    });
  }
});
