// Timestamps and durations as text, against Date where it can read them.
import { deepStrictEqual as same, strictEqual as equal } from "node:assert/strict";
import { parseDuration, parseTimestamp } from "../../src/translate/json/time-text.ts";
import { Random } from "../fuzz/random.ts";

/** Parsed out of the middle of other bytes: what stands around it must not count. */
function parsed<T>(parse: (bytes: Uint8Array, start: number, end: number) => T, text: string): T {
  const bytes = Buffer.from(`9${text}Z9s`);
  return parse(bytes, 1, 1 + Buffer.byteLength(text));
}

describe("parseTimestamp", () => {
  it("agrees with Date over all its years", () => {
    const random = new Random(9);
    for (let i = 0; i < 5000; i++) {
      const seconds = Math.floor(((random.bits() >>> 0) / 4294967296) * 315_537_897_600) - 62_135_596_800;
      const text = new Date(seconds * 1000 + 250).toISOString();
      same(parsed(parseTimestamp, text), { seconds, nanos: 250_000_000 });
      same(parsed(parseTimestamp, text.replace("Z", "+01:30")), { seconds: seconds - 5400, nanos: 250_000_000 });
    }
  });

  it("reads one to nine decimals", () => {
    for (let count = 1; count <= 9; count++)
      same(parsed(parseTimestamp, `1970-01-01T00:00:00.${"123456789".slice(0, count)}Z`), {
        seconds: 0,
        nanos: Number("123456789".slice(0, count).padEnd(9, "0")),
      });
  });

  it("refuses what is none", () => {
    const good = "2026-01-31T12:30:00Z";
    for (let at = 0; at < good.length; at++)
      for (const character of ["x", " ", ""])
        equal(parsed(parseTimestamp, good.slice(0, at) + character + good.slice(at + 1)), undefined);
    for (const text of [
      "0000-01-01T00:00:00Z",
      "2026-00-01T00:00:00Z",
      "2026-13-01T00:00:00Z",
      "2026-02-29T00:00:00Z",
      "2026-01-01T24:00:00Z",
      "2026-01-01T00:60:00Z",
      "2026-01-01T00:00:60Z",
      "2026-01-01T00:00:00.Z",
      "2026-01-01T00:00:00.1234567890Z",
      "2026-01-01T00:00:00+24:00",
      "2026-01-01T00:00:00+1:00",
      "2026-01-01T00:00:00+01:00Z",
      "2026-01-01T00:00:00ZZ",
      "0001-01-01T00:00:00+00:01",
      "9999-12-31T23:59:59-00:01",
      "2026-01-01T00:00:00",
    ])
      equal(parsed(parseTimestamp, text), undefined, text);
  });
});

describe("parseDuration", () => {
  it("reads seconds with up to nine decimals, of either sign", () => {
    same(parsed(parseDuration, "1.5s"), { seconds: 1, nanos: 500_000_000 });
    same(parsed(parseDuration, "-0.000000001s"), { seconds: 0, nanos: -1 });
    same(parsed(parseDuration, "-0s"), { seconds: 0, nanos: 0 });
    same(parsed(parseDuration, "315576000000.999999999s"), { seconds: 315_576_000_000, nanos: 999_999_999 });
  });

  it("refuses what is none", () => {
    for (const text of ["", "s", "-s", "1", "1.s", ".5s", "1.5", "+1s", "--1s", "1.5ss", "1 s", "1.1234567890s"])
      equal(parsed(parseDuration, text), undefined, text);
    for (const text of ["315576000001s", "1000000000000s", "99999999999999999s"])
      equal(parsed(parseDuration, text), undefined, text);
  });
});
