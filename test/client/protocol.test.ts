// The browser client against a server that says what no gateway says at will: refusals, ends of life, frames that are none.
import { expect } from "chai";
import { isTransient, retryDelay, toVerdict } from "../../src/client/error.ts";
import type { CallState, MethodInfo, WebSocketLike } from "../../src/client/client.ts";
import { verdictOf } from "../../src/front/websocket/close-codes.ts";
import { readyFrame, startFakeGateway } from "./fake-gateway.ts";
import type { FakeGateway, FakeSocket, Frame } from "./fake-gateway.ts";
import { collect, failureOf, openPage } from "./fixture.ts";
import type { Page } from "./fixture.ts";

const get: MethodInfo = { name: "counter.Counter/Put", kind: "unary" };
const repeatable: MethodInfo = { ...get, name: "counter.Counter/Get", repeatable: true };
const plain: MethodInfo = { name: "counter.Counter/Plain", kind: "server-streaming" };
const echo: MethodInfo = { name: "counter.Counter/Echo", kind: "bidi-streaming" };
const watch: MethodInfo = {
  name: "counter.Counter/Watch",
  kind: "server-streaming",
  resume: { token: ["place", "cursor"], from: "after" },
};

const retryInfo = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "7.5s" };

describe("the browser client, frame by frame", () => {
  let server: FakeGateway;
  let page: Page;
  let tokens: string[];

  before(async () => {
    server = await startFakeGateway();
  });

  after(() => server.close());

  beforeEach(() => {
    tokens = [];
    page = openPage(server.url, { getToken: () => `token-${tokens.push("asked")}`, metadata: { "x-tag": "page" } });
  });

  afterEach(() => page.client.close());

  /** Accepts, and answers `init` with `ready`. */
  async function accept(ready: Partial<Frame> = {}): Promise<FakeSocket> {
    const socket = await server.accept();
    expect((await socket.next()).t).to.equal("init");
    socket.send({ ...readyFrame, ...ready });
    return socket;
  }

  it("sends init and the waiting calls in one flight, before ready", async () => {
    const call = page.client.single(get, { a: 1 }, { metadata: { "x-tag": "call" }, timeoutMs: 86_400_000 });
    const socket = await server.accept();
    expect(await socket.next()).to.deep.equal({
      t: "init",
      auth: "Bearer token-1",
      metadata: { "x-tag": "page" },
      client: { name: "sluice-js", version: "1" },
    });
    const { timeout, ...open } = await socket.next();
    expect(open).to.deep.equal({
      t: "open",
      id: 1,
      method: "counter.Counter/Put",
      credit: 1,
      metadata: { "x-tag": "call" },
      m: { a: 1 },
      end: true,
    });
    expect(timeout).to.match(/^\d+ms$/);
    socket.send(readyFrame);
    socket.send({ t: "head", id: 1, metadata: { "x-shard": "3" } });
    socket.send({ t: "msg", id: 1, m: { b: 2 } });
    socket.send({ t: "status", id: 1, code: 0, status: "OK", trailers: { "x-end": ["1", "2"] } });
    expect(await call).to.deep.equal({ b: 2 });
    expect(await call.headers).to.deep.equal({ "x-shard": "3" });
    expect(await call.trailers).to.deep.equal({ "x-end": ["1", "2"] });
    // One reply was granted, and no more is.
    socket.send({ t: "ping" });
    expect((await socket.next()).t).to.equal("pong");
  });

  it("goes on sending where the largest message is as large as all that may wait", async () => {
    const call = page.client.stream(echo, [{ a: 1 }, { a: 2 }, { a: 3 }]);
    const socket = await accept({ maxMessage: 4_194_304 });
    expect((await socket.next()).t).to.equal("open");
    for (const a of [1, 2, 3]) expect((await socket.next())["m"]).to.deep.equal({ a });
    expect(await socket.next()).to.deep.equal({ t: "end", id: 1 });
    call.cancel();
  });

  it("sends no message before ready, and none without credit", async () => {
    const call = page.client.stream(echo, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    const socket = await server.accept();
    expect((await socket.next()).t).to.equal("init");
    expect(await socket.next()).to.deep.equal({ t: "open", id: 1, method: echo.name, credit: 256 });
    socket.send({ t: "ping", d: "before" });
    expect(await socket.next()).to.deep.equal({ t: "pong", d: "before" });
    socket.send({ ...readyFrame, upCredit: 2 });
    expect([await socket.next(), await socket.next()]).to.deep.equal([
      { t: "msg", id: 1, m: { n: 1 } },
      { t: "msg", id: 1, m: { n: 2 } },
    ]);
    socket.send({ t: "ping" });
    expect(await socket.next()).to.deep.equal({ t: "pong" });
    socket.send({ t: "credit", id: 1, n: 1 });
    expect(await socket.next()).to.deep.equal({ t: "msg", id: 1, m: { n: 3 } });
    socket.send({ t: "credit", id: 1, n: 1 });
    expect(await socket.next()).to.deep.equal({ t: "end", id: 1 });
    socket.send({ t: "status", id: 1, code: 0 });
    expect(await collect(call)).to.deep.equal([]);
  });

  it("grants half a window when half of it is used, not before", async () => {
    const call = page.client.stream(plain, {}, { window: 4, maxWindow: 4 });
    const socket = await accept();
    expect((await socket.next())["credit"]).to.equal(4);
    for (let n = 1; n <= 4; n++) socket.send({ t: "msg", id: 1, m: n });
    await call.next();
    socket.send({ t: "ping", d: "1" });
    expect(await socket.next()).to.deep.equal({ t: "pong", d: "1" });
    await call.next();
    expect(await socket.next()).to.deep.equal({ t: "credit", id: 1, n: 2 });
  });

  it("ends a stream that sends more than was granted", async () => {
    const call = page.client.stream(plain, {}, { window: 2, maxWindow: 2 });
    const socket = await accept();
    await socket.next();
    for (let n = 1; n <= 3; n++) socket.send({ t: "msg", id: 1, m: n });
    expect(await socket.next()).to.deep.equal({ t: "cancel", id: 1 });
    const error = await failureOf(collect(call));
    expect([error.code, error.message]).to.deep.equal([13, "more messages came than were granted"]);
  });

  it("ignores frames and keys that it does not know, and frames of streams that have ended", async () => {
    const call = page.client.single(get, {});
    const socket = await accept({ later: { deep: [1] } });
    await socket.next();
    socket.send({ t: "news", id: 1 });
    socket.send({ t: "msg", id: 9, m: 1 });
    socket.send({ t: "credit", id: 9, n: 1 });
    socket.send({ t: "msg", id: 1, m: "reply", more: true });
    socket.send({ t: "status", id: 1, code: 0 });
    socket.send({ t: "status", id: 1, code: 13 });
    expect(await call).to.equal("reply");
  });

  for (const text of ["{", "null", "7", '"t"'])
    it(`gives up a socket that sends ${text}`, async () => {
      const call = page.client.single(get, {});
      const socket = await accept();
      await socket.next();
      socket.sendText(text);
      const error = await failureOf(call);
      expect([error.code, error.message]).to.deep.equal([13, "the gateway sent what is no frame"]);
      await socket.closed;
    });

  it("asks for new credentials once when they are refused", async () => {
    const call = page.client.single(get, { a: 1 });
    const first = await server.accept();
    expect((await first.next())["auth"]).to.equal("Bearer token-1");
    first.send({ t: "status", id: 0, code: 16, status: "UNAUTHENTICATED", message: "expired" });
    first.close(4016, "UNAUTHENTICATED: expired");
    const second = await server.accept();
    expect((await second.next())["auth"]).to.equal("Bearer token-2");
    expect((await second.next())["m"]).to.deep.equal({ a: 1 });
    second.send({ t: "status", id: 0, code: 16, status: "UNAUTHENTICATED", message: "expired again" });
    second.close(4016);
    const error = await failureOf(call);
    expect([error.code, error.message, tokens.length]).to.deep.equal([16, "expired again", 2]);
  });

  it("asks for no third credentials where sockets end as soon as they are ready", async () => {
    const call = page.client.stream(watch, {});
    for (const token of ["token-1", "token-2"]) {
      const socket = await server.accept();
      expect((await socket.next())["auth"]).to.equal(`Bearer ${token}`);
      socket.send(readyFrame);
      socket.send({ t: "status", id: 0, code: 16, status: "UNAUTHENTICATED", message: "revoked" });
      socket.close(4016);
    }
    const error = await failureOf(call.next());
    expect([error.code, error.message, tokens.length]).to.deep.equal([16, "revoked", 2]);
  });

  it("does not take a gateway that refuses for a network without WebSocket", async () => {
    const fetched: unknown[] = [];
    const onFetch = (url: unknown): Promise<Response> => {
      fetched.push(url);
      return Promise.reject(new Error("not this way"));
    };
    page = openPage(server.url, { fetch: onFetch as typeof fetch });
    const call = page.client.single({ ...repeatable, http: { verb: "GET", path: "/v1" } }, {});
    (await server.accept()).close(1013);
    const socket = await accept();
    await socket.next();
    socket.send({ t: "msg", id: 1, m: 1 });
    socket.send({ t: "status", id: 1, code: 0 });
    expect([await call, fetched]).to.deep.equal([1, []]);
  });

  it("sends new credentials when the old ones are about to end", async () => {
    const call = page.client.single(get, {});
    const socket = await accept();
    await socket.next();
    socket.send({ t: "expiring", what: "lifetime", at: 1 });
    socket.send({ t: "expiring", what: "auth", at: 1 });
    expect(await socket.next()).to.deep.equal({ t: "auth", auth: "Bearer token-2" });
    socket.send({ ...readyFrame, authExpiresAt: 2 });
    socket.send({ t: "msg", id: 1, m: 1 });
    socket.send({ t: "status", id: 1, code: 0 });
    expect(await call).to.equal(1);
  });

  for (const [code, reason] of [
    [1003, "unsupported"],
    [1009, "too big"],
    [4003, "INVALID_ARGUMENT: no"],
    [4150, "bad frame"],
    [4999, "new"],
  ] as const)
    it(`tells the application of close code ${code} at once`, async () => {
      const call = page.client.stream(watch, {});
      const next = call.next();
      const socket = await accept();
      await socket.next();
      socket.close(code, reason);
      const error = await failureOf(next);
      expect(error.message).to.contain(`${code}: ${reason}`);
      // UNAVAILABLE would invite to try again.
      expect(error.code).to.equal(code === 4003 ? 3 : 13);
      expect(page.pauses).to.deep.equal([]);
    });

  for (const code of [1001, 1011, 1012, 1013, 4014, 4100, 4104, 4149])
    it(`connects again after close code ${code}`, async () => {
      const call = page.client.stream(watch, { after: "0" });
      const first = call.next();
      const socket = await accept();
      await socket.next();
      socket.send({ t: "msg", id: 1, m: { place: { cursor: "c7" } } });
      await first;
      socket.close(code);
      const again = await accept();
      expect((await again.next())["m"]).to.deep.equal({ after: "c7" });
      expect(page.pauses).to.have.length(1);
    });

  it("waits as long as the gateway says when it has no room for the socket", async () => {
    const call = page.client.single(get, {});
    const socket = await server.accept();
    socket.send({ t: "status", id: 0, code: 8, status: "RESOURCE_EXHAUSTED", details: [retryInfo] });
    socket.close(4008);
    const again = await accept();
    await again.next();
    again.send({ t: "msg", id: 1, m: 1 });
    again.send({ t: "status", id: 1, code: 0 });
    expect(await call).to.equal(1);
    // The pace's own pause is over by then.
    expect(Math.max(...page.pauses)).to.equal(7_500);
  });

  it("opens a resumable stream again on the same socket when only the stream was lost", async () => {
    const call = page.client.stream(watch, {});
    const socket = await accept();
    await socket.next();
    socket.send({ t: "msg", id: 1, m: { place: { cursor: "c1" } } });
    socket.send({ t: "status", id: 1, code: 14, status: "UNAVAILABLE", message: "idle" });
    const open = await socket.next();
    expect([open["id"], open["m"]]).to.deep.equal([2, { after: "c1" }]);
    socket.send({ t: "status", id: 2, code: 5, status: "NOT_FOUND", message: "gone" });
    await call.next();
    expect((await failureOf(call.next())).code).to.equal(5);
  });

  it("takes back what waits behind the last token, so that nothing comes twice", async () => {
    const call = page.client.stream<{ n: number }>(watch, {});
    const socket = await accept();
    await socket.next();
    for (const [n, cursor] of [
      [1, "c1"],
      [2, ""],
      [3, undefined],
    ] as const)
      socket.send({ t: "msg", id: 1, m: { n, place: { cursor } } });
    socket.send({ t: "ping" });
    await socket.next();
    socket.close(1012);
    const again = await accept();
    const open = await again.next();
    // One message still waits for the application.
    expect([open["m"], open["credit"]]).to.deep.equal([{ after: "c1" }, 255]);
    for (const n of [2, 3]) again.send({ t: "msg", id: 1, m: { n } });
    again.send({ t: "status", id: 1, code: 0 });
    expect((await collect(call)).map(({ n }) => n)).to.deep.equal([1, 2, 3]);
  });

  it("leaves streams on a socket that goes away, and opens others elsewhere", async () => {
    const states: CallState[] = [];
    const stays = page.client.stream(plain, {});
    const moves = page.client.stream(watch, {});
    moves.onState((state) => states.push(state));
    const untouched = page.client.single(get, { a: 1 });
    const old = await accept();
    for (let i = 0; i < 3; i++) await old.next();
    old.send({ t: "msg", id: 2, m: { place: { cursor: "c1" } } });
    old.send({ t: "goaway", reason: "shutdown", lastId: 2, deadlineMs: 30_000, retryAfterMs: 2_000 });
    const next = await accept();
    expect(page.pauses).to.deep.equal([2_000]);
    const opened = [await next.next(), await next.next()];
    expect(opened.map((open) => open["m"])).to.have.deep.members([{ a: 1 }, { after: "c1" }]);
    expect(await old.next()).to.deep.include({ t: "cancel", id: 2 });
    old.send({ t: "msg", id: 1, m: "late" });
    expect((await stays.next()).value).to.equal("late");
    old.send({ t: "status", id: 1, code: 0 });
    // The last stream has ended: the client closes.
    expect(await old.closed).to.equal(1000);
    expect(states).to.deep.equal(["live", "reconnecting", "resumed"]);
    const id = opened.find((open) => open["end"] === true && open["method"] === get.name)!["id"];
    next.send({ t: "msg", id, m: 2 });
    next.send({ t: "status", id, code: 0 });
    expect(await untouched).to.equal(2);
  });

  it("is patient again only after ten seconds of a socket that works", async () => {
    const call = page.client.stream(watch, {}, { timeoutMs: 2 ** 31 });
    const first = call.next();
    for (let i = 0; i < 3; i++) {
      const socket = await accept();
      await socket.next();
      socket.terminate();
    }
    const healthy = await accept();
    await healthy.next();
    await new Promise<void>((resolve) => page.environment.after(11_000, resolve));
    healthy.terminate();
    const last = await accept();
    await last.next();
    last.send({ t: "msg", id: 1, m: 1 });
    await first;
    expect(page.pauses.filter((pause) => pause !== 11_000)).to.deep.equal([500, 750, 1500, 500]);
  });

  it("gives up a socket that does not get ready in time", async () => {
    let closes = 0;
    class SilentWebSocket implements WebSocketLike {
      binaryType = "";
      addEventListener(): void {}
      send(): void {}
      close(): void {
        closes += 1;
      }
    }
    page = openPage(server.url, { WebSocket: SilentWebSocket, connectTimeoutMs: 2_000 });
    const call = page.client.single(repeatable, {}, { maxAttempts: 3 });
    expect((await failureOf(call)).code).to.equal(14);
    expect([closes, page.pauses]).to.deep.equal([3, [2_000, 500, 2_000, 750, 2_000]]);
  });

  it("tells why there is no connection when the page may not open the URL, or gives no token", async () => {
    class ForbiddenWebSocket implements WebSocketLike {
      binaryType = "";
      constructor() {
        throw new Error("an insecure WebSocket connection may not be initiated");
      }
      addEventListener(): void {}
      send(): void {}
      close(): void {}
    }
    page = openPage(server.url, { WebSocket: ForbiddenWebSocket });
    const forbidden = await failureOf(page.client.single(get, {}, { maxAttempts: 1 }));
    expect([forbidden.code, forbidden.message]).to.deep.equal([
      14,
      "an insecure WebSocket connection may not be initiated",
    ]);
    page = openPage(server.url, { getToken: () => Promise.reject(new Error("signed out")) });
    const signedOut = await failureOf(page.client.single(get, {}, { maxAttempts: 2 }));
    expect([signedOut.code, signedOut.message]).to.deep.equal([16, "getToken failed: signed out"]);
  });

  it("connects at once for a call that comes after a socket nobody needed any more", async () => {
    const first = page.client.single(get, {});
    const socket = await accept();
    await socket.next();
    socket.send({ t: "msg", id: 1, m: 1 });
    socket.send({ t: "status", id: 1, code: 0 });
    await first;
    page.client.close();
    await socket.closed;
    const second = page.client.single(get, {});
    const again = await accept();
    await again.next();
    again.send({ t: "msg", id: 1, m: 2 });
    again.send({ t: "status", id: 1, code: 0 });
    expect([await second, page.pauses]).to.deep.equal([2, []]);
  });

  it("tells the application what the connection is up to", async () => {
    const states: string[] = [];
    page = openPage(server.url, { onConnection: (state, error) => states.push(`${state} ${error?.message ?? ""}`) });
    const call = page.client.single(get, {});
    const socket = await accept();
    await socket.next();
    socket.close(4003, "INVALID_ARGUMENT");
    await failureOf(call);
    expect(states).to.deep.equal([
      "connecting ",
      "ready ",
      "closed the connection was lost (WebSocket close code 4003: INVALID_ARGUMENT)",
    ]);
  });

  it("goes on when a listener of the application throws", async () => {
    const call = page.client.stream(plain, {});
    call.onState(() => {
      throw new Error("the application's fault");
    });
    const socket = await accept();
    await socket.next();
    socket.send({ t: "msg", id: 1, m: 1 });
    expect((await call.next()).value).to.equal(1);
  });
});

describe("toVerdict", () => {
  it("is the gateway's own for every close code", () => {
    for (let code = 1000; code < 5000; code++) {
      const verdict = verdictOf(code);
      const ours = toVerdict(code, undefined);
      if (verdict === "by code")
        expect(ours, String(code)).to.equal(code === 4014 ? "retry" : code === 4016 ? "refresh" : "fail");
      // A socket that was closed in order is opened again when somebody needs it.
      else expect(ours, String(code)).to.equal(verdict === "done" ? "retry" : verdict);
    }
  });

  it("retries 4, 8 and 10 only with a RetryInfo", () => {
    for (const code of [4, 8, 10]) {
      expect(isTransient(code, [])).to.equal(false);
      expect(isTransient(code, [retryInfo])).to.equal(true);
    }
    expect(isTransient(5, [retryInfo])).to.equal(false);
    expect(retryDelay([{ "@type": "x/google.rpc.RetryInfo" }])).to.equal(0);
    expect(retryDelay([null, 7, {}].filter(Boolean))).to.equal(undefined);
  });
});
