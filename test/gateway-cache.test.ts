// Answers that are kept, over real sockets: what clients are told of them, what backends are asked, and for how long all that holds.
import { gunzipSync } from "node:zlib";
import { expect } from "chai";
import { unaryWays } from "./attacks/ways.ts";
import { startGateway } from "./support/gateway.ts";
import type { Answer, GatewayFixture, GatewaySource, MetadataEntry } from "./support/gateway.ts";
import type { RawResponse } from "./support/raw-http.ts";

interface Options {
  /** Of `(sluice.cache)`, beside ttl. */
  readonly cache?: string;
  readonly yaml?: string;
  readonly handlers?: GatewaySource["handlers"];
  readonly profile?: GatewaySource["profile"];
}

const protos = (cache: string): string => `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  import "sluice/annotations.proto";
  message M { string text = 1; int32 number = 2; }
  service S {
    rpc Get(M) returns (M) {
      option (google.api.http) = { get: "/v1/unary/{text}" additional_bindings { post: "/v1/unary" body: "*" } };
      option (sluice.cache) = { ttl: "60s" ${cache} };
    }
    rpc Copied(M) returns (M) {
      option (google.api.http) = { get: "/v1/copied/{text}" };
      option (sluice.http) = { status: 203 };
      option (sluice.cache) = { ttl: "60s" };
    }
    rpc Other(M) returns (M) { option (google.api.http) = { get: "/v1/other/{text}" }; }
  }
`;

const reply = (text: string, cacheControl?: string, more: readonly MetadataEntry[] = []): Answer => ({
  kind: "reply",
  message: JSON.stringify({ text }),
  headers: [...(cacheControl === undefined ? [] : [["cache-control", cacheControl] as const]), ...more],
});

describe("a gateway with a cache", () => {
  let gateway: GatewayFixture;
  /** Seconds. */
  let now: number;

  const start = async ({
    cache = "public: true",
    yaml = "",
    handlers,
    profile = "strict",
  }: Options = {}): Promise<void> => {
    now = 1000;
    let count = 0;
    gateway = await startGateway({
      protos: protos(cache),
      yaml,
      profile,
      handlers: handlers ?? {
        "t.S/Get": () => reply(`answer ${++count}`),
        "t.S/Other": () => reply(`other ${++count}`),
      },
      options: { cacheClock: () => now * 1000 },
    });
  };
  afterEach(() => gateway.close());

  const get = (headers: readonly string[] = [], target = "/v1/unary/x", method = "GET"): Promise<RawResponse> =>
    gateway.request({ method, target, headers });
  const shown = ({ status, headers, body }: RawResponse) => ({
    status,
    text: body.length === 0 ? undefined : (JSON.parse(body.toString()) as { text?: string }).text,
    cache: headers.get("cache-status"),
    control: headers.get("cache-control"),
    age: headers.get("age"),
  });

  it("gives an answer again while it is fresh, and says how old it is", async () => {
    await start();
    expect(shown(await get())).to.deep.equal({
      status: 200,
      text: "answer 1",
      cache: "sluice; fwd=miss; stored",
      control: "public, max-age=60",
      age: undefined,
    });
    now += 59;
    expect(shown(await get())).to.deep.equal({
      status: 200,
      text: "answer 1",
      cache: "sluice; hit; ttl=1",
      control: "public, max-age=60",
      age: "59",
    });
    now += 1;
    expect(shown(await get())).to.include({ text: "answer 2", cache: "sluice; fwd=miss; stored" });
  });

  it("tells clients of every front where their answer came from", async () => {
    await start({ yaml: "websocket: { unary: true }" });
    for (const { get: call } of unaryWays) await call(gateway, "x");
    const texts = await Promise.all(unaryWays.map(({ get: call }) => call(gateway, "x")));
    for (const { text } of texts) expect(text).to.contain("answer 1");
    expect(texts[0].text).to.contain("sluice; hit");
    expect(texts[4].text).to.contain("sluice; hit");
    expect(gateway.calls).to.have.length(1);
  });

  it("knows no method that has no cache", async () => {
    await start();
    expect(shown(await get([], "/v1/other/x"))).to.include({ text: "other 1", cache: undefined, control: undefined });
    const again = await get([], "/v1/other/x");
    expect(shown(again)).to.include({ text: "other 2" });
    expect(again.headers.has("etag")).to.equal(false);
  });

  it("tells requests apart by what they ask, not by how they are written", async () => {
    await start();
    await get([], "/v1/unary/x?number=1");
    expect(shown(await get([], "/v1/unary/x?number=1")).text).to.equal("answer 1");
    const body = '{"number":1,"text":"x"}';
    const posted = await gateway.request({
      method: "POST",
      target: "/v1/unary",
      headers: ["Content-Type: application/json"],
      body,
    });
    expect(shown(posted)).to.include({ text: "answer 1" });
    expect(posted.headers.has("etag")).to.equal(false);
    expect(shown(await get([], "/v1/unary/x?number=2")).text).to.equal("answer 2");
    expect(shown(await get([], "/v1/unary/y?number=1")).text).to.equal("answer 3");
  });

  it("asks a backend what the key is made of, fields in order", async () => {
    await start();
    await gateway.request({
      method: "POST",
      target: "/v1/unary",
      headers: ["Content-Type: application/json"],
      body: '{"number":1,"text":"x"}',
    });
    expect(gateway.calls[0].bytes).to.deep.equal(Buffer.from([0x0a, 1, 0x78, 0x10, 1]));
  });

  describe("with entity tags", () => {
    it("answers 304 where the client has the answer", async () => {
      await start();
      const tag = (await get()).headers.get("etag") ?? "";
      expect(tag).to.match(/^"[\w-]{22}"$/);
      for (const header of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
        const answer = await get([`If-None-Match: ${header}`]);
        expect(answer.status, header).to.equal(304);
        expect(answer.body.length).to.equal(0);
        expect(answer.headers.get("etag")).to.equal(tag);
        expect(answer.headers.get("cache-control")).to.equal("public, max-age=60");
        expect(answer.headers.has("content-type")).to.equal(false);
      }
      expect((await get(['If-None-Match: "other"'])).status).to.equal(200);
      expect((await get([`If-None-Match: ${tag}`], "/v1/unary/x", "HEAD")).status).to.equal(304);
      expect(gateway.calls).to.have.length(1);
    });

    it("tags what is sent: other views have other tags, other encodings weak ones", async () => {
      await start({ handlers: { "t.S/Get": () => reply("a".repeat(5000)) } });
      const plain = await get();
      const pretty = await get([], "/v1/unary/x?$pretty=true");
      const zipped = await get(["Accept-Encoding: gzip"]);
      expect(pretty.headers.get("etag")).to.not.equal(plain.headers.get("etag"));
      expect(zipped.headers.get("etag")).to.equal(`W/${plain.headers.get("etag")}`);
      expect(gunzipSync(zipped.body).toString()).to.equal(plain.body.toString());
      expect(zipped.headers.get("vary")).to.contain("Accept-Encoding");
      expect((await get(["Accept-Encoding: gzip", `If-None-Match: ${plain.headers.get("etag")}`])).status).to.equal(
        304,
      );
      expect(gateway.calls).to.have.length(1);
    });

    it("says in profile grpc-gateway that any header may count, and tells apart what it passes on", async () => {
      await start({ cache: "", profile: "grpc-gateway" });
      const answer = await get(["Grpc-Metadata-Shop: 1"]);
      expect(answer.headers.get("vary")).to.contain("*");
      expect(shown(await get(["Grpc-Metadata-Shop: 1", "Cache-Control: max-age=100"])).text).to.equal("answer 1");
      expect(shown(await get(["Grpc-Metadata-Shop: 2"])).text).to.equal("answer 2");
      const tag = answer.headers.get("etag") ?? "";
      expect((await get(["Grpc-Metadata-Shop: 1", `If-None-Match: ${tag}`])).status).to.equal(304);
    });

    it("tags no answer that is not 200", async () => {
      await start();
      for (let i = 0; i < 2; i++) {
        const answer = await get(["If-None-Match: *"], "/v1/copied/x");
        expect(answer.status).to.equal(203);
        expect(answer.headers.has("etag")).to.equal(false);
      }
      expect(gateway.calls).to.have.length(1);
    });

    it("answers 304 to a question that the backend had to be asked again", async () => {
      await start({ handlers: { "t.S/Get": () => reply("the same") } });
      const tag = (await get()).headers.get("etag") ?? "";
      now += 100;
      expect((await get([`If-None-Match: ${tag}`])).status).to.equal(304);
      expect(gateway.calls).to.have.length(2);
    });
  });

  it("lets no cache on the way keep what not everybody may have", async () => {
    await start({ yaml: "access: { deny: [192.0.2.0/24] }" });
    expect(shown(await get()).control).to.equal("private, max-age=60");
  });

  it("says that other forms of an answer are other answers, also where nothing is compressed", async () => {
    await start({ yaml: "http: { compress_min: off }" });
    expect((await get()).headers.get("vary")).to.equal("accept");
  });

  describe("for each caller", () => {
    it("says what tells answers apart, and that nobody on the way may keep them", async () => {
      await start({ cache: "" });
      const { headers } = await get();
      expect(headers.get("cache-control")).to.equal("private, max-age=60");
      expect(headers.get("vary")).to.contain("authorization, accept-language").and.not.contain("traceparent");
    });

    it("tells apart what clients say that reaches the backend", async () => {
      await start({ cache: "" });
      expect(shown(await get(["Accept-Language: de"])).text).to.equal("answer 1");
      expect(shown(await get(["Accept-Language: en"])).text).to.equal("answer 2");
      expect(shown(await get(["Accept-Language: de", "X-Unlisted: 1"])).text).to.equal("answer 1");
    });

    it("lets only what vary names count, and pass", async () => {
      await start({ cache: 'vary: "Accept-Language"', yaml: "http: { request_headers: [accept-language, x-shop] }" });
      await get(["Accept-Language: de", "X-Shop: 1"]);
      expect(shown(await get(["Accept-Language: de", "X-Shop: 2"])).text).to.equal("answer 1");
      expect(shown(await get(["Accept-Language: en", "X-Shop: 1"])).text).to.equal("answer 2");
      const names = gateway.calls[0].metadata.map(([name]) => name);
      expect(names).to.include("accept-language").and.not.include("x-shop");
    });
  });

  describe("what backends say", () => {
    const cases: readonly (readonly [title: string, answer: Answer, stored: boolean])[] = [
      ["no-store", reply("a", "no-store"), false],
      ["no-cache", reply("a", "no-cache"), false],
      ["private, of an answer for all", reply("a", "private"), false],
      ["max-age=0", reply("a", "max-age=0"), false],
      ["vary: *", reply("a", undefined, [["vary", "*"]]), false],
      ["vary on what is no part of the key", reply("a", undefined, [["vary", "traceparent"]]), false],
      ["a partial answer", reply("a", undefined, [["x-sluice-partial", "reco"]]), false],
      ["a cookie", reply("a", undefined, [["set-cookie", "a=b"]]), false],
      ["another status", reply("a", undefined, [["x-http-code", "202"]]), false],
      ["it was old already", reply("a", "max-age=10", [["age", "10"]]), false],
      ["max-age", reply("a", "max-age=10"), true],
      ["public", reply("a", "public"), true],
      ["vary on what never reached it", reply("a", undefined, [["vary", "User-Agent"]]), true],
    ];
    for (const [title, answer, stored] of cases)
      it(`${stored ? "keeps" : "does not keep"} an answer with ${title}`, async () => {
        await start({ handlers: { "t.S/Get": () => answer } });
        const { control } = shown(await get());
        await get();
        expect(gateway.calls).to.have.length(stored ? 1 : 2);
        expect(control === "no-store").to.equal(!stored);
      });

    it("shortens the time, and never lengthens it", async () => {
      for (const [said, seconds] of [
        ["max-age=10", 10],
        ["max-age=1000", 60],
        ["s-maxage=5, max-age=30", 5],
      ] as const) {
        await start({ handlers: { "t.S/Get": () => reply("a", said) } });
        expect(shown(await get()).control).to.equal(`public, max-age=${seconds}`);
        now += seconds - 1;
        await get();
        expect(gateway.calls).to.have.length(1);
        now += 1;
        await get();
        expect(gateway.calls).to.have.length(2);
        if (seconds !== 5) await gateway.close();
      }
    });

    it("is told once: its own words about caches do not stand beside the gateway's", async () => {
      await start({
        yaml: "http: { response_headers: [cache-control, age, etag, x-kept, x-request-id, server-timing] }",
        handlers: {
          "t.S/Get": () =>
            reply("a", "max-age=10", [
              ["age", "3"],
              ["etag", '"theirs"'],
              ["x-kept", "1"],
              ["x-request-id", "of-one-call"],
              ["server-timing", "db;dur=5"],
            ]),
        },
      });
      const { headers } = await get();
      expect(headers.get("cache-control")).to.equal("public, max-age=10");
      expect(headers.get("age")).to.equal("3");
      expect(headers.get("etag")).to.not.contain("theirs");
      const again = await get();
      expect(again.headers.get("x-kept")).to.equal("1");
      expect(again.headers.has("server-timing")).to.equal(false);
      expect(again.headers.get("x-request-id")).to.not.equal("of-one-call");
    });
  });

  describe("what clients say", () => {
    it("is not what browsers say in the handshake of a WebSocket", async () => {
      await start({ yaml: "websocket: { unary: true }" });
      for (const { get: call } of unaryWays) {
        await call(gateway, "x");
        now += 5;
      }
      for (const { name, get: call } of unaryWays.filter(({ name: one }) => one.includes("WebSocket"))) {
        expect((await call(gateway, "x", [["Cache-Control", "no-cache"]])).text, name).to.contain("answer 1");
        now += 5;
      }
      expect(gateway.calls).to.have.length(1);
    });

    it("asks anew for no-cache and max-age, but never more often than once a second", async () => {
      await start();
      await get();
      expect(shown(await get(["Cache-Control: no-cache"]))).to.include({ text: "answer 1" });
      now += 2;
      expect(shown(await get(["Cache-Control: no-cache"]))).to.include({
        text: "answer 2",
        cache: "sluice; fwd=request; stored",
      });
      now += 5;
      expect(shown(await get(["Cache-Control: max-age=10"])).text).to.equal("answer 2");
      expect(shown(await get(["Cache-Control: max-age=4"])).text).to.equal("answer 3");
      expect(shown(await get(["Cache-Control: min-fresh=70"])).text).to.equal("answer 3");
      now += 1;
      expect(shown(await get(["Cache-Control: min-fresh=59"])).text).to.equal("answer 4");
    });

    it("keeps nothing of a request with no-store", async () => {
      await start();
      expect(shown(await get(["Cache-Control: no-store"]))).to.include({ text: "answer 1", control: "no-store" });
      expect(shown(await get()).text).to.equal("answer 2");
      expect(shown(await get(["Cache-Control: no-store"])).text).to.equal("answer 2");
    });

    it("answers 504 where only what is kept is wanted, and there is nothing", async () => {
      await start();
      const answer = await get(["Cache-Control: only-if-cached"]);
      expect(answer.status).to.equal(504);
      expect(answer.body.toString()).to.contain("NOT_CACHED");
      expect(gateway.calls).to.have.length(0);
      await get();
      expect(shown(await get(["Cache-Control: only-if-cached"])).text).to.equal("answer 1");
    });
  });

  describe("stale answers", () => {
    it("are given while a new one is asked for, once", async () => {
      await start({ cache: 'public: true stale_while_revalidate: "30s"' });
      await get();
      now += 70;
      const again = gateway.nextCall();
      const stale = await Promise.all([get(), get(), get()]);
      for (const answer of stale) expect(shown(answer)).to.include({ text: "answer 1", cache: "sluice; hit; ttl=-10" });
      await again;
      expect(gateway.calls).to.have.length(2);
      let fresh = shown(await get());
      // Until the new one is there.
      while (fresh.text === "answer 1") fresh = shown(await get());
      expect(fresh).to.include({ text: "answer 2", cache: "sluice; hit; ttl=60" });
      now += 91;
      expect(shown(await get())).to.include({ text: "answer 3", cache: "sluice; fwd=miss; stored" });
    });

    it("are given where the backend fails, and for no longer than they may", async () => {
      await start({ cache: 'public: true stale_if_error: "30s"' });
      await get();
      now += 70;
      gateway.answerWith({ kind: "status", code: 14, message: "away" });
      expect(shown(await get())).to.include({
        status: 200,
        text: "answer 1",
        cache: "sluice; fwd=stale; fwd-status=503; detail=STALE_IF_ERROR",
        age: "70",
      });
      now += 30;
      expect(shown(await get())).to.include({ status: 503, control: "no-store" });
    });

    it("are no answer to what the backend refuses", async () => {
      await start({ cache: 'public: true stale_if_error: "30s"' });
      await get();
      now += 70;
      gateway.answerWith({ kind: "status", code: 5, message: "gone" });
      expect((await get()).status).to.equal(404);
    });

    it("are not given where the backend wants to be asked", async () => {
      await start({
        cache: 'public: true stale_if_error: "30s" stale_while_revalidate: "30s"',
        handlers: { "t.S/Get": () => reply("a", "max-age=10, must-revalidate") },
      });
      await get();
      now += 11;
      gateway.answerWith({ kind: "status", code: 14, message: "away" });
      expect((await get()).status).to.equal(503);
    });

    it("are asked for again no more than 64 at a time, as nobody waits for them", async () => {
      let isAway = false;
      await start({
        cache: 'public: true stale_while_revalidate: "30s"',
        handlers: { "t.S/Get": () => (isAway ? { kind: "silence" } : reply("kept")) },
      });
      const targets = Array.from({ length: 80 }, (_, index) => `/v1/unary/${index}`);
      for (const target of targets) await get([], target);
      now += 70;
      isAway = true;
      for (const target of targets) expect(shown(await get([], target)).cache).to.equal("sluice; hit; ttl=-10");
      while (gateway.calls.length < 80 + 64) await gateway.nextCall();
      await get([], "/v1/other/x");
      expect(gateway.calls).to.have.length(80 + 64 + 1);
    });

    it("are asked for again no more than once a second while the backend is away", async () => {
      await start({ cache: 'public: true stale_while_revalidate: "30s"' });
      await get();
      now += 70;
      gateway.answerWith({ kind: "status", code: 14, message: "away" });
      const second = gateway.nextCall();
      for (let i = 0; i < 10; i++) expect(shown(await get()).text).to.equal("answer 1");
      await second;
      expect(gateway.calls).to.have.length(2);
    });
  });

  describe("errors", () => {
    it("are not kept", async () => {
      await start();
      gateway.answerWith({ kind: "status", code: 5, message: "no such thing" });
      expect(shown(await get())).to.include({ status: 404, cache: "sluice; fwd=miss", control: "no-store" });
      gateway.answerWith();
      expect(shown(await get())).to.include({ status: 200, text: "answer 1" });
    });
  });

  describe("many at once", () => {
    /** Answers when told to. */
    const startHeld = async (answer: () => Answer = () => reply("the one")): Promise<() => void> => {
      let release = (): void => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      await start({ handlers: { "t.S/Get": () => held.then(answer) } });
      return release;
    };

    it("are one question: 200 callers", async () => {
      const release = await startHeld();
      const called = gateway.nextCall();
      const first = get();
      await called;
      const others = Array.from({ length: 199 }, () => get());
      const other = get([], "/v1/unary/y");
      await gateway.nextCall();
      release();
      expect(shown(await first).cache).to.equal("sluice; fwd=miss; stored");
      const all = (await Promise.all(others)).map(shown);
      expect(all.every(({ text }) => text === "the one")).to.equal(true);
      const waited = all.filter(({ cache }) => cache === "sluice; fwd=miss; collapsed").length;
      expect(waited + all.filter(({ cache }) => cache?.startsWith("sluice; hit")).length).to.equal(199);
      expect(shown(await other).cache).to.equal("sluice; fwd=miss; stored");
      expect(gateway.calls.map(({ message }) => message)).to.deep.equal(['{"text":"x"}', '{"text":"y"}']);
    });

    it("go on when the one that asked first goes away", async () => {
      const release = await startHeld();
      const called = gateway.nextCall();
      const leader = await gateway.open({ method: "GET", target: "/v1/unary/x" });
      await called;
      const waiting = get();
      const through = get([], "/v1/unary/y");
      await gateway.nextCall();
      leader.close();
      await leader.closed;
      release();
      expect(shown(await waiting)).to.include({ status: 200, text: "the one" });
      await through;
      expect(gateway.calls).to.have.length(2);
    });

    it("end the question when all have gone", async () => {
      await startHeld();
      const called = gateway.nextCall();
      const leader = await gateway.open({ method: "GET", target: "/v1/unary/x" });
      const call = await called;
      leader.close();
      await call.cancelled;
    });

    it("have each their own time", async () => {
      const release = await startHeld();
      const called = gateway.nextCall();
      const hasty = get(["Sluice-Timeout: 1s"]);
      await called;
      const patient = get();
      expect((await hasty).status).to.equal(504);
      release();
      expect(shown(await patient)).to.include({ status: 200, text: "the one" });
      expect(gateway.calls).to.have.length(1);
    });

    it("share an error", async () => {
      const release = await startHeld(() => ({ kind: "status", code: 14, message: "away" }));
      const called = gateway.nextCall();
      const all = [get()];
      await called;
      all.push(get(), get(), get([], "/v1/unary/y"));
      await gateway.nextCall();
      release();
      expect((await Promise.all(all)).map(({ status }) => status)).to.deep.equal([503, 503, 503, 503]);
      expect(gateway.calls).to.have.length(2);
    });

    it("do not share an error that has cookies", async () => {
      const release = await startHeld(() => ({
        kind: "status",
        code: 14,
        message: "away",
        trailers: [["set-cookie", "a=b"]],
      }));
      const called = gateway.nextCall();
      const all = [get()];
      await called;
      all.push(get(), get([], "/v1/unary/y"));
      await gateway.nextCall();
      release();
      await Promise.all(all);
      expect(gateway.calls).to.have.length(3);
    });

    it("do not wait for each other where the last answer was for one only", async () => {
      await start({ handlers: { "t.S/Get": () => reply("yours", "no-store") } });
      await get();
      gateway.answerWith({ kind: "silence" });
      const called = [gateway.nextCall()];
      const first = await gateway.open({ method: "GET", target: "/v1/unary/x" });
      await called[0];
      called.push(gateway.nextCall());
      const second = await gateway.open({ method: "GET", target: "/v1/unary/x" });
      await called[1];
      expect(gateway.calls).to.have.length(3);
      for (const connection of [first, second]) connection.close();
      now += 10;
      gateway.answerWith({ kind: "reply", message: '{"text":"for all"}' });
      expect(shown(await get()).cache).to.equal("sluice; fwd=miss; stored");
    });

    it("ask for themselves where an answer is for one only", async () => {
      const release = await startHeld(() => reply("yours", "no-store"));
      const called = gateway.nextCall();
      const all = [get()];
      await called;
      all.push(get(), get(), get([], "/v1/unary/y"));
      await gateway.nextCall();
      release();
      const told = (await Promise.all(all)).map(shown);
      expect(told.map(({ cache }) => cache)).to.deep.equal([
        "sluice; fwd=miss",
        "sluice; fwd=bypass",
        "sluice; fwd=bypass",
        "sluice; fwd=miss",
      ]);
      expect(gateway.calls).to.have.length(4);
    });
  });

  it("keeps less than it may, whatever is asked, and says how much", async () => {
    await start({
      yaml: "cache: { max_bytes: 64KiB, max_entry: 8KiB }",
      handlers: { "t.S/Get": ({ message }) => reply(message.length > 14 ? "a".repeat(10_000) : "a".repeat(1000)) },
    });
    for (let i = 0; i < 200; i++) await get([], `/v1/unary/${i}`);
    await get([], "/v1/unary/199");
    expect(gateway.calls).to.have.length(200);
    await get([], "/v1/unary/0");
    expect(gateway.calls).to.have.length(201);
    await get([], "/v1/unary/very-long");
    await get([], "/v1/unary/very-long");
    expect(gateway.calls).to.have.length(203);
    const metrics = gateway.metrics();
    const read = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(metrics)?.[1]);
    expect(read("sluice_cache_bytes"))
      .to.be.lessThan(64 * 1024)
      .and.greaterThan(32 * 1024);
    expect(read("sluice_cache_entries")).to.be.lessThan(40);
    expect(read("sluice_cache_evictions_total")).to.be.greaterThan(160);
    expect(metrics).to.contain('sluice_cache_answers_total{method="t.S.Get",result="hit"} 1\n');
    expect(metrics).to.contain('sluice_cache_answers_total{method="t.S.Get",result="miss"} 203\n');
  });

  it("does not look up what is too large to ask for cheaply", async () => {
    await start();
    const body = JSON.stringify({ text: "a".repeat(70_000) });
    const post = () =>
      gateway.request({ method: "POST", target: "/v1/unary", headers: ["Content-Type: application/json"], body });
    expect(shown(await post())).to.include({ text: "answer 1", cache: "sluice; fwd=bypass", control: "no-store" });
    expect(shown(await post())).to.include({ text: "answer 2" });
  });
});
