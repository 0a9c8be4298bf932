// Numbers in Go's spellings, against what strconv says.
import { expect } from "chai";
import { parseGoFloat, parseGoInteger } from "../../src/translate/request/go-number.ts";

describe("parseGoInteger", () => {
  const anyBase: readonly (readonly [string, bigint | undefined])[] = [
    ["0", 0n],
    ["-0", 0n],
    ["+5", 5n],
    ["0x1F", 31n],
    ["-0X1f", -31n],
    ["010", 8n],
    ["0o17", 15n],
    ["0b101", 5n],
    ["1_000", 1000n],
    ["0_7", 7n],
    ["0x_1", 1n],
    ["9223372036854775808", 9223372036854775808n],
    ["08", undefined],
    ["_1", undefined],
    ["1_", undefined],
    ["1__0", undefined],
    ["0x", undefined],
    ["0b2", undefined],
    ["", undefined],
    ["-", undefined],
    ["+-1", undefined],
    [" 1", undefined],
    ["1.0", undefined],
    ["1e3", undefined],
  ];
  for (const [text, value] of anyBase) {
    it(`reads ${JSON.stringify(text)} in any base as ${value ?? "nothing"}`, () => {
      expect(parseGoInteger(text, true)).to.equal(value);
    });
  }

  it("reads base 10 alone without prefixes and underscores", () => {
    expect(["007", "+5", "-5", "0x1", "1_0", ""].map((text) => parseGoInteger(text, false))).to.deep.equal([
      7n,
      5n,
      -5n,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("does not read what is far too long", () => {
    expect(parseGoInteger("1".repeat(10_000), true)).to.equal(undefined);
  });
});

describe("parseGoFloat", () => {
  const floats: readonly (readonly [string, number | undefined])[] = [
    ["1.5", 1.5],
    ["+.5", 0.5],
    ["5.", 5],
    ["1e3", 1000],
    ["1_0", 10],
    ["0x1p-2", 0.25],
    ["-0X1.8p1", -3],
    ["0x.8p0", 0.5],
    ["0x1_0p0", 16],
    ["0x1p2000", Infinity],
    ["0x1p-1074", 5e-324],
    ["0x1", undefined],
    ["0xp1", undefined],
    ["1e", undefined],
    ["_1", undefined],
    ["1__0", undefined],
    ["1_", undefined],
    ["--1", undefined],
    ["", undefined],
    [".", undefined],
  ];
  for (const [text, value] of floats) {
    it(`reads ${JSON.stringify(text)} as ${value ?? "nothing"}`, () => {
      expect(parseGoFloat(text)).to.equal(value);
    });
  }
});
