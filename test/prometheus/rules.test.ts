// The alerts of docs/prometheus, as promtool tries them: each goes off for what it is there for, and none for a gateway that fares well.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { createFolder } from "../config/yaml-fixture.ts";
import { hasPrometheus } from "./prometheus.ts";

const file = resolve("docs/prometheus/sluice.rules.yml");
const { groups } = parse(readFileSync(file, "utf8")) as {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
};
const rules = groups.flatMap((group) => group.rules);

/** Series over an hour, by minutes, as promtool writes them. */
type Series = Readonly<Record<string, string>>;
interface Case {
  readonly well: Series;
  readonly badly: Series;
}

const late = (inTime: string): Series => ({
  'nodejs_eventloop_lag_seconds_bucket{le="0.25"}': inTime,
  'nodejs_eventloop_lag_seconds_bucket{le="0.5"}': "0+100x60",
  'nodejs_eventloop_lag_seconds_bucket{le="+Inf"}': "0+100x60",
});
const heap = (used: number): Series => ({
  nodejs_heap_size_used_bytes: `${used}x60`,
  nodejs_heap_size_limit_bytes: "100x60",
});
const waiting = (streams: number): Series => ({
  'sluice_streams_waiting{method="m"}': `${streams}x60`,
  'sluice_streams{method="m"}': "10x60",
});
const calls = (code: string): Series => ({
  'sluice_calls_total{method="m",code="OK"}': "0+10x60",
  [`sluice_calls_total{method="m",code="${code}"}`]: "0+1x60",
});

const cases: Readonly<Record<string, Case>> = {
  SluiceFailures: { well: calls("NOT_FOUND"), badly: calls("INTERNAL") },
  SluiceUpstreamAway: {
    well: { 'sluice_upstream_ready{target="t"}': "1x60" },
    badly: { 'sluice_upstream_ready{target="t"}': "0x60" },
  },
  SluiceLate: { well: late("0+100x60"), badly: late("0+90x60") },
  SluiceShedding: { well: { sluice_shed_calls_total: "0x60" }, badly: { sluice_shed_calls_total: "0+5x60" } },
  SluiceHeapNearlyFull: { well: heap(60), badly: heap(90) },
  SluiceStreamsStarved: { well: waiting(1), badly: waiting(9) },
  SluiceRedisAway: { well: { sluice_redis_up: "1x60" }, badly: { sluice_redis_up: "0x60" } },
  SluiceKeysOld: {
    well: { 'sluice_jwks_age_seconds{issuer="i"}': "70000x60" },
    badly: { 'sluice_jwks_age_seconds{issuer="i"}': "80000x60" },
  },
  SluiceLogLinesLost: {
    well: { sluice_log_lines_dropped_total: "0x60" },
    badly: { sluice_log_lines_dropped_total: "0+1x60" },
  },
};

/** What promtool has to say; empty for all as expected. `firing` alerts are there after the hour, and no others. */
function tryRules(series: Series, firing: readonly string[]): string {
  const folder = createFolder();
  const test = {
    rule_files: [file],
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
            eval_time: "1h",
            exp_samples: firing.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
          },
        ],
      },
    ],
  };
  try {
    const args = ["test", "rules", folder.write("test.yml", JSON.stringify(test))];
    const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
    return status === 0 ? "" : stdout + stderr;
  } finally {
    folder.dispose();
  }
}

describe("docs/prometheus", () => {
  before(function () {
    if (!hasPrometheus()) this.skip();
  });

  it("has alerts that are tried here, all of them", () => {
    expect(rules.map(({ alert }) => alert).sort()).to.deep.equal(Object.keys(cases).sort());
  });

  it("is as promtool wants it", () => {
    expect(spawnSync("promtool", ["check", "rules", file]).status).to.equal(0);
  });

  for (const [alert, { badly }] of Object.entries(cases))
    it(`goes off: ${alert}`, () => expect(tryRules(badly, [alert])).to.equal(""));

  it("is silent about a gateway that fares well", () => {
    const all = Object.assign({}, ...Object.values(cases).map(({ well }) => well)) as Series;
    expect(tryRules(all, [])).to.equal("");
    expect(tryRules(all, ["SluiceLate"])).to.not.equal("");
  });
});
