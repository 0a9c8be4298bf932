// The browser client against the gateway itself: calls of every kind, credit, cancelling, deadlines, errors.
import { expect } from "chai";
import { connect } from "../../src/client/client.ts";
import type { Client, MethodInfo } from "../../src/client/client.ts";
import { startCounter } from "./counter.ts";
import type { CounterGateway, Item } from "./counter.ts";
import { collect, failureOf, methodInfo, nodeWebSocket } from "./fixture.ts";

describe("the browser client", () => {
  let gateway: CounterGateway;
  let client: Client;
  const methods: Record<string, MethodInfo> = {};

  before(async () => {
    gateway = await startCounter("websocket:\n  messages_per_second: 100000\n  bytes_per_second: 1GiB\n");
    for (const name of ["Get", "Put", "Watch", "Plain", "Sum", "Echo"]) methods[name] = methodInfo(gateway, name);
  });

  after(() => gateway.close());

  beforeEach(() => {
    client = connect(gateway.url, { WebSocket: nodeWebSocket, fetch: false });
  });

  afterEach(() => client.close());

  it("awaits the reply of a unary call", async () => {
    const call = client.single<Item>(methods["Get"], { count: "9007199254740993" });
    expect(await call).to.deep.equal({ number: "9007199254740993", text: "" });
    expect(await call.status).to.deep.equal({ code: 0, status: "OK", message: "", details: [] });
    expect(await call.headers).to.deep.equal({});
    expect(await call.trailers).to.deep.equal({});
  });

  it("shares one socket among calls", async () => {
    const before = gateway.proxy.connections;
    const replies = await Promise.all([1, 2, 3].map((n) => client.single<Item>(methods["Get"], { count: String(n) })));
    expect(replies.map((reply) => reply.number)).to.deep.equal(["1", "2", "3"]);
    expect(gateway.proxy.connections - before).to.equal(1);
  });

  it("iterates over the replies of a stream, in order, and ends with it", async () => {
    const items = await collect(client.stream<Item>(methods["Plain"], { count: "5000" }));
    expect(items.map((item) => Number(item.number))).to.deep.equal(Array.from({ length: 5000 }, (_, i) => i + 1));
  });

  it("delivers what came before an error, then throws it once", async () => {
    const call = client.stream<Item>(methods["Plain"], { count: "3", act: "fail:5:gone" });
    const seen: string[] = [];
    const error = await failureOf(
      (async () => {
        for await (const item of call) seen.push(item.number);
      })(),
    );
    expect(seen).to.deep.equal(["1", "2", "3"]);
    expect([error.code, error.status, error.message]).to.deep.equal([5, "NOT_FOUND", "gone"]);
    expect((await call.status).code).to.equal(5);
    expect(await call.next()).to.deep.equal({ done: true, value: undefined });
  });

  it("fails a call whose message is no JSON, and no other call", async () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    // While the socket is opened, then on the open one, then in a stream of requests.
    for (const input of [circular, circular]) {
      const other = client.single<Item>(methods["Put"], { count: "2" });
      const error = await failureOf(client.single(methods["Put"], input));
      expect([error.status, error.message.split("\n")[0]]).to.deep.equal([
        "INVALID_ARGUMENT",
        "Converting circular structure to JSON",
      ]);
      expect((await other).number).to.equal("2");
    }
    const upload = await failureOf(client.single(methods["Sum"], [{ number: "1" }, circular]));
    expect(upload.status).to.equal("INVALID_ARGUMENT");
    // Its place on the socket is free again: so many calls have room on one.
    for (let i = 0; i < 120; i++) await failureOf(client.single(methods["Put"], circular));
    const { connections } = gateway.proxy;
    expect((await client.single<Item>(methods["Put"], { count: "3" })).number).to.equal("3");
    expect(gateway.proxy.connections).to.equal(connections);
  });

  it("sends an iterable as a client stream", async () => {
    const numbers = Array.from({ length: 200 }, (_, i) => ({ number: String(i) }));
    expect((await client.single<Item>(methods["Sum"], numbers)).number).to.equal("19900");
  });

  it("sends large messages no faster than they are taken, and never stops", async () => {
    const large = { text: "é".repeat(300_000) };
    const reply = await client.single<Item>(
      methods["Sum"],
      Array.from({ length: 24 }, () => large),
    );
    expect(reply.text).to.equal(String(24 * 300_000));
  });

  it("talks both ways at once", async () => {
    const heard: string[] = [];
    const next: ((text: string) => void)[] = [];
    const call = client.stream<Item>(
      methods["Echo"],
      (async function* () {
        for (const text of ["one", "two", "three"]) {
          yield { text };
          await new Promise<string>((resolve) => next.push(resolve));
        }
      })(),
    );
    for await (const { text } of call) {
      heard.push(text);
      next.shift()?.(text);
    }
    expect(heard).to.deep.equal(["one", "two", "three"]);
  });

  it("returns the application's iterator when the server ends a stream first", async () => {
    let returned = 0;
    const texts = {
      [Symbol.asyncIterator]() {
        const messages = [{ text: "stop" }];
        return {
          next(): Promise<IteratorResult<{ text: string }>> {
            const value = messages.pop();
            return value === undefined ? new Promise(() => {}) : Promise.resolve({ done: false, value });
          },
          return(): Promise<IteratorResult<{ text: string }>> {
            returned += 1;
            return Promise.resolve({ done: true, value: undefined });
          },
        };
      },
    };
    expect(await collect(client.stream(methods["Echo"], texts))).to.deep.equal([]);
    expect(returned).to.equal(1);
  });

  it("fails a call whose own messages throw, and cancels it at the backend", async () => {
    const seen = gateway.nextCall("Echo");
    const call = client.stream(
      methods["Echo"],
      (async function* () {
        yield { text: "one" };
        await seen;
        throw new Error("no more");
      })(),
    );
    const error = await failureOf(collect(call));
    expect([error.code, error.message]).to.deep.equal([1, "no more"]);
    await (
      await seen
    ).cancelled;
  });

  it("holds no more than its window for an application that does not read", async () => {
    const seen = gateway.nextCall("Plain");
    const call = client.stream<Item>(
      methods["Plain"],
      { count: "100000", act: "size:1000" },
      { window: 64, maxWindow: 64 },
    );
    await call.next();
    const { number } = (await call.next()).value as Item;
    expect(number).to.equal("2");
    const backend = await seen;
    // What another call brings back was sent after all that this one could still get.
    for (let i = 0; i < 20; i++) await client.single(methods["Get"], { count: "1" });
    // 64 with the client, and what the gateway and the backend's connection hold: far from all.
    expect(backend.sent).to.be.lessThan(2000);
    await call.return?.();
    await backend.cancelled;
  });

  it("cancels once when a loop is left", async () => {
    const seen = gateway.nextCall("Watch");
    const call = client.stream<Item>(methods["Watch"], { count: "10", act: "hang" });
    for await (const { number } of call) if (number === "3") break;
    await (
      await seen
    ).cancelled;
    const status = await call.status;
    expect(status.code).to.equal(1);
    call.cancel();
    expect(await call.status).to.equal(status);
  });

  it("cancels when the signal says so, with its reason", async () => {
    const controller = new AbortController();
    const seen = gateway.nextCall("Get");
    const call = client.single(methods["Get"], { act: "hang" }, { signal: controller.signal });
    const backend = await seen;
    controller.abort(new Error("the user left"));
    const error = await failureOf(call);
    expect([error.code, error.message]).to.deep.equal([1, "the user left"]);
    await backend.cancelled;
  });

  it("does not begin what is cancelled already", async () => {
    const count = gateway.calls.length;
    const error = await failureOf(client.single(methods["Get"], {}, { signal: AbortSignal.abort() }));
    expect(error.code).to.equal(1);
    await client.single(methods["Get"], {});
    expect(gateway.calls.length).to.equal(count + 1);
  });

  it("ends a call at its deadline", async () => {
    const seen = gateway.nextCall("Watch");
    const call = client.stream(methods["Watch"], { act: "hang" }, { timeoutMs: 3000 });
    const error = await failureOf(collect(call));
    expect(error.code).to.equal(4);
    await (
      await seen
    ).cancelled;
  });

  it("names the field of a request that cannot be read", async () => {
    const error = await failureOf(client.single(methods["Put"], { count: "many" }));
    expect(error.code).to.equal(3);
    expect(error.message).to.contain("count");
    expect(error.details).to.deep.include.members([
      {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        fieldViolations: (error.details as { fieldViolations?: unknown[] }[]).find((each) => each.fieldViolations)!
          .fieldViolations!,
      },
    ]);
  });

  it("sends large numbers as they are, and lets the gateway judge what is no number", async () => {
    expect((await client.single<Item>(methods["Get"], { count: 9007199254740993n })).number).to.equal(
      "9007199254740993",
    );
    const error = await failureOf(client.single(methods["Get"], { count: NaN }));
    expect([error.status, error.message]).to.deep.equal([
      "INVALID_ARGUMENT",
      `count: expected an integer (int64), found the string "NaN" (line 1, column 10)`,
    ]);
  });

  it("sends null where null is the message", async () => {
    const error = await failureOf(client.single(methods["Get"], null));
    expect(error.message).to.contain("null");
  });

  it("refuses a message that is larger than the gateway takes, and keeps the socket", async () => {
    await client.single(methods["Get"], {});
    const error = await failureOf(client.single(methods["Put"], { act: "x".repeat(2 ** 20) }));
    expect([error.code, error.message]).to.deep.equal([
      8,
      "the message is larger than the 1048576 bytes that the gateway takes",
    ]);
    const before = gateway.proxy.connections;
    await client.single(methods["Get"], {});
    expect(gateway.proxy.connections).to.equal(before);
  });

  it("waits for what the gateway takes before it sends a large first message", async () => {
    expect((await client.single<Item>(methods["Put"], { count: "3", act: "x".repeat(500_000) })).number).to.equal("3");
    client.close();
    expect((await failureOf(client.single(methods["Put"], { act: "x".repeat(2 ** 20) }))).code).to.equal(8);
    client.close();
    const call = client.single(methods["Put"], { act: "x".repeat(500_000) });
    const other = client.single<Item>(methods["Get"], { count: "4" });
    call.cancel();
    expect((await failureOf(call)).code).to.equal(1);
    expect((await other).number).to.equal("4");
  });

  it("sends metadata of the connection and of the call, and the token", async () => {
    client = connect(gateway.url, {
      WebSocket: nodeWebSocket,
      fetch: false,
      getToken: () => Promise.resolve("s3cret"),
      metadata: { "x-request-id": "page", "accept-language": "tlh" },
    });
    const seen = gateway.nextCall("Get");
    await client.single(methods["Get"], {}, { metadata: { "x-request-id": "call" } });
    const { metadata } = await seen;
    expect(metadata).to.include({ authorization: "Bearer s3cret", "x-request-id": "call", "accept-language": "tlh" });
  });

  it("opens another socket when one has all the streams it may have", async () => {
    await client.single(methods["Get"], {});
    const before = gateway.proxy.connections;
    const calls = Array.from({ length: 101 }, () => client.stream<Item>(methods["Plain"], { count: "1", act: "hang" }));
    const numbers = await Promise.all(calls.map(async (call) => (await call.next()).value as Item));
    expect(numbers).to.have.length(101);
    expect(gateway.proxy.connections - before).to.equal(1);
  });

  it("cancels what is under way when it is closed, and connects anew for a later call", async () => {
    const seen = gateway.nextCall("Watch");
    const call = client.stream(methods["Watch"], { act: "hang" });
    const backend = await seen;
    client.close();
    const error = await failureOf(collect(call));
    expect(error.code).to.equal(1);
    await backend.cancelled;
    expect((await client.single<Item>(methods["Get"], { count: "7" })).number).to.equal("7");
  });
});
