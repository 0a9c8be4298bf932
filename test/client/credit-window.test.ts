import { expect } from "chai";
import { CreditWindow } from "../../src/client/credit-window.ts";
import { Pace } from "../../src/client/pace.ts";
import type { Environment } from "../../src/client/environment.ts";

describe("CreditWindow", () => {
  it("begins with 256, doubles for a reader that keeps up with a fast stream, and stops at 4096", () => {
    const window = new CreditWindow();
    expect(window.open(0, 0)).to.equal(256);
    const grants: number[] = [];
    for (let message = 0; message < 20_000; message++) {
      expect(window.receive()).to.equal(true);
      const grant = window.take(true, 0);
      if (grant > 0) grants.push(grant);
    }
    expect(grants.slice(0, 6)).to.deep.equal([128 + 256, 256 + 512, 512 + 1024, 1024 + 2048, 2048, 2048]);
  });

  it("stays as it is for a slow stream, and for a slow reader", () => {
    for (const [isDry, pause] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const window = new CreditWindow(4, 16);
      window.open(0, 0);
      const grants = Array.from({ length: 8 }, (_, i) => {
        window.receive();
        return window.take(isDry, i * pause * 100);
      });
      expect(grants).to.deep.equal([0, 2, 0, 2, 0, 2, 0, 2]);
    }
  });

  it("counts what still waits when a stream is opened again", () => {
    const window = new CreditWindow(8, 8);
    window.open(0, 0);
    expect(window.open(5, 0)).to.equal(3);
    expect(window.open(9, 0)).to.equal(0);
    expect(window.receive()).to.equal(false);
  });
});

describe("Pace", () => {
  const paceOf = (random: number): Pace => new Pace({ random: () => random, now: () => 0 } as Environment);

  it("waits up to a second at first, then half to all of twice as long each time, at most 30 s", () => {
    const delays = (random: number): number[] => [0, 1, 2, 3, 4, 5, 6, 7, 100].map((n) => paceOf(random).delay(n));
    expect(delays(0)).to.deep.equal([0, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(delays(1)).to.deep.equal([1000, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("grants no more than the protocol has, and never nothing", () => {
    expect(new CreditWindow(1e12).open(0, 0)).to.equal(2 ** 31 - 1);
    for (const size of [0, -1, NaN, 0.5]) expect(new CreditWindow(size).open(0, 0), String(size)).to.equal(1);
    expect(new CreditWindow(2, NaN).open(0, 0)).to.equal(2);
  });
});
