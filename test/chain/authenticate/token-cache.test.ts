// The memory for tokens: what it keeps, and that nobody can make it keep more.
import { createSecretKey } from "node:crypto";
import { expect } from "chai";
import { TokenCache, toTokenHash } from "../../../src/chain/authenticate/token-cache.ts";
import type { Known } from "../../../src/chain/authenticate/token-cache.ts";

const makeKey = () => ({
  kid: "k",
  alg: undefined,
  key: createSecretKey(Buffer.from("k")),
  print: "",
  isGone: false,
});

function known(principal: string, until = 1000, key = makeKey(), claims: object = {}): Known {
  return { kind: "identity", identity: { principal, expiresAt: until, claims: { ...claims } }, key, until };
}

describe("the memory for tokens", () => {
  it("keeps an entry until its time, and not at it", () => {
    const cache = new TokenCache({ maxEntries: 10, maxBytes: 1e6 });
    const entry = known("ada");
    cache.set("a", entry);
    expect(cache.get("a", 999)).to.equal(entry);
    expect(cache.get("a", 1000)).to.equal(undefined);
    expect([cache.size, cache.bytes]).to.deep.equal([0, 0]);
  });

  it("forgets what was checked with a key that is gone", () => {
    const cache = new TokenCache({ maxEntries: 10, maxBytes: 1e6 });
    const key = makeKey();
    cache.set("a", known("ada", 1000, key));
    key.isGone = true;
    expect(cache.get("a", 0)).to.equal(undefined);
  });

  it("forgets all tokens of a principal, and no other's", () => {
    const cache = new TokenCache({ maxEntries: 10, maxBytes: 1e6 });
    for (const name of ["a1", "a2", "b"]) cache.set(name, known(name[0]));
    cache.forgetPrincipal("a");
    expect(["a1", "a2", "b"].map((name) => cache.get(name, 0) !== undefined)).to.deep.equal([false, false, true]);
  });

  it("never holds more entries, nor bytes, than it may", () => {
    const cache = new TokenCache({ maxEntries: 100, maxBytes: 100_000 });
    for (let i = 0; i < 10_000; i++) {
      cache.set(`token ${i}`, known("p", 1000, makeKey(), { text: "x".repeat(i % 500) }));
      expect(cache.size).to.be.at.most(100);
      expect(cache.bytes).to.be.at.most(100_000);
    }
    cache.set("huge", known("p", 1000, makeKey(), { text: "x".repeat(100_000) }));
    expect(cache.get("huge", 0)).to.equal(undefined);
  });

  it("keeps what is asked for through a flood of others", () => {
    const cache = new TokenCache({ maxEntries: 100, maxBytes: 1e9 });
    const entry = known("ada");
    cache.set("mine", entry);
    for (let i = 0; i < 10_000; i++) {
      cache.set(`token ${i}`, known("p"));
      expect(cache.get("mine", 0)).to.equal(entry);
    }
  });

  it("counts to nothing when everything was forgotten", () => {
    const cache = new TokenCache({ maxEntries: 64, maxBytes: 1e9 });
    for (let i = 0; i < 1000; i++) {
      cache.set(`token ${i % 90}`, known("p"));
      cache.get(`token ${(i * 7) % 90}`, 0);
    }
    cache.forgetPrincipal("p");
    expect([cache.size, cache.bytes]).to.deep.equal([0, 0]);
  });

  it("goes by the whole token", () => {
    const token = `${"a".repeat(500)}.${"b".repeat(500)}.${"c".repeat(300)}`;
    const others = [`${token} `, token.slice(0, -1), `${token.slice(0, -1)}d`, `b${token.slice(1)}`];
    expect(new Set([token, ...others].map(toTokenHash)).size).to.equal(5);
  });
});
