import { expect } from "chai";
import fc from "fast-check";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../src/config/quantity.ts";

describe("parseSize", () => {
  const sizes: readonly [string, number][] = [
    ["0", 0],
    ["512", 512],
    ["512B", 512],
    ["1KB", 1000],
    ["64KiB", 65_536],
    ["1.5MiB", 1_572_864],
    ["2GB", 2_000_000_000],
  ];
  for (const [text, bytes] of sizes) it(`reads ${text} as ${bytes}`, () => expect(parseSize(text)).to.equal(bytes));

  for (const junk of [
    "",
    " 1",
    "-1",
    "+1",
    "1 KiB",
    "1kib",
    "1K",
    "0x10",
    "1e3",
    "NaN",
    "Infinity",
    "1.0001KB",
    "0.5",
    ".5KB",
    "9999999999999999",
    "999999999999999GiB",
  ]) {
    it(`refuses ${JSON.stringify(junk)}`, () => expect(parseSize(junk)).to.equal(undefined));
  }

  it("reads back what formatSize writes", () => {
    fc.assert(fc.property(fc.nat({ max: 2 ** 40 }), (bytes) => parseSize(formatSize(bytes)) === bytes));
  });
});

describe("parseDuration", () => {
  const durations: readonly [string, number][] = [
    ["0s", 0],
    ["250ms", 250],
    ["15s", 15_000],
    ["1.5s", 1500],
    ["1m30s", 90_000],
    ["2h", 7_200_000],
    ["1h1m1s1ms", 3_661_001],
  ];
  for (const [text, ms] of durations) it(`reads ${text} as ${ms} ms`, () => expect(parseDuration(text)).to.equal(ms));

  for (const junk of [
    "",
    "15",
    "s",
    "-1s",
    "1 s",
    "1s1m",
    "5s5s",
    "1d",
    "1e3s",
    "Infinitys",
    "0.0001ms",
    "9999999999999s",
    "1S",
  ]) {
    it(`refuses ${JSON.stringify(junk)}`, () => expect(parseDuration(junk)).to.equal(undefined));
  }

  it("reads back what formatDuration writes", () => {
    fc.assert(fc.property(fc.nat({ max: 10 ** 9 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});
