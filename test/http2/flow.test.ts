// Receive windows: the books balance whatever is received and consumed, and windows grow only for fast links.
import { expect } from "chai";
import fc from "fast-check";
import { ReceiveWindow } from "../../src/http2/flow.ts";
import type { Clock } from "../../src/http2/flow.ts";

function clock(step: number, roundTripMs = 10): Clock {
  let time = 1000;
  return { now: () => (time += step), roundTripMs };
}

describe("ReceiveWindow", () => {
  it("never leaves a sender stuck, never lets it send more than the window, and keeps below its cap", () => {
    const steps = fc.array(fc.record({ send: fc.nat(5000), consume: fc.nat(5000), pause: fc.nat(50) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4000 }),
        fc.integer({ min: 0, max: 20_000 }),
        steps,
        (size, more, moves) => {
          let time = 1000;
          const ticking: Clock = { now: () => time, roundTripMs: 10 };
          const window = new ReceiveWindow(size, size + more, 0);
          let allowed = size;
          let held = 0;
          for (const { send, consume, pause } of moves) {
            time += pause;
            const sent = Math.min(send, allowed);
            allowed -= sent;
            held += sent;
            expect(window.take(sent)).to.equal(true);
            const consumed = Math.min(consume, held);
            held -= consumed;
            if (consumed > 0) allowed += window.release(consumed, ticking);
            expect(allowed + held).to.be.at.most(window.size);
            expect(window.size).to.be.at.most(size + more);
            // Everything consumed: at least half the window is open.
            if (held === 0) expect(allowed * 2).to.be.at.least(window.size - 1);
          }
          expect(window.take(allowed)).to.equal(true);
          expect(window.take(1)).to.equal(false);
        },
      ),
    );
  });

  it("gives credit for half a window at a time", () => {
    const window = new ReceiveWindow(1000, 1000, 0);
    window.take(900);
    expect([window.release(400, clock(1)), window.release(99, clock(1)), window.release(1, clock(1))]).to.deep.equal([
      0, 0, 500,
    ]);
  });

  it("doubles while half of it lasts less than two round trips, up to its cap", () => {
    const window = new ReceiveWindow(1000, 3000, 0);
    const fast = clock(5);
    const sizes = Array.from({ length: 5 }, () => {
      window.take(window.size / 2);
      window.release(window.size / 2, fast);
      return window.size;
    });
    expect(sizes).to.deep.equal([1000, 2000, 3000, 3000, 3000]);
  });

  it("stays as it is for a slow link", () => {
    const window = new ReceiveWindow(1000, 3000, 0);
    const slow = clock(21);
    for (let round = 0; round < 5; round++) {
      window.take(500);
      window.release(500, slow);
    }
    expect(window.size).to.equal(1000);
  });

  it("tolerates what a peer believes before it has read our SETTINGS", () => {
    const window = new ReceiveWindow(1000, 1000, 65_535);
    expect(window.take(65_535)).to.equal(true);
    expect(window.take(1)).to.equal(false);
  });

  it("is raised to what another has grown to", () => {
    const window = new ReceiveWindow(1000, 3000, 0);
    expect([window.raise(500), window.raise(2500), window.raise(9000), window.size]).to.deep.equal([
      0, 1500, 500, 3000,
    ]);
  });
});
