// W3C trace context: what is in order goes on, everything else does not.
import { expect } from "chai";
import { checkTracestate, parseTraceparent, withTrace } from "../../../src/chain/trace/trace-context.ts";
import { createTrace } from "../../../src/chain/trace/trace.ts";
import type { TraceOptions } from "../../../src/chain/trace/trace.ts";
import type { Metadata } from "../../../src/metadata.ts";
import { newCall } from "../new-call.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const good = `00-${traceId}-${spanId}-01`;

describe("parseTraceparent", () => {
  it("reads ids and whether it is sampled", () => {
    expect(parseTraceparent(good)).to.deep.equal({ traceId, spanId, isSampled: true, isRandom: false });
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.isSampled).to.equal(false);
    expect(parseTraceparent(`00-${traceId}-${spanId}-03`)).to.include({ isSampled: true, isRandom: true });
    expect(parseTraceparent(`00-${traceId}-${spanId}-02`)).to.include({ isSampled: false, isRandom: true });
  });

  it("reads later versions, with what they may add", () => {
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01`)?.traceId).to.equal(traceId);
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01-what-is-new`)?.traceId).to.equal(traceId);
  });

  for (const text of [
    "",
    "00",
    `ff-${traceId}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-01-extra`,
    `cc-${traceId}-${spanId}-01.extra`,
    `00-${traceId}-${spanId}-01\n`,
    ` ${good}`,
    `${good},${good}`,
    `${good}, ${good}`,
    `00-${traceId.replace("0", "g")}-${spanId}-01`,
    `cc-${traceId}-${spanId}-01-${"x".repeat(100_000)}`,
  ])
    it(`takes no ${JSON.stringify(text.slice(0, 80))}`, () => expect(parseTraceparent(text)).to.equal(undefined));
});

describe("checkTracestate", () => {
  it("takes lists of members", () => {
    for (const text of ["a=1", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "fw529a3039@dt=x;y, b=2", "a=1,,b=2"])
      expect(checkTracestate(text)).to.equal(text);
  });

  it("takes nothing else", () => {
    const many = Array.from({ length: 33 }, (_, index) => `a${index}=1`).join(",");
    for (const text of [
      "",
      ",",
      "A=1",
      "a",
      "a=1=2",
      "a=",
      "a=1,b=",
      "=1",
      "a =1",
      "a=é",
      `a=${"x".repeat(257)}`,
      "x".repeat(513),
      many,
    ])
      expect(checkTracestate(text), text.slice(0, 20)).to.equal(undefined);
  });
});

describe("createTrace", () => {
  const pass = (metadata: Metadata, options: TraceOptions = { accept: true, generate: false }) => {
    const call = newCall({ metadata });
    void createTrace(options).compile(call.method)!(call);
    return call;
  };

  it("lets a trace that is in order pass as it is", () => {
    const metadata = ["x", "1", "traceparent", good, "tracestate", "a=1"];
    const call = pass(metadata);
    expect(call.metadata).to.equal(metadata);
    expect(call.trace).to.include({ traceId, spanId });
  });

  it("does nothing to a call without", () => {
    const metadata = ["x", "1"];
    const call = pass(metadata);
    expect(call.metadata).to.equal(metadata);
    expect(call.trace).to.equal(undefined);
  });

  it("drops what is not in order: all of it, or the list of states only", () => {
    expect(pass(["traceparent", "x", "tracestate", "a=1", "x", "1"]).metadata).to.deep.equal(["x", "1"]);
    expect(pass(["traceparent", good, "traceparent", good]).metadata).to.deep.equal([]);
    expect(pass(["tracestate", "a=1"]).metadata).to.deep.equal([]);
    expect(pass(["traceparent", good, "tracestate", "junk"]).metadata).to.deep.equal(["traceparent", good]);
  });

  it("takes no trace from clients that are not to name one", () => {
    const call = pass(["traceparent", good], { accept: false, generate: false });
    expect([call.metadata, call.trace]).to.deep.equal([[], undefined]);
  });

  it("makes up a trace where that is asked, another for each call", () => {
    const [first, second] = [1, 2].map(() => pass(["traceparent", good], { accept: false, generate: true }));
    expect(first.trace?.traceId)
      .to.match(/^[0-9a-f]{32}$/)
      .and.to.not.equal(second.trace?.traceId);
    expect(first.metadata).to.deep.equal(["traceparent", `00-${first.trace?.traceId}-${first.trace?.spanId}-01`]);
  });
});

describe("withTrace", () => {
  it("puts one trace in the place of all others", () =>
    expect(
      withTrace(["traceparent", "x", "a", "1", "tracestate", "y"], { traceId, spanId, isSampled: false }, "s=1"),
    ).to.deep.equal(["a", "1", "traceparent", `00-${traceId}-${spanId}-00`, "tracestate", "s=1"]));
});
