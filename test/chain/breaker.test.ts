import { expect } from "chai";
import { Breaker } from "../../src/chain/breaker.ts";

function newBreaker() {
  const clock = { ms: 0 };
  const breaker = new Breaker(() => clock.ms);
  const fail = (times: number): void => {
    for (let i = 0; i < times; i++) breaker.fail();
  };
  return { breaker, clock, fail };
}

describe("Breaker", () => {
  it("opens after three failures in a row, not after three in all", () => {
    const { breaker, fail } = newBreaker();
    fail(2);
    breaker.succeed();
    fail(2);
    expect(breaker.admits()).to.equal(true);
    fail(1);
    expect(breaker.admits()).to.equal(false);
  });

  it("asks once after a pause, and one at a time", () => {
    const { breaker, clock, fail } = newBreaker();
    fail(3);
    clock.ms = 249;
    expect(breaker.admits()).to.equal(false);
    clock.ms = 250;
    expect([breaker.admits(), breaker.admits()]).to.deep.equal([true, false]);
    breaker.succeed();
    expect([breaker.admits(), breaker.admits(), breaker.isOpen]).to.deep.equal([true, true, false]);
  });

  it("waits twice as long after each question that fails, ten seconds at most", () => {
    const { breaker, clock, fail } = newBreaker();
    fail(3);
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      const from = clock.ms;
      while (!breaker.admits()) clock.ms += 250;
      pauses.push(clock.ms - from);
      breaker.fail();
    }
    expect(pauses).to.deep.equal([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it("is not moved by failures of questions asked before it opened", () => {
    const { breaker, clock, fail } = newBreaker();
    fail(100);
    clock.ms = 250;
    expect(breaker.admits()).to.equal(true);
  });
});
