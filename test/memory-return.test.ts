import { expect } from "chai";
import { collectGarbage, MemoryReturn } from "../src/memory-return.ts";

/** What is open at each second, and at which second memory was given back. */
function run(...counts: readonly number[]): number[] {
  let second = 0;
  const collected: number[] = [];
  const memory = new MemoryReturn({
    countOpen: () => counts[second],
    collect: () => void collected.push(second),
  });
  for (; second < counts.length; second++) memory.check(second * 1000);
  return collected;
}

describe("MemoryReturn", () => {
  it("collects once when a crowd has gone and stays away", () => {
    expect(run(0, 5000, 5000, 100, 0, 0, 0, 0, 0, 0)).to.deep.equal([5]);
    expect(run(1000, 250, 250, 250, 250)).to.deep.equal([3]);
  });

  it("collects again after the next crowd", () => {
    expect(run(2000, 0, 0, 0, 0, 3000, 0, 0, 0, 0)).to.deep.equal([3, 8]);
  });

  it("leaves it be when few have gone, when they come back, and when there never were many", () => {
    expect(run(5000, 1300, 1300, 1300, 1300)).to.deep.equal([]);
    expect(run(5000, 0, 5000, 0, 0, 5000, 0, 5000)).to.deep.equal([]);
    expect(run(999, 0, 0, 0, 0, 0)).to.deep.equal([]);
  });
});

describe("collectGarbage", () => {
  it("frees what nobody holds any more", async () => {
    const leave = (): WeakRef<object> => new WeakRef(Array.from({ length: 100_000 }, (_, i) => ({ i })));
    const reference = leave();
    // A WeakRef holds what it was made of until the turn is over.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(reference.deref()).to.equal(undefined);
  });
});
