import { expect } from "chai";
import { LeasedStore } from "../../../src/chain/limit/leased-store.ts";
import type { Limit, LimitStore, Taken } from "../../../src/chain/limit/limit.ts";
import { MemoryStore } from "../../../src/chain/limit/memory-store.ts";
import { limitOf } from "./limit-of.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Several holders of one store that answers in the next turn; the clock is moved by hand. */
function newStores(holders: number) {
  const clock = { ms: 1_000_000 };
  const memory = new MemoryStore(["a", "b"], { now: () => clock.ms });
  const asked: Limit[][] = [];
  const store: LimitStore = {
    async take(limits, keys, patienceMs) {
      asked.push([...limits]);
      await nextTurn();
      return memory.take(limits, keys, patienceMs);
    },
  };
  const stores = Array.from({ length: holders }, () => new LeasedStore({ store, holders, now: () => clock.ms }));
  return { clock, asked, stores };
}

const take = async (store: LimitStore, limits: readonly Limit[], key = "k"): Promise<Taken> =>
  store.take(
    limits,
    limits.map(() => key),
    0,
  );

/** Until leases that were asked for are there. */
async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await nextTurn();
}

describe("LeasedStore", () => {
  it("answers at once, while there is a lease, and asks for the next when it is used", async () => {
    const { stores, asked } = newStores(1);
    const limits = [limitOf("1000/s")];
    await take(stores[0], limits);
    await settle();
    expect(asked.map(([limit]) => limit.rule.cost)).to.deep.equal([1, 50]);
    const answers = Array.from({ length: 50 }, () => stores[0].take(limits, ["k"], 0));
    expect(answers.every((answer) => !(answer instanceof Promise) && answer.admitted)).to.equal(true);
    // 1000, less the first, less the lease: what is left of it counts as left.
    expect((answers[0] as Taken).states[0].remaining).to.equal(998);
    expect((answers[49] as Taken).states[0].remaining).to.equal(949);
    expect(stores[0].take(limits, ["k"], 0)).to.be.instanceOf(Promise);
  });

  it("takes no lease of what is scarce, or slow", async () => {
    for (const limit of [limitOf("20/s"), limitOf("1000/s", { burst: 10 }), limitOf("100/h")]) {
      const { stores, asked } = newStores(1);
      await take(stores[0], [limit]);
      await settle();
      expect(asked).to.have.length(1);
    }
  });

  it("never lets more through than the limit, over all who hold leases, and all of it when they want all", async () => {
    for (const holders of [1, 2, 4]) {
      const { clock, stores } = newStores(holders);
      const limits = [limitOf("1000/s", { burst: 200 })];
      let admitted = 0;
      const start = clock.ms;
      for (let i = 0; clock.ms - start < 3000; i++) {
        clock.ms += 0.1;
        const answer = stores[i % holders].take(limits, ["k"], 0);
        if ((answer instanceof Promise ? await answer : answer).admitted) admitted++;
      }
      expect(admitted, `${holders} holders`)
        .to.be.at.most(3201)
        .and.at.least(3200 * 0.95);
    }
  });

  it("asks for one lease at a time, however many calls come at once", async () => {
    const { stores, asked } = newStores(1);
    const limits = [limitOf("1000/s")];
    await Promise.all(Array.from({ length: 20 }, () => take(stores[0], limits)));
    await settle();
    expect(asked.filter(([limit]) => limit.rule.cost > 1)).to.have.length(1);
    // Nothing is lost: of 1000, 20 calls and one lease.
    const { states } = await take(stores[0], [limitOf("1000/s", { cost: 3 })]);
    expect(states[0].remaining).to.equal(1000 - 20 - 50 - 3);
  });

  it("gives nothing on a lease that is too old", async () => {
    const { clock, stores } = newStores(1);
    const limits = [limitOf("1000/s")];
    await take(stores[0], limits);
    await settle();
    clock.ms += 501;
    expect(stores[0].take(limits, ["k"], 0)).to.be.instanceOf(Promise);
  });

  it("asks about all limits of a call where one has no lease", async () => {
    const { stores, asked } = newStores(1);
    const [fast, slow] = [limitOf("1000/s"), limitOf("10/h", { name: "b" })];
    await take(stores[0], [fast, slow]);
    await settle();
    const answers: Taken[] = [];
    for (let i = 0; i < 12; i++) answers.push(await take(stores[0], [fast, slow]));
    expect(answers.filter(({ admitted }) => admitted)).to.have.length(9);
    expect(asked.filter((limits) => limits.length === 2)).to.have.length(13);
  });
});
