// What the browser client does when its connection is lost, or its network: against the gateway, through a proxy that cuts.
import { expect } from "chai";
import type { CallState, MethodInfo } from "../../src/client/client.ts";
import { startCounter } from "./counter.ts";
import type { CounterGateway, Item } from "./counter.ts";
import { collect, failureOf, methodInfo, openPage } from "./fixture.ts";
import type { Page } from "./fixture.ts";

describe("the browser client when its connection is lost", () => {
  let gateway: CounterGateway;
  let page: Page;
  const methods: Record<string, MethodInfo> = {};

  before(async () => {
    gateway = await startCounter("websocket:\n  messages_per_second: 100000\n  handshakes_per_second: 10000\n");
    for (const name of ["Get", "Put", "Watch", "Plain", "Sum"]) methods[name] = methodInfo(gateway, name);
  });

  after(() => gateway.close());

  beforeEach(() => {
    gateway.proxy.isOpen = true;
    page = openPage(gateway.url);
  });

  afterEach(() => {
    page.client.close();
    gateway.cut();
  });

  it("goes on with a resumable stream, without gap or duplicate, however often it is cut", async () => {
    const call = page.client.stream<Item>(methods["Watch"], { count: "3000" }, { window: 50, maxWindow: 50 });
    const numbers: number[] = [];
    for await (const { number } of call) {
      numbers.push(Number(number));
      // In the middle of a window, with messages waiting and under way.
      if (numbers.length % 700 === 0) gateway.cut();
      // The backend counts from the token, so the stream would go on for ever.
      if (numbers.length === 3000) break;
    }
    expect(numbers).to.deep.equal(Array.from({ length: 3000 }, (_, i) => i + 1));
  });

  it("says when a stream is live, reconnecting and resumed", async () => {
    const states: CallState[] = [];
    const call = page.client.stream<Item>(methods["Watch"], { count: "2", act: "hang" });
    const stop = call.onState((state) => states.push(state));
    await call.next();
    await call.next();
    gateway.cut();
    await call.next();
    expect(states).to.deep.equal(["live", "reconnecting", "resumed"]);
    stop();
    gateway.cut();
    await call.next();
    await call.next();
    expect(states).to.have.length(3);
  });

  it("ends a stream that has no token as UNAVAILABLE", async () => {
    const call = page.client.stream<Item>(methods["Plain"], { count: "1", act: "hang" });
    await call.next();
    gateway.cut();
    const error = await failureOf(call.next());
    expect([error.code, error.message]).to.deep.equal([14, "the connection was lost (WebSocket close code 1006)"]);
  });

  it("starts such a stream anew where the application wants that", async () => {
    const call = page.client.stream<Item>(methods["Plain"], { count: "2", act: "hang" }, { resume: true });
    await call.next();
    await call.next();
    gateway.cut();
    expect((await call.next()).value).to.include({ number: "1" });
  });

  it("ends a resumable stream where the application wants that", async () => {
    const call = page.client.stream<Item>(methods["Watch"], { count: "1", act: "hang" }, { resume: false });
    await call.next();
    gateway.cut();
    expect((await failureOf(call.next())).code).to.equal(14);
  });

  it("sends a unary call again only when the method may be called twice", async () => {
    const first = gateway.nextCall("Get");
    const get = page.client.single<Item>(methods["Get"], { count: "8", act: "hang" });
    await first;
    const second = gateway.nextCall("Get");
    gateway.cut();
    await second;
    const third = gateway.nextCall("Put");
    const put = page.client.single(methods["Put"], { act: "hang" });
    await third;
    gateway.cut();
    expect((await failureOf(put)).code).to.equal(14);
    get.cancel();
    expect((await failureOf(get)).code).to.equal(1);
  });

  it("waits longer each time, and gives up after five attempts", async () => {
    gateway.proxy.isOpen = false;
    const error = await failureOf(page.client.single(methods["Get"], {}));
    expect(error.code).to.equal(14);
    // Up to a second, then half of min(30 s, 0.5 s × 2ⁿ) to all of it: here at their middles.
    expect(page.pauses).to.deep.equal([500, 750, 1500, 3000]);
  });

  it("never gives up a resumable stream, and waits no longer than 30 s", async () => {
    gateway.proxy.isOpen = false;
    const call = page.client.stream<Item>(methods["Watch"], { count: "1" });
    const first = call.next();
    while (page.pauses.length < 10) await new Promise((resolve) => setImmediate(resolve));
    gateway.proxy.isOpen = true;
    expect((await first).value).to.include({ number: "1" });
    expect(Math.max(...page.pauses)).to.equal(22_500);
  });

  it("gives a resumable stream up after as many attempts as the application says", async () => {
    gateway.proxy.isOpen = false;
    const call = page.client.stream<Item>(methods["Watch"], {}, { maxAttempts: 3 });
    expect((await failureOf(collect(call))).code).to.equal(14);
    expect(page.pauses).to.have.length(2);
  });

  it("asks for a token before each attempt, and tries again when there is none to be had", async () => {
    page.client.close();
    let count = 0;
    page = openPage(gateway.url, {
      getToken() {
        count += 1;
        if (count < 3) return Promise.reject(new Error("no network"));
        return Promise.resolve(`token-${count}`);
      },
    });
    const seen = gateway.nextCall("Watch");
    const call = page.client.stream<Item>(methods["Watch"], { count: "1", act: "hang" });
    await call.next();
    expect((await seen).metadata).to.include({ authorization: "Bearer token-3" });
    const again = gateway.nextCall("Watch");
    gateway.cut();
    await call.next();
    expect((await again).metadata).to.include({ authorization: "Bearer token-4" });
  });

  it("does not try while the browser is offline, and tries at once when it is back", async () => {
    const call = page.client.stream<Item>(methods["Watch"], { count: "1", act: "hang" });
    await call.next();
    page.isOnline = false;
    const { connections } = gateway.proxy;
    const states: string[] = [];
    const isLost = new Promise<void>((resolve) =>
      call.onState((state) => {
        states.push(state);
        if (state === "reconnecting") resolve();
      }),
    );
    gateway.cut();
    await isLost;
    const pauses = page.pauses.length;
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect([gateway.proxy.connections, page.pauses.length]).to.deep.equal([connections, pauses]);
    page.isOnline = true;
    page.wake();
    expect((await call.next()).value).to.include({ number: "2" });
    expect(states).to.deep.equal(["reconnecting", "resumed"]);
  });

  it("finds out that a connection is dead when the page is looked at again", async () => {
    const call = page.client.stream<Item>(methods["Watch"], { count: "1", act: "hang" });
    await call.next();
    gateway.freeze();
    page.wake();
    expect((await call.next()).value).to.include({ number: "2" });
  });

  it("keeps a connection that answers when the page is looked at again", async () => {
    await page.client.single(methods["Get"], {});
    const { connections } = gateway.proxy;
    page.wake();
    await page.client.single(methods["Get"], {});
    await page.client.single(methods["Get"], {});
    expect(gateway.proxy.connections).to.equal(connections);
  });

  it("moves resumable streams to the next gateway before the old one is gone", async () => {
    const call = page.client.stream<Item>(methods["Watch"], { count: "1000000" }, { window: 50, maxWindow: 50 });
    const states: CallState[] = [];
    call.onState((state) => states.push(state));
    let last = 0;
    let restart: Promise<void> | undefined;
    for await (const { number } of call) {
      expect(Number(number)).to.equal(last + 1);
      last += 1;
      if (last === 100) restart = gateway.restart();
      if (states.includes("resumed") && last > 2000) break;
      if (last % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await restart;
    expect(states).to.include("resumed");
  });

  it("listens to the page only while it has something to connect for", async () => {
    expect(page.listeners).to.equal(0);
    await page.client.single(methods["Get"], {});
    expect(page.listeners).to.equal(1);
    page.client.close();
    expect(page.listeners).to.equal(0);
  });
});
