// What is seen of calls on every front of a whole gateway: a line and a count each, spans where there is an SDK, traces in any case.
import { context, SpanKind, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { once } from "node:events";
import { expect } from "chai";
import { WebSocket } from "ws";
import { createGateway } from "../src/gateway.ts";
import type { Gateway, GatewayOptions } from "../src/gateway.ts";
import type { Log } from "../src/log/log.ts";
import type { Schema } from "../src/schema/descriptor.ts";
import { BackendError, startBackend } from "./support/backend.ts";
import type { Backend } from "./support/backend.ts";
import { loadSource, toMessage } from "./support/gateway.ts";
import { openRaw } from "./support/raw-http.ts";
import { unshed } from "./support/unshed.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  import "sluice/annotations.proto";
  message M { string text = 1; }
  service S {
    rpc Kept(M) returns (M) {
      option (google.api.http) = { get: "/v1/kept" };
      option (sluice.cache) = { ttl: "1h" };
    }
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/get/{text}" }; }
    rpc Watch(M) returns (stream M) { option (google.api.http) = { get: "/v1/watch" }; }
    rpc Hang(M) returns (stream M) { option (google.api.http) = { get: "/v1/hang" }; }
  }
`;

type Line = Record<string, unknown>;

interface Fixture {
  readonly gateway: Gateway;
  readonly port: number;
  readonly schema: Schema;
  readonly lines: Line[];
  readonly raw: string[];
  /** Of the calls the backend got. */
  readonly seen: Map<string, string>[];
  /** Resolves with a line for which it is so. */
  line(isIt: (line: Line) => boolean): Promise<Line>;
  close(): Promise<void>;
}

async function start(yaml: string, options: GatewayOptions = {}): Promise<Fixture> {
  const { project, problems } = await loadSource({ protos, yaml });
  expect(problems).to.deep.equal([]);
  const { schema } = project!;
  const message = toMessage(schema, "t.M", '{"text": "hi"}');
  const seen: Map<string, string>[] = [];
  const remember = (metadata: { getMap(): Record<string, unknown> } | ReadonlyMap<string, unknown>): void => {
    const entries = metadata instanceof Map ? [...metadata] : Object.entries((metadata as Metadata).getMap());
    seen.push(new Map(entries.map(([name, value]) => [name as string, String(value)])));
  };
  const backend: Backend = await startBackend({
    "/t.S/Get": (bytes, call) => {
      remember(call.metadata);
      if (Buffer.from(bytes).includes("fail")) throw new BackendError(5, "no such thing");
      return message;
    },
    "/t.S/Kept": (_, call) => {
      remember(call.metadata);
      return message;
    },
    "/t.S/Watch": {
      stream: (call) => {
        remember(call.metadata);
        call.on("data", () => {});
        for (let i = 0; i < 3; i++) call.write(message);
        call.end();
      },
    },
    "/t.S/Hang": {
      stream: (call) => {
        call.on("data", () => {});
        call.write(message);
      },
    },
  });
  const raw: string[] = [];
  const lines: Line[] = [];
  let wake = (): void => {};
  const log: Log = {
    writeLine(line) {
      raw.push(line);
      lines.push(JSON.parse(line) as Line);
      wake();
    },
    tell: () => {},
    dropped: 0,
    isFile: false,
    reopen: () => {},
    close: () => Promise.resolve(),
    flushNow: () => {},
  };
  const upstreams = [{ service: undefined, target: backend.target, tls: undefined }];
  const gateway = createGateway(
    { ...project!, config: unshed({ ...project!.config, upstreams }) },
    { log, ...options },
  );
  const { port } = await gateway.listen();
  return {
    gateway,
    port,
    schema,
    lines,
    raw,
    seen,
    async line(isIt) {
      for (;;) {
        const found = lines.find(isIt);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async close() {
      await Promise.all([gateway.close(), backend.close()]);
    },
  };
}

function callGrpc(fixture: Fixture, path: string, text: string, metadata = new Metadata()): Promise<number> {
  const client = new Client(`127.0.0.1:${fixture.port}`, credentials.createInsecure());
  const request = Buffer.from(toMessage(fixture.schema, "t.M", JSON.stringify({ text })));
  const same = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, request, metadata, (error) => {
      client.close();
      resolve(error?.code ?? 0);
    });
  });
}

const get = (fixture: Fixture, path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${fixture.port}${path}`, { headers });

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

describe("the access log and the metrics of a gateway", () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await start("log: {access: on}\nwebsocket: {unary: true}");
  });
  after(() => fixture.close());

  it("have a line and a count for a REST call, whether it ends well or not", async () => {
    await (await get(fixture, "/v1/get/a?%24pretty=true", { "user-agent": "me", traceparent })).text();
    expect(await fixture.line((line) => line["path"] === "/v1/get/a")).to.include({
      level: "info",
      msg: "call",
      front: "rest",
      http_method: "GET",
      method: "t.S/Get",
      user_agent: "me",
      code: "OK",
      http_status: 200,
      trace_id: traceId,
      messages_in: 1,
      messages_out: 1,
      bytes_in: 3,
      bytes_out: 4,
    });
    await (await get(fixture, "/v1/get/fail")).text();
    expect(await fixture.line((line) => line["path"] === "/v1/get/fail")).to.include({
      code: "NOT_FOUND",
      http_status: 404,
      error: "no such thing",
      messages_in: 1,
      messages_out: 0,
    });
    const text = fixture.gateway.metrics();
    expect(text).to.contain('sluice_calls_total{method="t.S.Get",front="rest",code="NOT_FOUND"} 1\n');
    expect(text).to.contain('sluice_call_duration_seconds_count{method="t.S.Get",front="rest"} 2\n');
    expect(text).to.contain('sluice_call_bytes_total{method="t.S.Get",front="rest",direction="out"} 4\n');
    expect(text).to.contain('sluice_calls_in_flight{method="t.S.Get",front="rest"} 0\n');
  });

  it("have a line and a count for a stream over HTTP", async () => {
    await (await get(fixture, "/v1/watch", { accept: "text/event-stream" })).text();
    expect(await fixture.line((line) => line["method"] === "t.S/Watch")).to.include({
      front: "rest",
      code: "OK",
      http_status: 200,
      messages_in: 1,
      messages_out: 3,
    });
  });

  it("have a line and a count for a WebSocket's call", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${fixture.port}/v1/watch?access_token=s3cret`);
    // Refused: credentials are not taken from the query. That, too, is a line.
    await once(socket, "error");
    expect(await fixture.line((line) => line["front"] === "websocket")).to.include({ msg: "miss", path: "/v1/watch" });
    const socketCall = new WebSocket(`ws://127.0.0.1:${fixture.port}/v1/watch`);
    await once(socketCall, "close");
    expect(await fixture.line((line) => line["front"] === "websocket" && line["msg"] === "call")).to.include({
      method: "t.S/Watch",
      path: "/v1/watch",
      code: "OK",
      messages_out: 3,
    });
    expect(fixture.raw.join("")).to.not.contain("s3cret");
  });

  it("have a line and a count for gRPC calls", async () => {
    const metadata = new Metadata();
    metadata.set("traceparent", traceparent);
    expect(await callGrpc(fixture, "/t.S/Get", "x", metadata)).to.equal(0);
    expect(await fixture.line((line) => line["front"] === "grpc")).to.include({
      method: "t.S/Get",
      http_method: "POST",
      path: "/t.S/Get",
      code: "OK",
      trace_id: traceId,
      messages_in: 1,
      messages_out: 1,
      bytes_out: 4,
    });
    expect(await callGrpc(fixture, "/t.S/Nope", "x")).to.equal(12);
    expect(await fixture.line((line) => line["msg"] === "miss" && line["front"] === "grpc")).to.include({
      code: "UNIMPLEMENTED",
      path: "/t.S/Nope",
    });
  });

  it("have a line and a count for what is no call, with the secrets of its query left out", async () => {
    await (await get(fixture, "/nowhere?access_token=t0ps3cret&ticket=t0ps3cret")).text();
    expect(await fixture.line((line) => line["path"] === "/nowhere")).to.include({ msg: "miss", http_status: 404 });
    expect(fixture.raw.join("")).to.not.contain("t0ps3cret");
    expect(fixture.gateway.metrics()).to.match(/sluice_misses_total\{front="rest",code="NOT_FOUND"\} \d+/);
  });

  it("count calls to backends, also those whose client goes away", async () => {
    const open = (): string | undefined =>
      /^sluice_upstream_calls_in_flight\{.*\} (\d+)$/m.exec(fixture.gateway.metrics())?.[1];
    const hanging = new WebSocket(`ws://127.0.0.1:${fixture.port}/v1/hang`);
    await once(hanging, "message");
    expect(open()).to.equal("1");
    const controller = new AbortController();
    const url = `http://127.0.0.1:${fixture.port}/v1/hang`;
    const streaming = await fetch(url, { headers: { accept: "text/event-stream" }, signal: controller.signal });
    await streaming.body!.getReader().read();
    expect(open()).to.equal("2");
    expect(fixture.gateway.metrics()).to.contain('sluice_calls_in_flight{method="t.S.Hang",front="websocket"} 1\n');
    hanging.terminate();
    controller.abort();
    await fixture.line((line) => line["method"] === "t.S/Hang" && line["front"] === "websocket");
    await fixture.line((line) => line["method"] === "t.S/Hang" && line["front"] === "rest");
    while (open() !== "0") await new Promise((resolve) => setImmediate(resolve));
    expect(fixture.gateway.metrics()).to.match(/^sluice_upstream_calls_total\{target=".*",code="CANCELLED"\} 2$/m);
    expect(fixture.gateway.metrics()).to.match(/^sluice_connections \d+$/m);
  });

  it("are fooled by nothing that HTTP lets through", async () => {
    const before = fixture.raw.length;
    const connection = await openRaw({ host: "127.0.0.1", port: fixture.port });
    connection.send(
      Buffer.from(
        'GET /v1/get/"},{"level":"error HTTP/1.1\r\nHost: x\r\nUser-Agent: a"\\\x85\x9b31m\xe2\x80\xa8\r\n\r\n',
        "latin1",
      ),
    );
    await connection.response(false);
    connection.close();
    await (await get(fixture, "/v1/get/last")).text();
    await fixture.line((line) => line["path"] === "/v1/get/last");
    for (const line of fixture.raw.slice(before)) expect(line).to.match(/^[\x20-\x7e]+$/);
  });

  it("are an exposition that Prometheus takes: each metric declared once, each series once, numbers only", () => {
    const text = fixture.gateway.metrics();
    const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
    const series = new Set<string>();
    for (const line of text
      .trimEnd()
      .split("\n")
      .filter((each) => !each.startsWith("#"))) {
      const match = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\S+)$/.exec(line);
      expect(match, line).to.not.equal(null);
      const [, name, labels = "", value] = match!;
      const base = name.replace(/_(?:bucket|sum|count)$/, "");
      expect(types.has(name) || types.get(base) === "histogram", line).to.equal(true);
      expect(Number.isFinite(Number(value)), line).to.equal(true);
      expect(series.has(name + labels), line).to.equal(false);
      series.add(name + labels);
    }
    expect(types.size).to.equal([...text.matchAll(/^# TYPE /gm)].length);
    expect(series.size).to.be.greaterThan(50);
  });

  it("are OpenMetrics for whoever asks for that, and name no trace where none is made", () => {
    const text = fixture.gateway.metrics("openmetrics");
    expect(text)
      .to.contain("# TYPE sluice_calls counter\n")
      .and.to.contain("# UNIT sluice_call_duration_seconds seconds\n");
    expect(text.endsWith("\n# EOF\n")).to.equal(true);
    expect(text).to.not.contain("trace_id");
  });

  it("name the traces that the gateway gives to calls", async () => {
    const own = await start("log: {access: on}\ntracing: {generate: true}");
    try {
      await (await get(own, "/v1/get/a")).text();
      const { trace_id: id } = await own.line((line) => line["method"] === "t.S/Get");
      expect(own.gateway.metrics("openmetrics")).to.contain(` # {trace_id="${String(id)}",`);
      expect(own.gateway.metrics()).to.not.contain("trace_id");
    } finally {
      await own.close();
    }
  });

  it("have as many label sets after 10,000 hostile paths and methods as before", async () => {
    const shape = (): number => fixture.gateway.metrics().split("\n").length;
    const ask = async (from: number): Promise<void> => {
      for (let i = from; i < from + 500; i++) await (await get(fixture, `/x${i}/%22%0A{}?${i}`)).text();
    };
    await (await get(fixture, "/x/%22%0A{}")).text();
    await callGrpc(fixture, "/x.Y/Z", "x");
    const before = shape();
    await Promise.all(Array.from({ length: 18 }, (_, index) => ask(index * 500)));
    for (let i = 0; i < 10; i++)
      await Promise.all(Array.from({ length: 100 }, (_, index) => callGrpc(fixture, `/x${i}.Y${index}/Z`, "x")));
    expect(shape()).to.equal(before);
  });
});

describe("traces through a gateway", () => {
  it("pass it without an SDK: to the backend as they came", async () => {
    const fixture = await start("");
    await (await get(fixture, "/v1/get/a", { traceparent, tracestate: "a=1" })).text();
    await (await get(fixture, "/v1/get/a", { traceparent: "junk", tracestate: "a=1" })).text();
    await fixture.close();
    expect([fixture.seen[0].get("traceparent"), fixture.seen[0].get("tracestate")]).to.deep.equal([traceparent, "a=1"]);
    expect([fixture.seen[1].has("traceparent"), fixture.seen[1].has("tracestate")]).to.deep.equal([false, false]);
  });

  describe("with an SDK", () => {
    const exporter = new InMemorySpanExporter();
    let fixture: Fixture;
    let active: (string | undefined)[] = [];

    before(async () => {
      trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      fixture = await start("log: {access: on}\nquery: {ignore: [access_token]}", {
        interceptors: [
          {
            name: "tenant",
            after: "authenticate",
            intercept: async () => {
              active.push(trace.getActiveSpan()?.spanContext().spanId);
              await new Promise((resolve) => setImmediate(resolve));
              active.push(trace.getActiveSpan()?.spanContext().spanId);
            },
          },
        ],
      });
    });
    beforeEach(() => {
      exporter.reset();
      active = [];
      fixture.seen.length = 0;
      fixture.lines.length = 0;
    });
    after(async () => {
      await fixture.close();
      trace.disable();
      context.disable();
    });

    const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
    const find = (name: string, kind: SpanKind): ReadableSpan => {
      const found = spans().find((span) => span.name === name && span.kind === kind);
      if (found === undefined)
        throw new Error(
          `no span ${name} among ${spans()
            .map(({ name: own }) => own)
            .join(", ")}`,
        );
      return found;
    };

    it("have a span for the call, one for what waits, and one for the backend, each below the one before", async () => {
      await (await get(fixture, "/v1/get/a?access_token=s3cret", { traceparent, tracestate: "a=1" })).text();
      const line = await fixture.line(() => true);
      const [server, waiting, client] = [
        find("t.S/Get", SpanKind.SERVER),
        find("sluice.tenant", SpanKind.INTERNAL),
        find("t.S/Get", SpanKind.CLIENT),
      ];
      expect(spans()).to.have.length(3);
      expect(new Set(spans().map((span) => span.spanContext().traceId))).to.deep.equal(new Set([traceId]));
      expect(server.parentSpanContext?.spanId).to.equal("b7ad6b7169203331");
      for (const below of [waiting, client])
        expect(below.parentSpanContext?.spanId).to.equal(server.spanContext().spanId);
      expect(fixture.seen[0].get("traceparent")).to.equal(`00-${traceId}-${client.spanContext().spanId}-01`);
      expect(fixture.seen[0].get("tracestate")).to.equal("a=1");
      expect(active).to.deep.equal([server.spanContext().spanId, server.spanContext().spanId]);
      expect(line).to.include({ trace_id: traceId, span_id: server.spanContext().spanId });
      expect(fixture.gateway.metrics("openmetrics")).to.contain(
        `} 1 # {trace_id="${traceId}",span_id="${server.spanContext().spanId}"} `,
      );
      expect(server.attributes).to.include({
        "rpc.system": "grpc",
        "rpc.service": "t.S",
        "rpc.method": "Get",
        "rpc.grpc.status_code": 0,
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.path": "/v1/get/a",
        "sluice.front": "rest",
      });
      expect(JSON.stringify(spans().map(({ attributes }) => attributes))).to.not.contain("s3cret");
      expect(server.status.code).to.equal(0);
    });

    it("keep of the client's context what the SDK knows nothing of", async () => {
      const tracestate = `foo@=1,${"t".repeat(242)}@v=1,0a=2`;
      const headers = { traceparent: `cc-${traceId}-b7ad6b7169203331-03-what-is-new`, tracestate };
      await (await get(fixture, "/v1/get/a", headers)).text();
      await fixture.line(() => true);
      const client = find("t.S/Get", SpanKind.CLIENT).spanContext();
      expect(fixture.seen[0].get("traceparent")).to.equal(`00-${traceId}-${client.spanId}-03`);
      expect(fixture.seen[0].get("tracestate")).to.equal(tracestate);
    });

    it("tell what the cache made of a call, which has a span for the backend only where that was asked", async () => {
      for (let i = 0; i < 2; i++) {
        await (await get(fixture, "/v1/kept")).text();
        await fixture.line(({ notes }) => String(notes) === `cache: ${i === 0 ? "miss" : "hit"}`);
      }
      const servers = spans().filter(({ kind }) => kind === SpanKind.SERVER);
      expect(servers.map(({ attributes }) => attributes["sluice.cache"])).to.deep.equal(["miss", "hit"]);
      const clients = spans().filter(({ kind }) => kind === SpanKind.CLIENT);
      expect(clients.map((span) => span.parentSpanContext?.spanId)).to.deep.equal([servers[0].spanContext().spanId]);
      expect(fixture.seen).to.have.length(1);
    });

    it("begin at the gateway where the client brings none, and are an error only for whoever is to blame", async () => {
      await (await get(fixture, "/v1/get/fail")).text();
      await fixture.line(() => true);
      const [server, client] = [find("t.S/Get", SpanKind.SERVER), find("t.S/Get", SpanKind.CLIENT)];
      expect(server.parentSpanContext).to.equal(undefined);
      expect([server.status.code, client.status.code]).to.deep.equal([0, 2]);
      expect(server.attributes["rpc.grpc.status_code"]).to.equal(5);
    });

    it("have a span for each attempt, below the call's, also where no context goes along", async () => {
      context.disable();
      const retry = "{ idempotent: true, codes: [NOT_FOUND], initial_backoff: 1ms, per_try_timeout: 5s }";
      const retried = await start(`log: {access: on}\npolicies: [{ methods: ["t.S.*"], retry: ${retry} }]`);
      try {
        await (await get(retried, "/v1/get/fail")).text();
        await (await get(retried, "/v1/watch")).text();
        const { notes } = await retried.line((line) => line["method"] === "t.S/Get");
        expect(notes).to.deep.equal([
          "retry: attempt 1: NOT_FOUND, again in 1 ms",
          "retry: attempt 2: NOT_FOUND, again in 2 ms",
          "retry: attempt 3: NOT_FOUND, not again: attempts",
        ]);
        await retried.line((line) => line["method"] === "t.S/Watch");
        for (const [name, attempts] of [
          ["t.S/Get", 3],
          ["t.S/Watch", 1],
        ] as const) {
          const below = find(name, SpanKind.SERVER).spanContext().spanId;
          const clients = spans().filter((span) => span.name === name && span.kind === SpanKind.CLIENT);
          const parents = clients.map(({ parentSpanContext }) => parentSpanContext?.spanId);
          expect(parents).to.deep.equal(Array.from({ length: attempts }, () => below));
        }
      } finally {
        await retried.close();
        context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      }
    });

    it("go over gRPC and streams, too", async () => {
      const metadata = new Metadata();
      metadata.set("traceparent", traceparent);
      await callGrpc(fixture, "/t.S/Get", "x", metadata);
      await (await get(fixture, "/v1/watch", { traceparent })).text();
      await fixture.line((line) => line["method"] === "t.S/Watch");
      for (const name of ["t.S/Get", "t.S/Watch"]) {
        const [server, client] = [find(name, SpanKind.SERVER), find(name, SpanKind.CLIENT)];
        expect(server.parentSpanContext?.spanId).to.equal("b7ad6b7169203331");
        expect(client.parentSpanContext?.spanId).to.equal(server.spanContext().spanId);
      }
      expect(fixture.seen.map((seen) => seen.get("traceparent")?.slice(0, 36))).to.deep.equal(
        [1, 2].map(() => `00-${traceId}-`),
      );
    });
  });
});
