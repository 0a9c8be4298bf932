// The dashboard, the alerts and the metrics, against a real Prometheus: what it scrapes, every query of every panel, exemplars.
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { startGatewayProcess } from "../proxies/gateway-process.ts";
import type { GatewayProcess } from "../proxies/gateway-process.ts";
import type { StreamHandle } from "../support/stream-client.ts";
import { checkMetrics, hasPrometheus, startPrometheus } from "./prometheus.ts";
import type { Prometheus } from "./prometheus.ts";
import { makeTraffic, observed, openStreams, readMetrics } from "./traffic.ts";

interface Target {
  readonly expr: string;
  readonly exemplar?: boolean;
}
interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly Target[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

/** What Grafana puts in the place of its variables when all is chosen. */
function settle(query: string): string {
  return query.replaceAll("$__rate_interval", "1m").replaceAll(/\$(?:job|instance|method)\b/g, ".*");
}

/** There is a number for these, which is zero unless something is wrong that the test cannot do to a gateway. */
const quiet =
  /sluice_(?:shed_calls_total|log_lines_dropped_total|upstream_waiting|stream_messages_dropped_total|websocket_pauses_total)|sluice_upstream_ready\{.*== 0/;

const files = readdirSync("docs/grafana").filter((name) => name.endsWith(".json"));
const dashboards = files.map((file) => JSON.parse(readFileSync(`docs/grafana/${file}`, "utf8")) as Dashboard);

describe("metrics, as Prometheus has them", () => {
  let gateways: GatewayProcess[] = [];
  let open: readonly StreamHandle[] = [];
  let prometheus: Prometheus;

  before(async function () {
    if (!hasPrometheus()) this.skip();
    gateways = await Promise.all([startGatewayProcess(observed), startGatewayProcess({ ...observed, workers: 2 })]);
    prometheus = await startPrometheus(gateways.map(({ admin }) => admin ?? ""));
    // A rate needs two values of a series; the second of some is there after the second time only.
    for (let round = 0; round < 2; round++) {
      for (const gateway of gateways) await makeTraffic(gateway);
      await prometheus.scraped();
    }
    open = (await Promise.all(gateways.map(openStreams))).flat();
    await prometheus.scraped();
  });

  after(async () => {
    for (const handle of open) handle.cancel();
    await prometheus?.close();
    await Promise.all(gateways.map((gateway) => gateway.close()));
  });

  for (const [index, { panels, templating, annotations }] of dashboards.entries())
    describe(files[index], () => {
      for (const { title, targets = [] } of panels)
        for (const { expr, exemplar = false } of targets)
          it(`shows something: ${title}: ${expr}`, async () => {
            const samples = await prometheus.query(settle(expr));
            expect(samples, "no series").to.not.be.empty;
            expect(samples.some(({ value }) => Number.isFinite(value) && (value > 0 || quiet.test(expr)))).to.equal(
              true,
            );
            if (exemplar) expect(await prometheus.exemplars(settle(expr))).to.not.be.empty;
          });

      it("has values for every variable", async () => {
        for (const { name, query } of templating.list) {
          const [, selector, label] =
            /^label_values\((.*), (\w+)\)$/.exec((query as { query?: string }).query ?? "") ?? [];
          if (selector !== undefined)
            expect(await prometheus.labelValues(label, settle(selector)), name).to.not.be.empty;
        }
      });

      it("marks restarts, and there were none", async () => {
        for (const { expr } of annotations.list) expect(await prometheus.query(settle(expr))).to.be.empty;
      });
    });

  it("can be asked for by every alert", async () => {
    const health = await prometheus.healthOfRules();
    expect(health.length).to.be.greaterThan(5);
    expect(new Set(health)).to.deep.equal(new Set(["ok"]));
  });

  it("are found by promtool to be as they are wanted, alone and from workers", async () => {
    for (const gateway of gateways) expect(checkMetrics(await readMetrics(gateway))).to.equal("");
  });

  it("would be found by promtool not to be", () => {
    expect(checkMetrics("# TYPE a_counter gauge\na_counter 1\n")).to.contain("a_counter");
  });

  it("are scraped as OpenMetrics, with their types and units", async () => {
    expect(await prometheus.metadata("sluice_call_duration_seconds")).to.deep.include({
      type: "histogram",
      help: "Time from the head of the request to the end of the answer; of a stream, to its end.",
      unit: "seconds",
    });
    expect((await prometheus.metadata("sluice_calls")).map(({ type }) => type)).to.deep.equal(["counter"]);
  });

  it("have one exemplar for each bucket at a time, of traces that the log tells of, from each worker", async () => {
    const found = await prometheus.exemplars("sluice_call_duration_seconds_bucket");
    for (const { series, labels, value } of found) {
      expect(Object.keys(labels).sort()).to.deep.equal(["span_id", "trace_id"]);
      expect(labels["trace_id"]).to.match(/^[0-9a-f]{32}$/);
      expect(labels["span_id"]).to.match(/^[0-9a-f]{16}$/);
      expect(value).to.be.at.most(Number(series["le"].replace("+Inf", "Infinity")));
    }
    const instances = new Set(found.map(({ series }) => `${series["instance"]} ${series["worker"] ?? "alone"}`));
    const [alone, several] = gateways.map(({ admin }) => admin);
    expect([...instances].sort()).to.deep.equal([`${alone} alone`, `${several} 1`, `${several} 2`].sort());
    const ofOne = found.find(({ series }) => series["instance"] === alone)!;
    await gateways[0].program.line(new RegExp(`"trace_id":"${ofOne.labels["trace_id"]}"`));
  });
});
