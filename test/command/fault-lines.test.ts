// Faults in the log: each of the gateway's own, and of others enough to know of them.
import { expect } from "chai";
import { createFaultLines } from "../../src/command/fault-lines.ts";
import type { LogFields } from "../../src/log/log.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { newCall } from "../chain/new-call.ts";

function openFaults() {
  const lines: (LogFields & { level: string })[] = [];
  const clock = { now: 0 };
  const upstream = { target: "a:1" };
  const log = {
    tell: (level: string, _message: string, fields: LogFields = {}) => void lines.push({ level, ...fields }),
  };
  return {
    lines,
    clock,
    upstream,
    report: createFaultLines(log, { upstreamOf: () => upstream.target, now: () => clock.now }),
  };
}

const away = (host: string): GatewayError =>
  new GatewayError(Code.UNAVAILABLE, "upstream unavailable", {
    reason: "UPSTREAM_UNAVAILABLE",
    cause: new Error(`connect ECONNREFUSED ${host}`),
  });

describe("createFaultLines", () => {
  it("tells the stack of a fault, and the call it was met in", () => {
    const { lines, report } = openFaults();
    const call = newCall();
    call.requestId = "r1";
    report(GatewayError.from(new TypeError("x is no function")), call);
    expect(lines[0]).to.include({ level: "error", request_id: "r1", method: "t.S/Get", reason: "INTERNAL" });
    expect(lines[0]["stack"]).to.contain("TypeError: x is no function").and.to.contain("fault-lines.test");
  });

  it("tells each fault of the gateway's own, since its id leads to it", () => {
    const { lines, report } = openFaults();
    for (let i = 0; i < 3; i++) report(GatewayError.from(new Error("same")));
    expect(lines).to.have.length(3);
  });

  it("tells once a second that a backend is away, and how often that went untold", () => {
    const { lines, clock, report } = openFaults();
    for (let i = 0; i < 5; i++) report(away("a"));
    report(away("b"));
    clock.now = 1000;
    report(away("a"));
    expect(lines.map(({ level, repeated }) => [level, repeated])).to.deep.equal([
      ["warn", undefined],
      ["warn", undefined],
      ["warn", 4],
    ]);
  });

  it("tells of which backend, and of each that is away", () => {
    const { lines, upstream, report } = openFaults();
    const error = new GatewayError(Code.UNAVAILABLE, "upstream unavailable", { reason: "UPSTREAM_UNAVAILABLE" });
    report(error, newCall());
    upstream.target = "b:1";
    report(error, newCall());
    report(error, newCall());
    report(error);
    expect(lines.map((line) => line["upstream"])).to.deep.equal(["a:1", "b:1", undefined]);
  });

  it("bounds what it tells and remembers", () => {
    const { lines, report } = openFaults();
    for (let i = 0; i < 1000; i++) report(away(`${i}${"x".repeat(10_000)}`));
    expect(lines).to.have.length(1000);
    expect(JSON.stringify(lines[0]).length).to.be.lessThan(8000);
  });
});
