// Composed methods as clients meet them: over every front, in reflection and health, from sluice.yaml, in metrics, logs and traces.
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { SpanKind, trace } from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { WebSocket } from "ws";
import { createAdminPages } from "../../src/command/admin-pages.ts";
import { createGateway } from "../../src/gateway.ts";
import { fromMessage, loadSource, toMessage } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { until } from "../support/until.ts";
import {
  backendProtos,
  failure,
  get,
  handlers,
  listCalls,
  startShop,
  step,
  viewHead,
  viewOf,
  withShop,
} from "./shop.ts";

const reco = 'step { id: "reco" call: "reco.v1.Reco/ForUser" set: "user_id = order.customer_id" optional: true }';
const whole = `${step.order} ${step.customer} ${step.batched} ${reco}
  out: "order = order" out: "customer = customer" out: "lines[].product = products[]" out: "recommendations = reco.items"`;
const away = { handlers: { "reco.v1.Reco/ForUser": () => failure(14, "down") } };

interface Called {
  readonly error: ServiceError | null;
  readonly message: Buffer | undefined;
  readonly metadata: Metadata;
}

function callOverGrpc({ host, port }: GatewayFixture, path: string, bytes: Buffer): Promise<Called> {
  const client = new Client(`${host}:${port}`, credentials.createInsecure());
  const asIs = (message: Buffer): Buffer => message;
  return new Promise<Called>((resolve) => {
    let metadata = new Metadata();
    const call = client.makeUnaryRequest(path, asIs, asIs, bytes, (error, message) =>
      resolve({ error, message, metadata }),
    );
    call.on("metadata", (head: Metadata) => (metadata = head));
  }).finally(() => client.close());
}

function askOverWebSocket({ host, port }: GatewayFixture, target: string): Promise<string[]> {
  const socket = new WebSocket(`ws://${host}:${port}${target}`);
  const texts: string[] = [];
  return new Promise((resolve, reject) => {
    socket.on("message", (data: Buffer) => texts.push(data.toString()));
    socket.on("close", () => resolve(texts));
    socket.on("error", reject);
  });
}

describe("a composed method for clients", () => {
  it("answers gRPC, with what is missing in the metadata", () =>
    withShop(
      whole,
      async (shop) => {
        const request = toMessage(shop.schema, "views.v1.GetOrderViewRequest", '{"orderId": "7"}');
        const { error, message, metadata } = await callOverGrpc(shop, "/views.v1.OrderViews/GetOrderView", request);
        expect(error).to.equal(null);
        const view = fromMessage(shop.schema, shop.schema.message("views.v1.OrderView")!, message!);
        expect(JSON.parse(view)).to.have.nested.property("customer.name", "Ada");
        expect(metadata.get("x-sluice-partial")).to.deep.equal(["reco"]);
      },
      away,
    ));

  it("tells clients whose request is no message, and not its backends, that they are at fault", () =>
    withShop(whole, async (shop) => {
      const { error } = await callOverGrpc(shop, "/views.v1.OrderViews/GetOrderView", Buffer.from([0x0a, 0x05, 0x41]));
      expect(error?.code).to.equal(3);
      expect(error?.details).to.equal("order: the request: malformed protobuf message: length runs past the end");
    }));

  it("says in OpenAPI that its answers may lack parts", async () => {
    const { project } = await loadSource({ protos: { ...backendProtos, "views.proto": viewOf(whole) } });
    const { openApi } = createAdminPages(project!);
    const { paths } = openApi() as { paths: Record<string, Record<string, { responses: object }>> };
    const { responses } = paths["/v1/order-views/{orderId}"]["get"];
    expect(responses).to.have.nested.property("200.headers.x-sluice-partial");
    expect(JSON.stringify(paths).match(/x-sluice-partial/g)).to.have.length(1);
  });

  it("answers WebSockets", () =>
    withShop(
      whole,
      async (shop) => {
        const texts = await askOverWebSocket(shop, "/v1/order-views/7");
        expect(texts.some((text) => text.includes('"name":"Ada"'))).to.equal(true);
      },
      { yaml: "websocket: { unary: true }" },
    ));

  it("passes the policies of the method, and not those of its steps", () =>
    withShop(
      whole,
      async (shop) => {
        expect((await get(shop)).status).to.equal(200);
        expect((await get(shop)).status).to.equal(200);
        expect((await get(shop)).status).to.equal(429);
        expect(
          (await shop.request({ method: "POST", target: "/orders.v1.Orders/GetOrder", body: "{}" })).status,
        ).to.equal(200);
        expect(
          (await shop.request({ method: "POST", target: "/orders.v1.Orders/GetOrder", body: "{}" })).status,
        ).to.equal(429);
      },
      {
        yaml: `limits:
  - { name: views, rate: 2/h, methods: ["views.v1.*"] }
  - { name: orders, rate: 1/h, methods: ["orders.v1.*"] }`,
      },
    ));

  it("is cached whole, and never in part", async () => {
    const yaml = "policies: [{ methods: [views.v1.OrderViews.GetOrderView], cache: { ttl: 60s } }]";
    const thrice = async (shop: GatewayFixture) => {
      const seen = [await get(shop), await get(shop), await get(shop)].map(({ partial }) => partial);
      return [...seen, shop.calls.length];
    };
    await withShop(whole, async (shop) => expect(await thrice(shop)).to.deep.equal(["reco", "reco", "reco", 12]), {
      ...away,
      yaml,
    });
    await withShop(
      whole,
      async (shop) => expect(await thrice(shop)).to.deep.equal([undefined, undefined, undefined, 4]),
      {
        yaml,
      },
    );
  });

  it("has the health of the gateway where no method of its service needs a backend", () =>
    withShop(whole, async (shop) => {
      const ask = (service: string) =>
        callOverGrpc(
          shop,
          "/grpc.health.v1.Health/Check",
          Buffer.concat([Buffer.from([10, service.length]), Buffer.from(service)]),
        );
      // Then its backends are connected, and it is ready.
      await get(shop);
      const before = shop.calls.length;
      const { error, message } = await ask("views.v1.OrderViews");
      expect([error, message?.toString("hex")]).to.deep.equal([null, "0801"]);
      expect(shop.calls).to.have.length(before);
    }));

  it("is written in sluice.yaml for protos that do not say it, and instead of what they say", async () => {
    const page = readFileSync("docs/compose.md", "utf8");
    const yaml = /^```yaml\n([\s\S]*?)^```$/m.exec(page)?.[1];
    const bare = viewOf(step.order)
      .replace(/^.*sluice\.compose.*$/m, "")
      .replace('import "sluice/annotations.proto";', "");
    for (const view of [bare, viewOf('step { id: "customer" call: "users.v1.Users/GetUser" }')]) {
      const shop = await startShop(view, { yaml: yaml! });
      try {
        const { status, body } = await get(shop);
        expect(status).to.equal(200);
        expect(body["order"]).to.include({ id: "7" });
        expect(body["lines"]).to.have.length(3);
        expect(listCalls(shop)).to.have.length(3);
      } finally {
        await shop.close();
      }
    }
  });

  it("is what docs/compose.md shows", async () => {
    const [, service] = /^```proto\n([\s\S]*?)^```$/m.exec(readFileSync("docs/compose.md", "utf8")) ?? [];
    const shop = await startShop(`${viewHead}${service}`);
    try {
      // Its times are short: a machine that stands still meanwhile leaves a step out.
      await until(async () => {
        const before = listCalls(shop).length;
        const { body } = await get(shop, "/v1/order-views/7?with_reco=true");
        return JSON.stringify(body).includes('"id":"hat"') && listCalls(shop).length === before + 4;
      });
    } finally {
      await shop.close();
    }
  });

  it("tells the log what is missing", async () => {
    const lines: object[] = [];
    const log = { writeLine: (line: string) => void lines.push(JSON.parse(line) as object) };
    const shop = await startShop(viewOf(whole), {
      ...away,
      yaml: "log: { access: on }",
      options: { log: log as never },
    });
    try {
      await get(shop);
    } finally {
      await shop.close();
    }
    expect(JSON.stringify(lines)).to.contain("without reco: UNAVAILABLE: down");
  });

  it("has a span for each of its calls, below the client's", async () => {
    const exporter = new InMemorySpanExporter();
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
    try {
      await withShop(whole, async (shop) => void (await get(shop)), away);
      const spans = exporter.getFinishedSpans();
      const server = spans.find(({ kind }) => kind === SpanKind.SERVER);
      expect(server?.name).to.equal("views.v1.OrderViews/GetOrderView");
      const calls = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
      expect(calls.map(({ name }) => name).toSorted()).to.deep.equal([
        "catalog.v1.Catalog/BatchGetProducts",
        "orders.v1.Orders/GetOrder",
        "reco.v1.Reco/ForUser",
        "users.v1.Users/GetUser",
      ]);
      for (const { parentSpanContext } of calls)
        expect(parentSpanContext?.spanId).to.equal(server?.spanContext().spanId);
    } finally {
      trace.disable();
    }
  });

  it("retries a step where its method says so, and stands before what wraps backends", async () => {
    let asked = 0;
    const wrapped: string[] = [];
    await withShop(
      whole,
      async (shop) => {
        const { status } = await get(shop);
        expect([status, asked]).to.deep.equal([200, 2]);
        expect(wrapped).to.include("orders.v1.Orders.GetOrder").and.not.to.include("views.v1.OrderViews.GetOrderView");
      },
      {
        yaml: "policies: [{ methods: [users.v1.Users.GetUser], retry: { initial_backoff: 1ms } }]",
        handlers: {
          "users.v1.Users/GetUser": (call) =>
            ++asked === 1 ? failure(14, "not yet") : handlers["users.v1.Users/GetUser"](call),
        },
        options: {
          interceptors: [
            {
              name: "wrapping",
              around: "upstream",
              wrap: (next) => ({
                ...next,
                unary(call) {
                  wrapped.push(call.method.name);
                  return next.unary(call);
                },
              }),
            },
          ],
        },
      },
    );
  });

  it("tells the metrics how its steps ended", async () => {
    const { project } = await loadSource({ protos: { ...backendProtos, "views.proto": viewOf(whole) } });
    const gateway = createGateway(project!);
    try {
      const { port } = await gateway.listen();
      expect((await fetch(`http://127.0.0.1:${port}/v1/order-views/7`)).status).to.equal(503);
      expect(gateway.metrics()).to.contain(
        'sluice_compose_steps_total{method="views.v1.OrderViews.GetOrderView",step="order",code="UNAVAILABLE"} 1',
      );
    } finally {
      await gateway.close();
    }
  });
});
