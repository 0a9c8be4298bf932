// What may be kept, and how long, by RFC 9111 section 3 and 5.2.2 and the policy of the method.
import { expect } from "chai";
import type { Reply } from "../../../src/call.ts";
import { readLifetime } from "../../../src/chain/cache/lifetime.ts";
import type { Metadata } from "../../../src/metadata.ts";

const date = Date.UTC(2026, 10, 21);
const rule = { ttlMs: 60_000, staleWhileRevalidateMs: 20_000, staleIfErrorMs: 30_000, isPublic: true, vary: [] };

interface Told {
  readonly trailers?: Metadata;
  readonly isOwned?: boolean;
}

/** `[age, fresh, stale while revalidating, stale on errors]` in seconds; undefined for what is not kept. */
function lifetimeOf(headers: Metadata, { trailers = [], isOwned = false }: Told = {}): number[] | undefined {
  const reply: Reply = { message: new Uint8Array(), headers, trailers };
  const lifetime = readLifetime(reply, { rule, isOwned, isUnkeyed: (name) => name === "traceparent" }, date);
  return lifetime && Object.values(lifetime).map((ms: number) => ms / 1000);
}

/** So many seconds from then. */
const httpDate = (seconds: number): string => new Date(date + seconds * 1000).toUTCString();

const control = (text: string): Metadata => ["cache-control", text];

describe("readLifetime", () => {
  const whole = [0, 60, 20, 30];
  const kept: readonly (readonly [Metadata, number[]])[] = [
    [[], whole],
    [control(""), whole],
    [control("public, must-understand, no-transform"), whole],
    [control("max-age=10"), [0, 10, 20, 30]],
    [control("MAX-AGE=10"), [0, 10, 20, 30]],
    [control('max-age="10"'), [0, 10, 20, 30]],
    [control("max-age=99999999999999"), whole],
    [control("max-age=10, s-maxage=20"), [0, 20, 0, 0]],
    [control("max-age=10, max-age=10"), [0, 10, 20, 30]],
    [control("must-revalidate"), [0, 60, 0, 0]],
    [control("proxy-revalidate"), [0, 60, 0, 0]],
    [control("stale-while-revalidate=5, stale-if-error=6"), [0, 60, 5, 6]],
    [control("stale-while-revalidate=50, stale-if-error=60"), whole],
    [
      ["cache-control", "max-age=10", "cache-control", "stale-if-error=0"],
      [0, 10, 20, 0],
    ],
    [
      [...control("max-age=30"), "age", "12"],
      [12, 30, 20, 30],
    ],
    [
      ["expires", httpDate(5)],
      [0, 5, 20, 30],
    ],
    [["expires", "Thu, 18 AUG 2050 02:01:18 GMT"], whole],
    [["expires", "Thursday, 18-Aug-50 02:01:18 GMT"], whole],
    [["expires", "Thu Aug  8 02:01:18 2050"], whole],
    ...["old", "-7200", "7200.0", "0, old", "0, 7200", ""].map((age) => [["age", age], whole] as const),
    [
      ["expires", "0", ...control("max-age=10")],
      [0, 10, 20, 30],
    ],
    [["vary", "accept-language, user-agent"], whole],
    [["x-http-code", "200"], whole],
  ];
  for (const [headers, expected] of kept)
    it(`keeps ${JSON.stringify(headers)} for ${expected.join(", ")}`, () =>
      expect(lifetimeOf(headers)).to.deep.equal(expected));

  const refused: readonly Metadata[] = [
    control("no-store"),
    control("No-Store"),
    control("max-age=60, no-store"),
    control("no-cache"),
    control('no-cache="set-cookie"'),
    control("private"),
    control('private="x-user"'),
    control("max-age=0"),
    control("max-age=-1"),
    control("max-age=soon"),
    control("max-age"),
    control("max-age=10, max-age=20"),
    control("s-maxage=0, max-age=60"),
    ["cache-control", "max-age=60", "cache-control", "no-store"],
    [...control("max-age=30"), "age", "30"],
    ["age", "60"],
    ["age", "60, 0"],
    ["expires", "0"],
    ["expires", new Date(date).toUTCString()],
    [...control("max-age"), "expires", httpDate(5)],
    ["expires", "Thu, 18 Aug 2050 02:01:18 UTC"],
    ["expires", "Thu, 18 Aug 2050 02:01:18 AEST"],
    ["expires", "Thu 18 Aug 2050 02:01:18 GMT"],
    ["expires", "Thu, 18  Aug  2050 02:01:18 GMT"],
    ["expires", "Thu, 18-Aug-2050 02:01:18 GMT"],
    ["expires", "Thu, 18 Aug 2050 2:01:18 GMT"],
    ["expires", "Thu, 18 Aug 2050 25:01:18 GMT"],
    ["expires", "Thu, 18 Aug 50 02:01:18 GMT"],
    ["expires", "2050-08-18T02:01:18Z"],
    ["expires", httpDate(5), "expires", httpDate(5)],
    ["expires", "Thursday, 18-Aug-94 02:01:18 GMT"],
    ["vary", "*"],
    ["vary", "accept, *"],
    ["vary", "Traceparent"],
    ["set-cookie", "a=b"],
    ["x-sluice-partial", "reco"],
    ["x-http-code", "302"],
  ];
  for (const headers of refused)
    it(`keeps nothing of ${JSON.stringify(headers)}, in headers or trailers`, () => {
      expect(lifetimeOf(headers)).to.equal(undefined);
      expect(lifetimeOf([], { trailers: headers })).to.equal(undefined);
    });

  it("keeps what is private for the one it is for", () =>
    expect(lifetimeOf(control("private, max-age=10"), { isOwned: true })).to.deep.equal([0, 10, 20, 30]));

  it("reads no more of a header than anybody has to say", () => {
    const long = `${"a,".repeat(100_000)}no-store`;
    expect(lifetimeOf(control(long))).to.deep.equal(whole);
  });
});
