// Limits: nonsense is refused, and docs/http2.md says what the code does.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { defaultLimits, resolveLimits } from "../../src/http2/limits.ts";
import type { Http2Limits } from "../../src/http2/limits.ts";

const names = Object.keys(defaultLimits) as (keyof Http2Limits)[];

describe("resolveLimits", () => {
  it("has a default for everything", () => {
    expect(resolveLimits()).to.deep.equal(defaultLimits);
  });

  it("refuses whatever is no whole number in range: a mistake never switches a limit off", () => {
    const junk = fc.oneof(
      fc.constantFrom<unknown>(
        NaN,
        Infinity,
        -Infinity,
        -1,
        1.5,
        "10",
        null,
        undefined,
        true,
        [],
        {},
        2 ** 31,
        2 ** 53,
      ),
      fc.string(),
      fc.double({ noInteger: true }),
      fc.integer({ max: -1 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), junk, (name, value) => {
        expect(() => resolveLimits({ [name]: value })).to.throw(RangeError, `HTTP/2 limit ${name} is `);
      }),
    );
  });

  it("refuses names it does not know", () => {
    expect(() => resolveLimits({ maxStreams: 1 } as Partial<Http2Limits>)).to.throw(
      RangeError,
      '"maxStreams" does not exist',
    );
    expect(() => resolveLimits(JSON.parse('{"__proto__":1}') as Partial<Http2Limits>)).to.throw(
      RangeError,
      "__proto__",
    );
  });

  it("never caps a window below its size", () => {
    const limits = resolveLimits({ streamWindowBytes: 5_000_000, connectionWindowBytes: 8_000_000 });
    expect([limits.maxStreamWindowBytes, limits.maxConnectionWindowBytes]).to.deep.equal([5_000_000, 8_000_000]);
  });
});

describe("docs/http2.md", () => {
  it("lists every limit with its default", () => {
    const text = readFileSync(new URL("../../../docs/http2.md", import.meta.url), "utf8");
    const rows = [...text.matchAll(/^\| `(\w+)` \| ([\d,]+) \|/gm)].map(([, name, value]) => [
      name,
      Number(value.replaceAll(",", "")),
    ]);
    expect(Object.fromEntries(rows)).to.deep.equal(defaultLimits);
  });
});
