// The clocks of a WebSocket without waiting for them: how fast a client sends, and whether it is still there.
import type { Duplex } from "node:stream";
import { expect } from "chai";
import { defaultSocketLimits } from "../../../src/front/websocket/options.ts";
import { PeerClock } from "../../../src/front/websocket/peer-clock.ts";
import type { PeerState } from "../../../src/front/websocket/peer-clock.ts";
import { RateMeter } from "../../../src/front/websocket/rate-meter.ts";

describe("RateMeter", () => {
  const rate = { messagesPerSecond: 100, bytesPerSecond: 1000, rateExcessMs: 10_000 };
  const takeUntilOver = (meter: RateMeter, most = 10_000): number => {
    for (let taken = 1; taken <= most; taken++) if (!meter.take(1, 0)) return taken;
    return Infinity;
  };

  it("lets a second's worth of messages through at once, and as many a second", () => {
    const meter = new RateMeter(rate, 0);
    expect(takeUntilOver(meter)).to.equal(101);
    expect(meter.refill(1000)).to.equal("within");
    expect(takeUntilOver(meter)).to.equal(100);
  });

  it("counts bytes beside messages", () => {
    const meter = new RateMeter(rate, 0);
    expect(meter.take(1, 1000)).to.equal(true);
    expect(meter.take(1, 1)).to.equal(false);
  });

  it("does not save up what was not used", () => {
    const meter = new RateMeter(rate, 0);
    expect(meter.refill(60_000)).to.equal("within");
    expect(takeUntilOver(meter)).to.equal(101);
  });

  it("holds on until a debt is paid", () => {
    const meter = new RateMeter(rate, 0);
    meter.take(350, 0);
    expect([1000, 2000, 3000].map((now) => meter.refill(now))).to.deep.equal(["over", "over", "within"]);
  });

  it("says when it has been too long without a break, and forgets with one", () => {
    const meter = new RateMeter(rate, 0);
    const floodFor = (from: number, seconds: number): string[] =>
      Array.from({ length: seconds }, (_, index) => {
        takeUntilOver(meter);
        return meter.refill((from + index) * 1000);
      });
    expect(floodFor(1, 9)).not.to.include("too-long");
    expect(meter.refill(10_000)).to.equal("within");
    expect(floodFor(11, 10)).not.to.include("too-long");
    expect(floodFor(21, 1)).to.deep.equal(["too-long"]);
  });
});

describe("PeerClock", () => {
  const limits = { ...defaultSocketLimits, pingMs: 25_000, pongMs: 10_000, slowConsumerMs: 30_000, closeMs: 5000 };
  const open = { isPaused: false, isClosing: false };
  let net: { bytesRead: number; bytesWritten: number; writableLength: number };
  let clock: PeerClock;

  beforeEach(() => {
    net = { bytesRead: 0, bytesWritten: 0, writableLength: 0 };
    clock = new PeerClock(net as unknown as Duplex, limits, 0);
  });

  const at = (seconds: number, how: Partial<typeof open> = {}): PeerState =>
    clock.look(seconds * 1000, { ...open, ...how });

  it("has a silent client asked, and gives it up when it does not answer", () => {
    expect([at(24), at(25), at(34), at(35)]).to.deep.equal(["alive", "silent", "alive", "gone"]);
  });

  it("takes any byte for an answer", () => {
    at(25);
    net.bytesRead = 1;
    expect([at(35), at(49)]).to.deep.equal(["alive", "alive"]);
    expect(at(50)).to.equal("silent");
  });

  it("asks as well when only the client says something: proxies count silence either way", () => {
    net.bytesRead = 1;
    at(20);
    net.bytesRead = 2;
    expect(at(25)).to.equal("silent");
  });

  it("stands still while reading is paused", () => {
    at(25);
    net.bytesWritten = 2;
    expect(at(40, { isPaused: true })).to.equal("alive");
    expect(at(100, { isPaused: true })).to.equal("silent");
    net.bytesWritten = 4;
    expect(at(101)).to.equal("silent");
    expect(at(112)).to.equal("gone");
  });

  it("tells a client that takes nothing, as long as something waits for it", () => {
    at(1);
    net.bytesWritten = 1000;
    net.writableLength = 500;
    expect([at(2), at(30), at(31)]).to.deep.equal(["alive", "alive", "stalled"]);
  });

  it("has patience as long as a kilobyte is taken", () => {
    net.bytesWritten = 10_000;
    net.writableLength = 5000;
    at(1);
    net.writableLength = 3000;
    expect([at(30), at(59)]).to.deep.equal(["alive", "alive"]);
    net.writableLength = 2000;
    expect(at(60)).to.equal("stalled");
  });

  it("does not ask for an answer to what has not left", () => {
    at(25);
    net.bytesWritten = 1000;
    net.writableLength = 500;
    at(30);
    net.writableLength = 0;
    expect([at(31), at(39), at(40)]).to.deep.equal(["alive", "alive", "gone"]);
  });

  it("bounds the time for the answer to a close frame", () => {
    expect([at(100, { isClosing: true }), at(104, { isClosing: true }), at(105, { isClosing: true })]).to.deep.equal([
      "alive",
      "alive",
      "gone",
    ]);
  });
});
