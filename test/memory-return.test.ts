import { expect } from "chai";
import { collectGarbage, MemoryReturn } from "../src/memory-return.ts";

const mib = 2 ** 20;

interface Look {
  readonly open?: number;
  /** Milliseconds of processor time in the second before. */
  readonly busy?: number;
  readonly heap?: number;
}

/** At which second memory was given back. Collections take time of the processor, too. */
function look(looks: readonly Look[]): number[] {
  let second = 0;
  let cpu = 0;
  const collected: number[] = [];
  const last: number[] = [];
  const memory = new MemoryReturn({
    countOpen: () => looks[second].open ?? 0,
    collect: (isLast) => {
      collected.push(second);
      if (isLast) last.push(second);
      cpu += 70_000;
    },
    cpuMicros: () => cpu,
    heapBytes: () => looks[second].heap ?? 25 * mib,
  });
  for (; second < looks.length; second++) {
    cpu += (looks[second].busy ?? 0) * 1000;
    memory.check(second * 1000);
  }
  // The third of each, where there was nothing to do.
  expect(last).to.deep.equal(collected.filter((at) => collected.includes(at - 1)));
  return collected;
}

const run = (...counts: readonly number[]): number[] => look(counts.map((open) => ({ open, busy: 100 })));
const repeat = (count: number, each: Look): Look[] => Array.from({ length: count }, () => each);

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

  it("collects twice more after a crowd, as V8 makes itself small only then, when there is nothing to do", () => {
    const crowd = { open: 5000, busy: 900 };
    expect(look([crowd, crowd, ...repeat(20, {})])).to.deep.equal([4, 10, 11]);
    const gone = [crowd, crowd, ...repeat(5, { busy: 31 })];
    expect(look([...gone, ...repeat(20, {})])).to.deep.equal([4, 12, 13]);
  });

  it("collects when there is nothing to do after the start, and not again after each pause of those who work", () => {
    const work = repeat(3, { busy: 800 });
    const idle = repeat(30, { busy: 5 });
    expect(look([{ busy: 900 }, ...idle])).to.deep.equal([6, 12, 13]);
    expect(look([{ busy: 900 }, ...idle, ...work, ...idle])).to.deep.equal([6, 12, 13]);
    expect(look([{ busy: 900 }, ...work, ...idle])).to.deep.equal([]);
    const rest = repeat(300, { busy: 5 });
    expect(look([{ busy: 900 }, ...idle, ...rest, ...work, ...idle])).to.deep.equal([6, 12, 13]);
  });

  it("does so for no small work, not beside work, and not where there is much to look through", () => {
    expect(look([{ busy: 300 }, ...repeat(900, { busy: 29 })])).to.deep.equal([]);
    expect(look(repeat(900, { busy: 31 }))).to.deep.equal([]);
    expect(look([{ busy: 900 }, ...repeat(30, { heap: 65 * mib })])).to.deep.equal([]);
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
