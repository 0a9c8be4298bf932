import { expect } from "chai";
import { judgeCycles, judgeRate, judgeSlow, judgeSockets } from "../../bench/stream/verdicts.ts";

const common = { date: "2026-11-21T00:00:00.000Z", left: [] };
const rate = { ...common, id: "stream-simple", title: "WebSocket", runs: 1 };
const row = { subject: "sluice", label: "Sluice", perSecond: 1, busy: 1, p50: 0, p99: 0, samples: [] };
const sockets = {
  subject: "sluice",
  label: "Sluice",
  openedPerSecond: 499,
  beforeMiB: 90,
  kibPerSocket: 25,
  heapKibPerSocket: 9,
  externalKibPerSocket: 1,
  drainSeconds: 10.5,
  codes: { 1001: 9_999, 0: 1 },
};

function holds(verdicts: readonly { readonly holds: boolean }[]): boolean[] {
  return verdicts.map((verdict) => verdict.holds);
}

describe("the verdicts on streams", () => {
  it("asks for so many messages per core, where something is asked, and of nobody else", () => {
    expect(holds(judgeRate({ ...rate, asked: 60_000, rows: [{ ...row, perCore: 60_000 }] }))).to.deep.equal([true]);
    expect(holds(judgeRate({ ...rate, asked: 60_000, rows: [{ ...row, perCore: 59_999 }] }))).to.deep.equal([false]);
    expect(judgeRate({ ...rate, asked: undefined, rows: [{ ...row, perCore: 1 }] })).to.deep.equal([]);
    const other = { ...row, subject: "websocket-proxy", perCore: 1 };
    expect(judgeRate({ ...rate, asked: 60_000, rows: [other] })).to.deep.equal([]);
  });

  it("asks for memory, opening, ending and the close code of each of the many sockets", () => {
    const verdicts = judgeSockets({ ...common, sockets: 10_000, rows: [sockets] });
    expect(holds(verdicts)).to.deep.equal([true, false, false, false]);
  });

  it("asks that the others go on beside slow clients", () => {
    const echoes = { p50: 1, p99: 1, perSecond: 1000, cpu: 20 };
    const slow = { ...common, slow: 200, others: 20, before: echoes, heapKib: 1, externalKib: 1 };
    const verdicts = judgeSlow({ ...slow, kibPerSlowClient: 513, during: { ...echoes, cpu: 25 } });
    expect(holds(verdicts)).to.deep.equal([false, true]);
  });

  it("holds memory after the last cycle against the start, the first, and what the process had when it had rested", () => {
    const cycles = { ...common, sockets: 10_000, openMiB: [], closedMiB: [100, 107] };
    const verdicts = judgeCycles({ ...cycles, startMiB: 110, restedMiB: 90, lastMiB: 105 });
    expect(holds(verdicts)).to.deep.equal([true, true, false]);
  });
});
