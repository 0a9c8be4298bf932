import { expect } from "chai";
import { StreamClock } from "../../../src/front/stream/stream-clock.ts";
import { Sweep } from "../../../src/front/stream/sweep.ts";
import type { Swept } from "../../../src/front/stream/sweep.ts";

describe("Sweep", () => {
  it("looks at each, whoever leaves meanwhile", () => {
    const sweep = new Sweep();
    const seen: number[] = [];
    const items = Array.from({ length: 10 }, (_, i): Swept => ({
      sweepIndex: -1,
      check() {
        seen.push(i);
        if (i % 2 === 0) sweep.delete(items[i]);
        if (i === 9) sweep.delete(items[0]);
      },
    }));
    for (const item of items) sweep.add(item);
    sweep.add(items[3]);
    sweep.tick(1);
    expect([...new Set(seen)].sort((a, b) => a - b)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    seen.length = 0;
    sweep.tick(2);
    expect(seen.toSorted((a, b) => a - b)).to.deep.equal([1, 3, 5, 7, 9]);
    expect([sweep.now, sweep.size]).to.deep.equal([2, 5]);
    sweep.stop();
  });
});

describe("StreamClock", () => {
  const reasons: (string | undefined)[] = [];
  const clockOf = (sweep: Sweep, idleMs: number, lifetimeMs: number): StreamClock =>
    new StreamClock(sweep, { idleMs, lifetimeMs }, ({ reason }) => void reasons.push(reason));
  let sweep: Sweep;

  beforeEach(() => {
    reasons.length = 0;
    sweep = new Sweep();
  });

  afterEach(() => sweep.stop());

  it("ends a silent stream, once", () => {
    const now = performance.now();
    const clock = clockOf(sweep, 1000, Infinity);
    sweep.tick(now + 900);
    clock.touch();
    sweep.tick(now + 1800);
    expect(reasons).to.deep.equal([]);
    sweep.tick(now + 1901);
    sweep.tick(now + 9000);
    expect(reasons).to.deep.equal(["STREAM_IDLE"]);
    expect(sweep.size).to.equal(0);
  });

  it("ends an old stream within a tenth of its time, busy or not", () => {
    const now = performance.now();
    const clocks = Array.from({ length: 100 }, () => clockOf(sweep, 10_000, 100_000));
    for (let at = 0; at < 89_000; at += 5000) {
      sweep.tick(now + at);
      for (const clock of clocks) clock.touch();
    }
    expect(reasons).to.deep.equal([]);
    sweep.tick(now + 89_900);
    for (const clock of clocks) clock.touch();
    sweep.tick(now + 99_000);
    expect(reasons.length, "ends are spread").to.be.within(1, 99);
    for (const clock of clocks) clock.touch();
    sweep.tick(performance.now() + 110_000);
    expect(new Set(reasons)).to.deep.equal(new Set(["STREAM_LIFETIME"]));
    expect(reasons).to.have.length(100);
  });

  it("is nothing to look at where streams may last for ever, and after its stop", () => {
    clockOf(sweep, Infinity, Infinity);
    expect(sweep.size).to.equal(0);
    clockOf(sweep, 1, 1).stop();
    expect(sweep.size).to.equal(0);
  });
});
