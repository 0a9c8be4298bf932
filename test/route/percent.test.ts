// Percent-decoding: the quick way for ASCII answers as the platform's decoder does.
import { expect } from "chai";
import fc from "fast-check";
import { decodeAll, decodeKeeping } from "../../src/route/percent.ts";

const piece = fc.oneof(
  fc.constantFrom(
    "%2f",
    "%2F",
    "%25",
    "%2525",
    "%20",
    "%41",
    "%5d",
    "%c3%a9",
    "%C3",
    "%ff",
    "%",
    "%2",
    "%zz",
    "a",
    "/",
    "+",
  ),
  fc.integer({ min: 0, max: 255 }).map((code) => `%${code.toString(16).padStart(2, "0")}`),
);
const encoded = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));

function outcome(decode: () => string): string {
  try {
    return `text ${decode()}`;
  } catch (error) {
    return (error as Error).name;
  }
}

describe("decodeAll", () => {
  it("answers as decodeURIComponent does", () => {
    fc.assert(
      fc.property(encoded, (raw) => outcome(() => decodeAll(raw)) === outcome(() => decodeURIComponent(raw))),
      { numRuns: 3000 },
    );
  });
});

describe("decodeKeeping", () => {
  it("decodes everything else when the kept escapes are cut out", () => {
    fc.assert(
      fc.property(encoded, (raw) => {
        const slow = () =>
          raw
            .split(/(%2f)/i)
            .map((part, at) => (at % 2 === 1 ? part : decodeURIComponent(part)))
            .join("");
        return outcome(() => decodeKeeping(raw, "except_slash")) === outcome(slow);
      }),
      { numRuns: 3000 },
    );
  });

  it("keeps the spelling of what it keeps", () => {
    expect(decodeKeeping("%2f%3A%3a%2F%5b%20%c3%a9", "except_reserved")).to.equal("%2f%3A%3a%2F%5b é");
    expect(decodeKeeping("%2f%3A%20", "except_reserved")).to.equal("%2f%3A ");
  });
});
