// What is kept stays below its bound, the least recently used leaving first.
import { expect } from "chai";
import { EntryStore, sizeOf } from "../../../src/chain/cache/entry-store.ts";
import type { KeptReply } from "../../../src/chain/cache/entry-store.ts";

function kept(bytes: number, until = 100, more: Partial<KeptReply> = {}): KeptReply {
  const reply = { message: new Uint8Array(bytes), headers: [], trailers: [] };
  return { kind: "reply", reply, bornAt: 0, freshUntil: until, staleUntil: 0, errorUntil: 0, ...more };
}

describe("EntryStore", () => {
  it("counts what an entry takes, its texts and its key among it", () => {
    const store = new EntryStore(10_000);
    store.set("key", kept(100), 0);
    const plain = sizeOf(kept(100));
    expect(plain).to.be.greaterThan(100);
    expect(store.bytes).to.equal(plain + 3);
    const headers = ["x-name", "v".repeat(50)];
    expect(sizeOf(kept(100, 1, { reply: { message: new Uint8Array(100), headers, trailers: [] } }))).to.be.greaterThan(
      plain + 56,
    );
    store.set("key", kept(200), 0);
    expect([store.size, store.bytes]).to.deep.equal([1, plain + 103]);
  });

  it("lets the least recently used go, and counts those that were still good", () => {
    const store = new EntryStore(3 * (sizeOf(kept(100)) + 1));
    for (const key of ["a", "b", "c"]) store.set(key, kept(100), 0);
    expect(store.get("a", 0)).to.not.equal(undefined);
    store.set("d", kept(100), 0);
    expect(["a", "b", "c", "d"].filter((key) => store.get(key, 0) !== undefined)).to.deep.equal(["a", "c", "d"]);
    expect(store.evictions).to.equal(1);
    store.set("e", kept(100, 300), 200);
    expect(store.evictions).to.equal(1);
  });

  it("never takes what alone is too large, and forgets what had its key", () => {
    const store = new EntryStore(1000);
    store.set("a", kept(100), 0);
    store.set("a", kept(1000), 0);
    expect(store.get("a", 0)).to.equal(undefined);
    expect([store.size, store.bytes]).to.deep.equal([0, 0]);
  });

  it("stays below its bound under a flood, whatever comes", () => {
    const store = new EntryStore(50_000);
    for (let i = 0; i < 10_000; i++) {
      store.set(`key ${i % 700}`, i % 5 === 0 ? { kind: "pass", until: 1e9 } : kept((i * 37) % 9000, i + 50), i);
      expect(store.bytes).to.be.at.most(50_000);
    }
    for (let i = 0; i < 700; i++) store.get(`key ${i}`, 1e9);
    expect([store.size, store.bytes]).to.deep.equal([0, 0]);
  });

  it("gives nothing that is over, whichever of its times is the last", () => {
    const store = new EntryStore(10_000);
    store.set("fresh", kept(1, 10), 0);
    store.set("stale", kept(1, 10, { staleUntil: 20 }), 0);
    store.set("error", kept(1, 10, { errorUntil: 30 }), 0);
    store.set("pass", { kind: "pass", until: 10 }, 0);
    const there = (now: number) =>
      ["fresh", "stale", "error", "pass"].filter((key) => store.get(key, now) !== undefined);
    expect(there(9)).to.have.length(4);
    expect(there(10)).to.deep.equal(["stale", "error"]);
    expect(there(20)).to.deep.equal(["error"]);
    expect(there(30)).to.deep.equal([]);
  });

  it("lets go of what is over when it is swept", () => {
    const store = new EntryStore(100_000);
    for (let i = 0; i < 100; i++) store.set(`key ${i}`, kept(1, i < 60 ? 10 : 30), 0);
    store.sweep(20);
    expect(store.size).to.equal(40);
    expect(store.evictions).to.equal(0);
  });
});
