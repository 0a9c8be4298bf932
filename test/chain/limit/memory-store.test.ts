import { expect } from "chai";
import fc from "fast-check";
import { toShareOf } from "../../../src/chain/limit/limit.ts";
import type { Limit } from "../../../src/chain/limit/limit.ts";
import { MemoryStore } from "../../../src/chain/limit/memory-store.ts";
import { limitOf } from "./limit-of.ts";

/** A store whose clock is moved by hand, in milliseconds. */
function newStore(names: readonly string[] = ["a"], maxBuckets?: number) {
  const clock = { ms: 1_000_000 };
  const store = new MemoryStore(names, { now: () => clock.ms, ...(maxBuckets === undefined ? {} : { maxBuckets }) });
  return { clock, store };
}

/** So many a millisecond, for a time: how many are admitted. */
function overload(limits: readonly Limit[], callsPerMs: number, ms: number): number {
  const { clock, store } = newStore(limits.map(({ rule }) => rule.name));
  const keys = limits.map(() => "k");
  let admitted = 0;
  for (let i = 0; i < ms * callsPerMs; i++) {
    clock.ms = 1_000_000 + i / callsPerMs;
    if (store.take(limits, keys, 0).admitted) admitted++;
  }
  return admitted;
}

describe("MemoryStore", () => {
  it("admits a burst at once, then one an interval", () => {
    const { clock, store } = newStore();
    const limits = [limitOf("50/s", { burst: 3 })];
    const take = (): boolean => store.take(limits, ["k"], 0).admitted;
    expect([take(), take(), take(), take()]).to.deep.equal([true, true, true, false]);
    clock.ms += 19.999;
    expect(take()).to.equal(false);
    clock.ms += 0.001;
    expect([take(), take()]).to.deep.equal([true, false]);
    clock.ms += 1000;
    expect([take(), take(), take(), take()]).to.deep.equal([true, true, true, false]);
  });

  for (const [rate, burst, expected] of [
    ["50/s", 20, 520],
    ["3/s", 3, 33],
    ["7/s", 1, 71],
    ["1000/s", 100, 10_100],
    ["60/m", 1, 11],
    ["1/month", 1, 1],
  ] as const) {
    it(`admits ${expected} of ten times too many calls in ten seconds at ${rate}, burst ${burst}`, () => {
      const limit = limitOf(rate, { burst });
      const callsPerMs = Math.max(1, Math.ceil((10 * limit.rule.count) / limit.rule.periodMs));
      expect(Math.abs(overload([limit], callsPerMs, 10_000) - expected)).to.be.at.most(1);
    });
  }

  it("never admits more in any time than the burst and the rate, whatever comes when and costs what", () => {
    const calls = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 5 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 900 }), fc.integer({ min: 5, max: 40 }), (list, count, burst) => {
        const { clock, store } = newStore();
        const passed: { at: number; cost: number }[] = [];
        for (const [later, cost] of list) {
          clock.ms += later / 7;
          const limit = limitOf(`${count}/s`, { burst, cost });
          if (store.take([limit], ["k"], 0).admitted) passed.push({ at: clock.ms, cost });
        }
        for (let from = 0; from < passed.length; from++) {
          let used = 0;
          for (let to = from; to < passed.length; to++) {
            used += passed[to].cost;
            expect(used).to.be.at.most(burst + ((passed[to].at - passed[from].at) * count) / 1000 + 1e-6);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it("says what is left, when all of it is, and when to come again", () => {
    const { clock, store } = newStore();
    const limits = [limitOf("10/s", { burst: 4, cost: 2 })];
    expect(store.take(limits, ["k"], 0)).to.deep.equal({
      admitted: true,
      waitMs: 0,
      states: [{ remaining: 2, resetMs: 200, waitMs: 0 }],
    });
    store.take(limits, ["k"], 0);
    clock.ms += 50;
    expect(store.take(limits, ["k"], 0)).to.deep.equal({
      admitted: false,
      waitMs: 150,
      states: [{ remaining: 0, resetMs: 350, waitMs: 150 }],
    });
  });

  it("counts each key by itself", () => {
    const { store } = newStore();
    const limits = [limitOf("1/s")];
    expect(["k", "l", "k"].map((key) => store.take(limits, [key], 0).admitted)).to.deep.equal([true, true, false]);
  });

  it("takes from all limits of a call or from none", () => {
    const { store } = newStore(["a", "b"]);
    const wide = limitOf("10/s", { name: "a" });
    const narrow = limitOf("10/s", { name: "b", burst: 2 });
    const both = (): boolean => store.take([wide, narrow], ["k", "k"], 0).admitted;
    expect([both(), both(), both(), both(), both()]).to.deep.equal([true, true, false, false, false]);
    // Two of ten are used, not five.
    expect(store.take([wide], ["k"], 0).states[0].remaining).to.equal(7);
    const { states, waitMs } = store.take([wide, narrow], ["k", "k"], 0);
    expect(states.map((state) => Math.round(state.waitMs))).to.deep.equal([0, 100]);
    expect(Math.round(waitMs)).to.equal(100);
  });

  it("gives who is patient the next place, in the order they come, and none beyond their patience", () => {
    const { store } = newStore();
    const limits = [limitOf("10/s", { burst: 1 })];
    const waits = [0, 1, 2, 3].map(() => store.take(limits, ["k"], 250));
    expect(waits.map(({ admitted, waitMs }) => [admitted, Math.round(waitMs)])).to.deep.equal([
      [true, 0],
      [true, 100],
      [true, 200],
      [false, 300],
    ]);
  });

  it("keeps to its share when others count for themselves, and lets the dearest call pass all the same", () => {
    const share = toShareOf(limitOf("100/s", { burst: 20 }), 4);
    expect(Math.abs(overload([share], 1, 10_000) - 255)).to.be.at.most(1);
    const dear = toShareOf(limitOf("10/s", { burst: 5, cost: 5 }), 10);
    expect(overload([dear], 1, 10_000)).to.be.within(2, 3);
  });
});

describe("MemoryStore under a flood of keys", () => {
  const maxBuckets = 1000;
  const limits = [limitOf("1/h", { burst: 1 })];

  it("stays within its bound", () => {
    const { store } = newStore(["a"], maxBuckets);
    for (let i = 0; i < 50_000; i++) store.take(limits, [`k${i}`], 0);
    expect(store.sizes()).to.deep.equal([["a", maxBuckets, true]]);
  });

  it("forgets nobody: who has used up its limit stays refused, in the table or out of it", () => {
    const { store } = newStore(["a"], maxBuckets);
    expect(store.take(limits, ["victim"], 0).admitted).to.equal(true);
    const flood = Array.from({ length: 5000 }, (_, i) => `k${i}`);
    const passed = flood.filter((key) => store.take(limits, [key], 0).admitted);
    expect(passed.length).to.be.greaterThan(3000);
    expect(store.take(limits, ["victim"], 0).admitted).to.equal(false);
    expect(passed.filter((key) => store.take(limits, [key], 0).admitted)).to.deep.equal([]);
  });

  it("goes on admitting newcomers, more strictly: those of one cell share a limit", () => {
    const { clock, store } = newStore(["a"], maxBuckets);
    for (let i = 0; i < 2000; i++) store.take(limits, [`k${i}`], 0);
    const fresh = Array.from({ length: 1000 }, (_, i) => `n${i}`).filter(
      (key) => store.take(limits, [key], 0).admitted,
    );
    expect(fresh.length).to.be.within(700, 999);
    for (let i = 0; i < 200_000; i++) store.take(limits, [`m${i}`], 0);
    expect(store.take(limits, ["late"], 0).admitted).to.equal(false);
    clock.ms += 3_600_000;
    expect(store.take(limits, ["late"], 0).admitted).to.equal(true);
  });

  it("gives memory back when the time of a crowd is over, and not before", () => {
    const { clock, store } = newStore(["a"], maxBuckets);
    for (let i = 0; i < 3000; i++) store.take(limits, [`k${i}`], 0);
    store.check();
    expect(store.sizes()).to.deep.equal([["a", maxBuckets, true]]);
    clock.ms += 3_600_001;
    store.check();
    expect(store.sizes()).to.deep.equal([["a", 0, false]]);
  });

  it("drops what is over as it goes, without being swept", () => {
    const { clock, store } = newStore(["a"], maxBuckets);
    const short = [limitOf("1000/s", { burst: 1 })];
    for (let i = 0; i < 20_000; i++) {
      clock.ms += 0.1;
      store.take(short, [`k${i}`], 0);
    }
    expect(store.sizes()[0][1]).to.be.lessThan(500);
  });
});
