import { expect } from "chai";
import { afterOwnTime } from "../src/own-time.ts";
import { standStill } from "./support/stand-still.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("afterOwnTime", () => {
  it("calls back once, and not before the time is over", async () => {
    const before = performance.now();
    let calls = 0;
    await new Promise<void>((resolve) => afterOwnTime(50, () => (calls++, resolve())));
    // Clocks of timers are of whole milliseconds.
    expect(performance.now() - before).to.be.at.least(48);
    await new Promise<void>((resolve) => afterOwnTime(50, resolve));
    expect(calls).to.equal(1);
  });

  it("does not count the time in which nothing ran", async () => {
    let isOver = false;
    const over = new Promise<void>((resolve) => afterOwnTime(50, () => ((isOver = true), resolve())));
    standStill(100);
    for (let i = 0; i < 3; i++) await turn();
    expect(isOver).to.equal(false);
    await over;
  });

  it("does not call back when it was stopped", async () => {
    let calls = 0;
    afterOwnTime(5, () => calls++)();
    await new Promise<void>((resolve) => afterOwnTime(50, resolve));
    expect(calls).to.equal(0);
  });
});
