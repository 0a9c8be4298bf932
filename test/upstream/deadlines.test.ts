// The timer wheel: everything expires once, never early, in whatever order it was added and removed.
import { expect } from "chai";
import { backoffMs } from "../../src/upstream/backoff.ts";
import { Deadlines, type Timed } from "../../src/upstream/deadlines.ts";
import { parseEndpoint } from "../../src/upstream/dial.ts";
import { decodeMessage } from "../../src/upstream/reply-headers.ts";
import { callHeaders, formatTimeout } from "../../src/upstream/request-headers.ts";

interface Entry extends Timed {
  expiredAt: number;
}

function entry(inMs: number, onExpire: () => void = () => {}): Entry {
  return {
    deadline: performance.now() + inMs,
    tick: -1,
    previous: undefined,
    next: undefined,
    expiredAt: 0,
    expire() {
      expect(this.expiredAt).to.equal(0);
      this.expiredAt = performance.now();
      onExpire();
    },
  };
}

describe("Deadlines", () => {
  it("expire each once and not before its time, whatever the order", async () => {
    const deadlines = new Deadlines();
    const entries = Array.from({ length: 300 }, (_, i) => entry(((i * 7919) % 120) - 10));
    for (const one of entries) deadlines.add(one);
    const removed = entries.filter((_, i) => i % 3 === 0);
    for (const one of removed) deadlines.remove(one);
    const last = entry(130);
    await new Promise<void>((resolve) => {
      deadlines.add({ ...last, expire: resolve });
    });
    for (const [i, one] of entries.entries()) {
      if (i % 3 === 0) expect(one.expiredAt).to.equal(0);
      else expect(one.expiredAt).to.be.at.least(one.deadline);
    }
  });

  it("keeps what lies further ahead than one round of the wheel for a later one", async () => {
    const deadlines = new Deadlines();
    const round = 1024 * 8;
    const far = entry(1000 * round + 24);
    deadlines.add(far);
    const near = far.deadline - 1000 * round;
    await new Promise<void>((resolve) => deadlines.add({ ...entry(0, resolve), deadline: near }));
    expect(far.expiredAt).to.equal(0);
    deadlines.remove(far);
  });

  it("expires nothing that another has ended, and takes what it adds", async () => {
    const deadlines = new Deadlines();
    const second = entry(10);
    await new Promise<void>((resolve) => {
      const expire = (): void => {
        deadlines.remove(second);
        deadlines.add(entry(0, resolve));
      };
      const first = { ...entry(0, expire), deadline: second.deadline };
      // The last one added is looked at first.
      deadlines.add(second);
      deadlines.add(first);
    });
    expect(second.expiredAt).to.equal(0);
  });

  it("may remove twice", () => {
    const deadlines = new Deadlines();
    const [a, b, c] = [entry(1000), entry(1000), entry(1000)];
    for (const one of [a, b, c]) deadlines.add(one);
    for (const one of [b, b, a, a, c, c]) deadlines.remove(one);
    expect([a, b, c].map(({ tick }) => tick)).to.deep.equal([-1, -1, -1]);
  });
});

describe("backoffMs", () => {
  it("begins at a second, grows by 1.6, stops at two minutes, and varies by a fifth", () => {
    const rounded = (failures: number, random: number): number => Math.round(backoffMs(failures, random));
    expect([1, 2, 3, 40].map((failures) => rounded(failures, 0.5))).to.deep.equal([1000, 1600, 2560, 120_000]);
    expect([rounded(1, 0), rounded(1, 1)]).to.deep.equal([800, 1200]);
  });
});

describe("parseEndpoint", () => {
  for (const [target, endpoint] of [
    ["localhost:50051", { kind: "host", host: "localhost", port: 50_051 }],
    ["dns:///svc.local:443", { kind: "host", host: "svc.local", port: 443 }],
    ["dns:svc:1", { kind: "host", host: "svc", port: 1 }],
    ["[::1]:80", { kind: "host", host: "::1", port: 80 }],
    ["unix:/run/x.sock", { kind: "unix", path: "/run/x.sock" }],
  ] as const) {
    it(`reads ${target}`, () => expect(parseEndpoint(target)).to.deep.equal(endpoint));
  }
});

describe("formatTimeout", () => {
  it("has at most eight digits and is never shorter than what is left", () => {
    for (const [ms, text] of [
      [0.1, "1m"],
      [14_999.2, "15000m"],
      [99_999_999, "99999999m"],
      [99_999_999.5, "100000S"],
      [9e10, "25000H"],
      [1e15, "99999999H"],
    ] as const) {
      expect(formatTimeout(ms)).to.equal(text);
    }
  });
});

describe("callHeaders", () => {
  it("refuses a deadline that has passed, and sends none for none", () => {
    expect(() => callHeaders(performance.now() - 1, [])).to.throw("deadline exceeded");
    expect(callHeaders(Infinity, ["a", "b"])).to.deep.equal(["a", "b"]);
    expect(callHeaders(performance.now() + 60_000, ["a", "b"])[0]).to.equal("grpc-timeout");
  });
});

describe("decodeMessage", () => {
  for (const [text, decoded] of [
    ["plain", "plain"],
    ["100%25 %C3%BCber", "100% über"],
    ["50%ZZ %", "50%ZZ %"],
    ["%4", "%4"],
    ["%E2%82", "\uFFFD"],
  ] as const) {
    it(`reads ${text}`, () => expect(decodeMessage(text)).to.equal(decoded));
  }
});
