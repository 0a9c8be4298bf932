// Spans over every way to call and for every end of a call: the call's, one below it for each time that a backend is asked, and that backend's parent.
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { expect } from "chai";
import { pairs } from "./matrix/pairs.ts";
import { startGateway } from "./support/gateway.ts";
import { arriveInTime } from "./support/in-time.ts";
import type { Ask } from "./support/stream-backend.ts";
import type { OpenOptions } from "./support/stream-client.ts";
import { startStreamGateway } from "./support/stream-gateway.ts";
import type { StreamGateway } from "./support/stream-gateway.ts";

const exporter = new InMemorySpanExporter();
let flushed = 0;

class CountingProcessor extends SimpleSpanProcessor {
  override forceFlush(): Promise<void> {
    flushed++;
    return super.forceFlush();
  }
}

/** When there are so many, of one trace where it is given. */
async function ended(count: number, traceId?: string): Promise<readonly ReadableSpan[]> {
  for (;;) {
    const all = exporter.getFinishedSpans();
    const spans = traceId === undefined ? all : all.filter((span) => span.spanContext().traceId === traceId);
    if (spans.length >= count) return spans;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const only = (spans: readonly ReadableSpan[], kind: SpanKind): ReadableSpan => {
  const found = spans.filter((span) => span.kind === kind);
  expect(found).to.have.length(1);
  return found[0];
};

const wayOf = ({ transport: { way }, kind }: (typeof pairs)[number]): string =>
  `${way.kind} ${way.kind === "http" ? way.form : ""} ${kind}`;
const onePerWay = [...new Map(pairs.map((pair) => [wayOf(pair), pair])).values()];

describe("spans", () => {
  let gateway: StreamGateway;
  let runs = 0;

  before(async () => {
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new CountingProcessor(exporter)] }));
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    gateway = await startStreamGateway();
  });
  beforeEach(() => exporter.reset());
  after(async () => {
    await gateway.close();
    trace.disable();
    context.disable();
  });

  for (const { transport, kind } of onePerWay) {
    const open = async (ask: Ask, options?: OpenOptions) => {
      const run = `span ${++runs}`;
      const call = await transport.open(gateway, kind, options);
      call.send({ run, ...(kind === "unary" ? {} : { count: 1 }), ...ask });
      return { call, run };
    };
    const parentAt = async (run: string): Promise<string> =>
      String((await gateway.backend.run(run)).metadata["traceparent"]);
    const spansOf = async (run: string): Promise<readonly ReadableSpan[]> =>
      ended(2, (await parentAt(run)).split("-")[1]);
    /** The call's and the one below it, which the backend has been told of. */
    const settle = async (run: string, codes: readonly [server: number, client: number]) => {
      const spans = await spansOf(run);
      const [server, client] = [only(spans, SpanKind.SERVER), only(spans, SpanKind.CLIENT)];
      const { traceId, spanId } = client.spanContext();
      expect(client.parentSpanContext?.spanId).to.equal(server.spanContext().spanId);
      expect(await parentAt(run)).to.equal(`00-${traceId}-${spanId}-01`);
      expect([server, client].map(({ attributes }) => attributes["rpc.grpc.status_code"])).to.deep.equal(codes);
      const [address, port] = gateway.backend.target.split(":");
      expect(client.attributes).to.include({ "server.address": address, "server.port": Number(port) });
      return { server, client };
    };

    describe(`of a call over ${transport.name}, ${kind}`, () => {
      it("end with it when it ends well", async () => {
        const { call, run } = await open({});
        call.end();
        await call.ended;
        const { server, client } = await settle(run, [0, 0]);
        expect([server.status.code, client.status.code]).to.deep.equal([SpanStatusCode.UNSET, SpanStatusCode.UNSET]);
        expect(server.attributes).to.include.keys("sluice.front", "http.request.method", "url.path", "client.address");
      });

      it("end with it when its backend fails, which is an error of the backend's", async () => {
        const { call, run } = await open({ code: 9, after: 1 });
        call.end();
        await call.ended;
        const { server, client } = await settle(run, [9, 9]);
        expect([server.status.code, client.status.code]).to.deep.equal([SpanStatusCode.UNSET, SpanStatusCode.ERROR]);
        expect(client.attributes).to.include({ "error.type": "FAILED_PRECONDITION" });
      });

      it("end with it when its client goes away", async () => {
        const { call, run } = await open({ next: "hang" });
        await gateway.backend.run(run);
        call.cancel();
        const { server } = await settle(run, [1, 1]);
        expect(server.status.code).to.equal(SpanStatusCode.UNSET);
      });

      it("end with it when its time is over", async () => {
        const { call, run } = await arriveInTime(600, async (timeoutMs) => {
          const begun = await open({ next: "hang" }, { timeoutMs });
          return { ...begun, arrived: gateway.backend.run(begun.run) };
        });
        await call.ended;
        // A gRPC client's own clock may be the first, and cancels.
        const isCancelled = (await spansOf(run))[0].attributes["rpc.grpc.status_code"] === 1;
        if (isCancelled) expect(transport.way.kind).to.equal("grpc");
        const { server } = await settle(run, isCancelled ? [1, 1] : [4, 4]);
        expect(server.status.code).to.equal(isCancelled ? SpanStatusCode.UNSET : SpanStatusCode.ERROR);
      });
    });
  }

  it("are not recorded of a trace that is not sampled, and the backend is told so", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-00`, "content-type": "application/json" };
    const body = JSON.stringify({ run: "unsampled" });
    const url = `http://${gateway.host}:${gateway.port}/v1/single`;
    await (await fetch(url, { method: "POST", headers, body })).text();
    const { metadata } = await gateway.backend.run("unsampled");
    expect(metadata["traceparent"]).to.match(new RegExp(`^00-${traceId}-(?!b7ad6b7169203331)[0-9a-f]{16}-00$`));
    // A span that is recorded comes after it, and alone.
    await (await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })).text();
    expect((await ended(2)).map((span) => span.spanContext().traceId)).to.not.include(traceId);
  });

  it("of the steps of a composed method are below the call's", async () => {
    const composed = await startGateway({
      protos: `
        syntax = "proto3";
        package t;
        import "google/api/annotations.proto";
        import "sluice/annotations.proto";
        message M { string text = 1; M first = 2; M second = 3; }
        service S { rpc Get(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; } }
        service Pages {
          rpc Page(M) returns (M) {
            option idempotency_level = NO_SIDE_EFFECTS;
            option (google.api.http) = { get: "/v1/page" };
            option (sluice.compose) = {
              step { id: "first" call: "t.S/Get" set: "text = req.text" }
              step { id: "second" call: "t.S/Get" set: "text = first.text" }
              out: "first = first" out: "second = second"
            };
          }
        }
      `,
      handlers: { "t.S/Get": () => ({ kind: "reply", message: '{"text": "other"}' }) },
    });
    try {
      const { status } = await composed.request({ method: "GET", target: "/v1/page?text=a" });
      expect(status).to.equal(200);
      const spans = await ended(3);
      const server = only(spans, SpanKind.SERVER);
      const steps = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
      expect(server.name).to.equal("t.Pages/Page");
      expect(steps.map(({ name, parentSpanContext }) => [name, parentSpanContext?.spanId])).to.deep.equal(
        [1, 2].map(() => ["t.S/Get", server.spanContext().spanId]),
      );
      const told = composed.calls.map(({ metadata }) => metadata.find(([name]) => name === "traceparent")?.[1]);
      expect(told).to.deep.equal(
        steps.map((span) => `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`),
      );
    } finally {
      await composed.close();
    }
  });

  it("are sent off when the gateway closes, those of calls among them that it ends itself", async () => {
    const own = await startStreamGateway({ server: ["shutdown_grace: 100ms"] });
    const call = await pairs.find(({ kind }) => kind === "server-streaming")!.transport.open(own, "server-streaming");
    call.send({ run: "open", count: 1, next: "hang" });
    await call.until(1);
    const before = flushed;
    await own.close();
    expect(flushed).to.equal(before + 1);
    expect(exporter.getFinishedSpans().map(({ kind }) => kind)).to.have.members([SpanKind.SERVER, SpanKind.CLIENT]);
  });
});
