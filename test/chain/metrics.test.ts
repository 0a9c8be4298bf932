// Calls are counted by method and front, and by nothing that clients choose.
import { expect } from "chai";
import { CallCounts } from "../../src/chain/call-counts.ts";
import { composeChain } from "../../src/chain/compose.ts";
import type { Interceptor } from "../../src/chain/compose.ts";
import { createMetrics } from "../../src/chain/metrics.ts";
import { formatMetrics } from "../../src/exposition.ts";
import { callMetrics } from "../../src/metrics/call-metrics.ts";
import type { Method } from "../../src/schema/descriptor.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { failureOf } from "../upstream/calls.ts";
import { newCall } from "./new-call.ts";

const method = (name: string): Method => {
  const service = { name: "t.S", methods: [] as Method[] };
  const own = { name: `t.S.${name}`, localName: name, path: `/t.S/${name}`, kind: "unary", service };
  service.methods.push(own as unknown as Method);
  return own as unknown as Method;
};
const get = method("Get");
/** As the gRPC front makes it for a name that no proto has. */
const opaque = (name: string): Method =>
  ({ name: `x.${name}.M`, path: `/x.${name}/M`, service: { name: `x.${name}`, methods: [] } }) as unknown as Method;

function countCalls(bounds: readonly number[] = [0.1, 1]) {
  const counts = new CallCounts(bounds);
  const interceptor = createMetrics(counts);
  return { counts, interceptor, text: () => formatMetrics(callMetrics(counts)) };
}

describe("createMetrics", () => {
  it("counts a call while it is under way, and how it ended", () => {
    const { interceptor, text } = countCalls();
    const intercept = interceptor.compile(get)!;
    const [first, second] = [newCall({ method: get }), newCall({ method: get, front: "grpc" })];
    void intercept(first);
    void intercept(second);
    expect(text()).to.contain('sluice_calls_in_flight{method="t.S.Get",front="rest"} 1\n');
    first.messagesIn = 1;
    first.messagesOut = 2;
    first.bytesOut = 300;
    first.end(Code.OK, undefined, 200);
    first.end(Code.INTERNAL);
    second.end(Code.NOT_FOUND, new GatewayError(Code.NOT_FOUND, "no"));
    for (const line of [
      'sluice_calls_in_flight{method="t.S.Get",front="rest"} 0',
      'sluice_calls_total{method="t.S.Get",front="rest",code="OK"} 1',
      'sluice_calls_total{method="t.S.Get",front="grpc",code="NOT_FOUND"} 1',
      'sluice_call_messages_total{method="t.S.Get",front="rest",direction="out"} 2',
      'sluice_call_bytes_total{method="t.S.Get",front="rest",direction="out"} 300',
      'sluice_call_duration_seconds_count{method="t.S.Get",front="rest"} 1',
      'sluice_call_duration_seconds_bucket{method="t.S.Get",front="rest",le="+Inf"} 1',
    ])
      expect(text().split("\n")).to.include(line);
    expect(text()).to.not.contain("INTERNAL");
  });

  it("counts a code that there is not as UNKNOWN", () => {
    const { interceptor, text } = countCalls();
    const call = newCall({ method: get });
    void interceptor.compile(get)!(call);
    call.end(99 as Code);
    expect(text())
      .to.contain('sluice_calls_total{method="t.S.Get",front="rest",code="UNKNOWN"} 1\n')
      .and.not.contain("NaN");
  });

  it("puts a duration in the bucket whose bound it does not pass, and counts buckets up", () => {
    const { counts, text } = countCalls([0.1, 1, 10]);
    const tally = counts.tallyOf(get, "rest");
    for (const [index, count] of [3, 2, 1, 4].entries()) tally.durations[index] = count;
    const les = [...text().matchAll(/_bucket\{.*le="(.*)"\} (\d+)/g)].map(([, le, count]) => [le, Number(count)]);
    expect(les).to.deep.equal([
      ["0.1", 3],
      ["1.0", 5],
      ["10.0", 6],
      ["+Inf", 10],
    ]);
  });

  it("keeps the latest recorded trace of each bucket, where that is wanted", () => {
    const counts = new CallCounts([1]);
    const open = (): string[] =>
      formatMetrics(callMetrics(counts), "openmetrics")
        .split("\n")
        .filter((line) => line.includes(" # {"));
    const run = (interceptor: Interceptor, traceId: string, isSampled = true, startedAt = performance.now()): void => {
      const call = newCall({ method: get, startedAt });
      void interceptor.compile(get)!(call);
      call.trace = { traceId, spanId: "b7ad6b7169203331", isSampled };
      call.end(Code.OK);
    };
    run(createMetrics(counts), "not wanted");
    expect(open()).to.deep.equal([]);
    const traced = createMetrics(counts, { withExemplars: true });
    run(traced, "not sampled", false);
    expect(open()).to.deep.equal([]);
    for (const id of ["first", "second", "third"]) run(traced, id);
    run(traced, "slow", true, performance.now() - 5000);
    const [fast, slow, ...others] = open();
    expect(fast).to.match(/le="1.0"\} 5 # \{trace_id="third",span_id="b7ad6b7169203331"\} 0(?:\.\d+)? \d+\.\d{3}$/);
    expect(slow).to.match(/le="\+Inf"\} 6 # \{trace_id="slow",span_id="b7ad6b7169203331"\} 5(?:\.\d+)? \d+\.\d{3}$/);
    expect(others).to.deep.equal([]);
    const [, at] = / (\d+\.\d{3})$/.exec(slow)!;
    expect(Math.abs(Number(at) * 1000 - Date.now())).to.be.below(60_000);
  });

  it("tells which interceptor refused", async () => {
    const { counts, interceptor, text } = countCalls();
    const deny: Interceptor = {
      name: "authorize",
      compile: () => () => {
        throw new GatewayError(Code.PERMISSION_DENIED, "no");
      },
    };
    const end = { unary: () => Promise.reject(new Error("not reached")), stream: () => expect.fail("not reached") };
    const call = newCall({ method: get });
    const error = await failureOf(
      composeChain({ interceptors: [interceptor, deny], end }).unary(call, Buffer.from("")),
    );
    call.end(error.code, error, 403);
    expect(counts.refusals().map(([name]) => name)).to.deep.equal(["authorize"]);
    expect(text()).to.contain('sluice_refusals_total{interceptor="authorize",code="PERMISSION_DENIED"} 1');
  });

  it("has as many label sets after 10,000 names that clients made up as after one", () => {
    const { counts, interceptor, text } = countCalls();
    const call = (name: string): void => {
      const made = newCall({ method: opaque(name), front: "grpc" });
      void interceptor.compile(made.method)!(made);
      made.refusedBy = name;
      made.end(Code.UNAVAILABLE);
      counts.miss("rest", Code.NOT_FOUND);
    };
    const shape = (): string[] =>
      text()
        .replaceAll(/ [\d.e-]+$/gm, "")
        .split("\n")
        .filter((line) => !line.includes("refusals"));
    call("first");
    const once = shape();
    for (let i = 0; i < 10_000; i++) call(`n${i}"\n`);
    expect(shape()).to.deep.equal(once);
    expect(counts.refusals().length).to.be.at.most(101);
    expect(text()).to.contain('sluice_calls_total{method="unknown",front="grpc",code="UNAVAILABLE"} 10001');
  });
});
