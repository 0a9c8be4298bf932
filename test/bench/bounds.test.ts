import { expect } from "chai";
import { judge } from "../../bench/load/bounds.ts";
import type { CellResult, Row } from "../../bench/load/run-cell.ts";

function row(subject: string, cpu: number, p50: number | undefined): Row {
  return { subject, label: subject, cpu, p50, p99: p50, rps: 1, rssMiB: 1, requests: 1, errors: 0, samples: [cpu] };
}

function result(...rows: Row[]): CellResult {
  return { id: "cell", title: "cell", runs: 1, date: "2026-11-21T00:00:00.000Z", rows, left: [] };
}

describe("judge", () => {
  it("divides our figure by the other's", () => {
    const verdict = judge(
      { against: "envoy", metric: "cpu", atMost: 0.6 },
      result(row("sluice", 18, 1), row("envoy", 36, 1)),
    );
    expect(verdict).to.include({ measured: 0.5, asked: 0.6, holds: true });
  });

  it("does not hold above the bound", () => {
    const verdict = judge(
      { against: "envoy", metric: "cpu", atMost: 0.6 },
      result(row("sluice", 30, 1), row("envoy", 36, 1)),
    );
    expect(verdict?.holds).to.equal(false);
  });

  it("takes the bare backend off both when a bound is on what the gateway adds", () => {
    const rows = [row("sluice", 1, 160), row("envoy", 1, 220), row("backend", 1, 100)];
    expect(judge({ against: "envoy", metric: "p50", atMost: 1, isAdded: true }, result(...rows))?.measured).to.equal(
      0.5,
    );
  });

  it("judges nothing without both figures", () => {
    const bound = { against: "envoy", metric: "p50", atMost: 1 } as const;
    expect(judge(bound, result(row("sluice", 1, 1)))).to.equal(undefined);
    expect(judge(bound, result(row("sluice", 1, 1), row("envoy", 1, undefined)))).to.equal(undefined);
    expect(judge({ ...bound, isAdded: true }, result(row("sluice", 1, 1), row("envoy", 1, 1)))).to.equal(undefined);
  });
});
