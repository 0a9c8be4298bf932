import { expect } from "chai";
import { BanTable } from "../../src/chain/ban-table.ts";
import type { BanLimits } from "../../src/chain/ban-table.ts";

const limits: BanLimits = { threshold: 10, windowMs: 1000, durationMs: 5000, maxDurationMs: 20_000, maxEntries: 100 };

describe("BanTable", () => {
  let now = 0;
  const create = (more: Partial<BanLimits> = {}): BanTable => {
    now = 1_000_000;
    return new BanTable({ ...limits, ...more }, () => now);
  };
  const charge = (table: BanTable, key: string, times: number): boolean[] =>
    Array.from({ length: times }, () => table.charge(key, 1));

  it("bans with the refusal that reaches the threshold, for as long as is said", () => {
    const table = create();
    expect(charge(table, "a", 10)).to.deep.equal([...Array<boolean>(9).fill(false), true]);
    expect(table.remaining("a")).to.equal(5000);
    expect(table.remaining("b")).to.equal(0);
    now += 4999;
    expect(table.remaining("a")).to.equal(1);
    now += 1;
    expect(table.remaining("a")).to.equal(0);
  });

  it("forgets points that are older than the window", () => {
    const table = create();
    charge(table, "a", 9);
    now += 1000;
    expect(charge(table, "a", 9)).to.not.include(true);
    expect(table.charge("a", 1)).to.equal(true);
  });

  it("counts nothing while the ban lasts, and doubles the next ones up to the longest", () => {
    const table = create();
    const durations: number[] = [];
    for (let i = 0; i < 5; i++) {
      charge(table, "a", 10);
      durations.push(table.remaining("a"));
      expect(charge(table, "a", 50)).to.not.include(true);
      now += table.remaining("a");
    }
    expect(durations).to.deep.equal([5000, 10_000, 20_000, 20_000, 20_000]);
    expect(table.banned).to.equal(5);
  });

  it("begins anew with whoever has behaved for long", () => {
    const table = create();
    charge(table, "a", 10);
    now += 5000 + 2 * 20_000;
    charge(table, "a", 10);
    expect(table.remaining("a")).to.equal(5000);
  });

  it("takes a refusal that weighs much for many, and none that weighs nothing", () => {
    const table = create();
    expect(table.charge("a", 0)).to.equal(false);
    expect(table.size).to.equal(0);
    expect(table.charge("a", 10)).to.equal(true);
  });

  it("holds no more clients than is said, whoever comes, and keeps bans before those who are only counted", () => {
    const table = create();
    charge(table, "banned", 10);
    for (let i = 0; i < 10_000; i++) table.charge(`other ${i}`, 1);
    expect(table.size).to.equal(100);
    expect(table.remaining("banned")).to.equal(5000);
    expect(table.countBanned()).to.equal(1);
    for (let i = 0; i < 1000; i++) table.charge(`bad ${i}`, 10);
    expect(table.size).to.equal(100);
    expect(table.countBanned()).to.equal(100);
  });

  it("takes bans over that were decided on elsewhere, and never makes one shorter", () => {
    const table = create();
    expect(table.impose({ key: "a", remainingMs: 3000, bans: 1 })).to.equal(true);
    expect(table.impose({ key: "a", remainingMs: 1000, bans: 1 })).to.equal(false);
    expect(table.remaining("a")).to.equal(3000);
    expect(table.inForce()).to.deep.equal([{ key: "a", remainingMs: 3000, bans: 1 }]);
    now += 3000;
    expect([table.inForce(), table.banOf("a")]).to.deep.equal([[], undefined]);
    charge(table, "a", 10);
    expect(table.banOf("a")).to.deep.equal({ key: "a", remainingMs: 10_000, bans: 2 });
  });

  it("keeps no more bans of others than there is room for", () => {
    const table = create();
    for (let i = 0; i < 150; i++) table.impose({ key: String(i), remainingMs: 1000, bans: 1 });
    expect(table.size).to.equal(100);
  });
});
