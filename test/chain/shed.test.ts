import { expect } from "chai";
import { LoadWatch } from "../../src/chain/load-watch.ts";
import { createShed } from "../../src/chain/shed.ts";
import type { Method } from "../../src/schema/descriptor.ts";
import { GatewayError } from "../../src/status.ts";
import { newCall } from "./new-call.ts";

/** A watch that is told how late the loop is, look by look, and how full the heap. */
function newWatch() {
  const heap = { part: 0.2 };
  const watch = new LoadWatch({ maxDelayMs: 500, maxHeap: 0.9, readHeap: () => heap.part });
  const look = (times: number, lateMs: number): void => {
    for (let i = 0; i < times; i++) watch.look(100 + lateMs);
  };
  return { watch, heap, look };
}

const method = { name: "t.S.M" } as Method;
const health = { name: "grpc.health.v1.Health.Check" } as Method;

function shedOf(watch: LoadWatch) {
  const shed = createShed({ watch, isSpared: (one) => one === health });
  const count = (calls: number): number => {
    const before = shed.refused;
    for (let i = 0; i < calls; i++) {
      try {
        void shed.compile(method)?.(newCall());
      } catch (error) {
        expect(error).to.be.instanceOf(GatewayError).and.to.include({ reason: "OVERLOADED", httpStatus: 503 });
        expect((error as GatewayError).headers).to.deep.equal({ "retry-after": "1" });
      }
    }
    return shed.refused - before;
  };
  return { shed, count };
}

describe("shedding", () => {
  it("leaves calls alone while the loop is in time", () => {
    const { watch, look } = newWatch();
    look(100, 5);
    expect(shedOf(watch).count(1000)).to.equal(0);
  });

  it("forgives one long pause, as a garbage collection makes it", () => {
    const { watch, look } = newWatch();
    look(10, 0);
    look(1, 600);
    look(20, 0);
    expect(watch.isOverloaded).to.equal(false);
  });

  for (const minutes of [0.1, 1, 60])
    it(`forgives ${minutes} min in which nothing ran: a machine that slept has nothing to shed when it wakes`, () => {
      const { watch, look } = newWatch();
      look(10, 20);
      look(1, minutes * 60_000);
      expect(watch.isOverloaded).to.equal(false);
      look(1, 0);
      expect(watch.isOverloaded).to.equal(false);
    });

  it("begins before the loop is as late as it may be, and refuses more the longer that lasts, never all", () => {
    const { watch, look } = newWatch();
    const { count } = shedOf(watch);
    look(4, 450);
    expect(watch.delayMs).to.be.lessThan(500);
    const early = count(1000);
    expect(early).to.be.within(50, 900);
    look(10, 800);
    expect(count(1000)).to.be.within(899, 901);
  });

  it("is not deceived by pauses that follow each other: that is what overload looks like", () => {
    const { watch, look } = newWatch();
    look(3, 3000);
    expect(watch.isOverloaded).to.equal(true);
  });

  it("goes on until the loop is well in time again, then fades out", () => {
    const { watch, look } = newWatch();
    look(10, 600);
    const part = watch.part;
    // Neither late enough to begin nor well enough to end.
    look(30, 250);
    expect(watch.part).to.be.at.least(part);
    look(60, 0);
    expect(watch.isOverloaded).to.equal(false);
  });

  it("sheds when the heap stays full, until there is room again", () => {
    const { watch, heap, look } = newWatch();
    heap.part = 0.95;
    look(2, 0);
    heap.part = 0.5;
    look(1, 0);
    expect(watch.isOverloaded).to.equal(false);
    heap.part = 0.95;
    look(6, 0);
    expect(watch.part).to.equal(0.9);
    heap.part = 0.88;
    look(6, 0);
    expect(watch.part).to.equal(0.9);
    heap.part = 0.8;
    look(1, 0);
    expect(watch.isOverloaded).to.equal(false);
  });

  it("never refuses those who ask whether the gateway is well", () => {
    const { watch, look } = newWatch();
    look(20, 1000);
    expect(shedOf(watch).shed.compile(health)).to.equal(undefined);
  });

  it("is measured on the real loop, and ends with the gateway", async () => {
    const watch = new LoadWatch({ maxDelayMs: 10, maxHeap: 0.99 });
    watch.start();
    try {
      for (let i = 0; i < 40 && !watch.isOverloaded; i++) {
        const until = performance.now() + 150;
        while (performance.now() < until);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect(watch.isOverloaded).to.equal(true);
      expect(watch.heap).to.be.within(0, 1);
    } finally {
      watch.stop();
    }
  });
});
