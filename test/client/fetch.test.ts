// The way around a network that lets no WebSocket through: the same calls over fetch, at their REST routes.
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { connect } from "../../src/client/client.ts";
import type { Client, ConnectOptions, MethodInfo, WebSocketLike } from "../../src/client/client.ts";
import { toHttpRequest } from "../../src/client/http-request.ts";
import { startCounter } from "./counter.ts";
import type { CounterGateway, Item } from "./counter.ts";
import { collect, failureOf, methodInfo, nodeWebSocket } from "./fixture.ts";

/** What a browser makes of a proxy that does not know WebSocket. */
class BlockedWebSocket implements WebSocketLike {
  static count = 0;
  binaryType = "";

  constructor() {
    BlockedWebSocket.count += 1;
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    if (type === "close") setImmediate(() => listener({ code: 1006 } as never));
  }

  send(): void {}
  close(): void {}
}

/** What Chromium makes of a socket that the policy of a page forbids: an error, and no close. */
class ForbiddenWebSocket extends BlockedWebSocket {
  override addEventListener(type: string, listener: (event: never) => void): void {
    if (type === "error") setImmediate(() => listener(undefined as never));
  }
}

describe("the browser client without WebSocket", () => {
  let gateway: CounterGateway;
  let client: Client;
  const methods: Record<string, MethodInfo> = {};

  before(async () => {
    gateway = await startCounter();
    for (const name of ["Get", "Put", "Watch", "Plain", "Events", "Values", "Echo"])
      methods[name] = methodInfo(gateway, name);
  });

  after(() => gateway.close());

  const open = (options: ConnectOptions = {}): Client =>
    connect(gateway.url, { WebSocket: BlockedWebSocket, ...options });

  beforeEach(() => {
    BlockedWebSocket.count = 0;
    client = open();
  });

  afterEach(() => client.close());

  it("fails a call whose message is no JSON, once", async () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const error = await failureOf(client.single(methods["Put"], circular));
    expect(error.status).to.equal("INVALID_ARGUMENT");
    expect(error.message).to.match(/circular/);
  });

  it("calls unary methods by path, query and body", async () => {
    expect(await client.single(methods["Get"], { count: "7" })).to.deep.equal({ number: "7", text: "" });
    const seen = gateway.nextCall("Put");
    await client.single(methods["Put"], { count: "8", inner: { name: "x" } });
    expect((await seen).request).to.deep.equal({ count: "8", inner: { name: "x" } });
    const nested = gateway.nextCall("Get");
    await client.single(methods["Get"], { count: "9", inner: { name: "a b" }, tags: ["1", "2"] });
    expect((await nested).request).to.deep.equal({ count: "9", inner: { name: "a b" }, tags: ["1", "2"] });
    // One attempt told that there is no way.
    expect(BlockedWebSocket.count).to.equal(1);
  });

  it("reads streams as lines of JSON, and as server-sent events where there are no lines", async () => {
    for (const name of ["Watch", "Plain", "Events"]) {
      const items = await collect(client.stream<Item>(methods[name], { count: "500" }));
      expect(
        items.map((item) => Number(item.number)),
        name,
      ).to.deep.equal(Array.from({ length: 500 }, (_, i) => i + 1));
    }
  });

  it("takes messages that could look like the protocol's own words out of their envelope", async () => {
    const values = await collect(client.stream(methods["Values"], { count: "2" }));
    expect(values).to.deep.equal([
      { number: "1", text: "" },
      { number: "2", text: "" },
    ]);
  });

  it("reads streams of a gateway in profile grpc-gateway, whatever form that has for others", async () => {
    const other = await startCounter("profile: grpc-gateway");
    client = connect(other.url, { WebSocket: BlockedWebSocket });
    try {
      for (const name of ["Plain", "Events", "Values"]) {
        const items = await collect(client.stream<Item>(methods[name], { count: "2" }));
        expect(
          items.map(({ number }) => number),
          name,
        ).to.deep.equal(["1", "2"]);
      }
      const failed = collect(client.stream(methods["Plain"], { count: "1", act: "fail:5:gone" }));
      expect((await failureOf(failed)).code).to.equal(5);
    } finally {
      client.close();
      await other.close();
    }
  });

  it("throws the gateway's errors, before a stream and behind its messages", async () => {
    const refused = await failureOf(client.single(methods["Put"], { count: "many" }));
    expect(refused.code).to.equal(3);
    expect(refused.details).to.have.length.greaterThan(0);
    for (const name of ["Plain", "Events"]) {
      const seen: string[] = [];
      const late = await failureOf(
        (async () => {
          for await (const { number } of client.stream<Item>(methods[name], { count: "2", act: "fail:5:gone" }))
            seen.push(number);
        })(),
      );
      expect([late.code, late.message, seen], name).to.deep.equal([5, "gone", ["1", "2"]]);
    }
  });

  it("sends the token and the metadata", async () => {
    client = open({ getToken: () => "s3cret", metadata: { "accept-language": "tlh" } });
    const seen = gateway.nextCall("Get");
    await client.single(methods["Get"], { count: "1" }, { metadata: { "x-request-id": "seven" } });
    expect((await seen).metadata).to.include({
      authorization: "Bearer s3cret",
      "accept-language": "tlh",
      "x-request-id": "seven",
    });
  });

  it("reads no further than the application, and cancels when a loop is left", async () => {
    const seen = gateway.nextCall("Plain");
    const call = client.stream<Item>(
      methods["Plain"],
      { count: "1000000", act: "size:1000" },
      { window: 64, maxWindow: 64 },
    );
    await call.next();
    const backend = await seen;
    for (let i = 0; i < 20; i++) await client.single(methods["Get"], { count: "1" });
    // What sockets and buffers on the way hold, and far from all: a gigabyte.
    expect(backend.sent).to.be.lessThan(50_000);
    await call.return?.();
    await backend.cancelled;
  });

  it("goes on with a resumable stream when its connection is cut", async () => {
    const call = client.stream<Item>(methods["Watch"], { count: "3", act: "hang" });
    for (const number of ["1", "2", "3"]) expect((await call.next()).value).to.include({ number });
    gateway.cut();
    expect((await call.next()).value).to.include({ number: "4" });
  });

  it("cancels what is under way when it is closed", async () => {
    const seen = gateway.nextCall("Watch");
    const call = client.stream<Item>(methods["Watch"], { count: "1", act: "hang" });
    await call.next();
    client.close();
    expect((await failureOf(call.next())).code).to.equal(1);
    await (
      await seen
    ).cancelled;
  });

  it("takes this way at once where the page's policy forbids the socket", async () => {
    client.close();
    // The test does not wait for as long as connecting may take.
    client = open({ WebSocket: ForbiddenWebSocket, connectTimeoutMs: 1e9 });
    expect((await client.single<Item>(methods["Get"], { count: "7" })).number).to.equal("7");
  });

  it("says that a bidirectional call needs WebSocket", async () => {
    client = connect(gateway.url, { fetch: false, WebSocket: BlockedWebSocket });
    const error = await failureOf(collect(client.stream(methods["Echo"], [], { maxAttempts: 1 })));
    expect(error.code).to.equal(14);
  });

  it("does not take this way while WebSocket works", async () => {
    let fetched = 0;
    client = connect(gateway.url, {
      WebSocket: nodeWebSocket,
      fetch: (...request) => {
        fetched += 1;
        return fetch(...request);
      },
    });
    await client.single(methods["Get"], { count: "1" });
    expect(fetched).to.equal(0);
  });

  it("makes an error of an answer that is not the gateway's", async () => {
    const server: Server = createServer((request, response) => {
      response.writeHead(request.url === "/v1/items/1" ? 429 : 502, { "content-type": "text/html" }).end("<h1>no</h1>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = connect(url, { WebSocket: BlockedWebSocket });
    const limited = await failureOf(client.single(methods["Get"], { count: "1" }));
    expect([limited.code, limited.message]).to.deep.equal([8, "HTTP 429"]);
    const broken = await failureOf(client.single(methods["Get"], { count: "2" }));
    expect([broken.code, broken.message]).to.deep.equal([14, "HTTP 502"]);
    server.closeAllConnections();
    server.close();
  });
});

describe("toHttpRequest", () => {
  it("fills the path, keeps slashes of variables over several segments, and asks for the rest", () => {
    const route = { verb: "GET", path: "/v1/{name=users/*/orders/*}/{item.id}:look" };
    const message = {
      name: "users/a b/orders/1?",
      item: { id: "x/y", size: 2 },
      tags: ["a", "b&c"],
      on: true,
      none: null,
    };
    expect(toHttpRequest(route, message)).to.deep.equal({
      target: "/v1/users/a%20b/orders/1%3F/x%2Fy:look?item.size=2&tags=a&tags=b%26c&on=true",
      body: undefined,
    });
  });

  it("writes numbers that JSON does not have as ProtoJSON does", () => {
    const message = { id: 9007199254740993n, low: -Infinity, none: NaN };
    expect(toHttpRequest({ verb: "GET", path: "/v1/{id}" }, message).target).to.equal(
      "/v1/9007199254740993?low=-Infinity&none=NaN",
    );
    expect(toHttpRequest({ verb: "POST", path: "/v1/{id}", body: "*" }, message).body).to.equal(
      `{"id":"9007199254740993","low":"-Infinity","none":"NaN"}`,
    );
  });

  it("refuses a request whose path cannot be filled", () => {
    expect(() => toHttpRequest({ verb: "GET", path: "/v1/{id}" }, {})).to.throw("id must be set: it is in the path");
  });

  it("sends the whole message or one field as body", () => {
    const message = { id: "1", order: { a: 1 }, dry: false };
    expect(toHttpRequest({ verb: "POST", path: "/v1/{id}", body: "*" }, message)).to.deep.equal({
      target: "/v1/1",
      body: JSON.stringify(message),
    });
    expect(toHttpRequest({ verb: "PUT", path: "/v1/{id}", body: "order" }, message)).to.deep.equal({
      target: "/v1/1?dry=false",
      body: `{"a":1}`,
    });
  });
});
