// Answers in a Redis that gateways share: who finds what, for how long, what never gets there, and that no call fails or waits by a Redis that does not work.
import { expect } from "chai";
import type { GatewayError } from "../src/status.ts";
import { secretIssuer, tokenOf } from "./matrix/secret-issuer.ts";
import { countOf, startCacheGateways, startPatient, stored } from "./support/cache-gateways.ts";
import type { CacheGateways } from "./support/cache-gateways.ts";
import type { Answer, GatewayFixture, GatewaySource } from "./support/gateway.ts";
import { startGateway } from "./support/gateway.ts";
import type { RawResponse } from "./support/raw-http.ts";
import { startRedis } from "./support/redis.ts";
import type { RedisServer } from "./support/redis.ts";
import { until } from "./support/until.ts";

const protos = (cache: string, field = ""): string => `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  import "sluice/annotations.proto";
  message M { string text = 1; int32 number = 2; ${field} }
  service S {
    rpc Get(M) returns (M) {
      option (google.api.http) = { get: "/v1/unary/{text}" };
      option (sluice.cache) = { ttl: "60s" ${cache} };
    }
  }
`;

const reply = (text: string, ...headers: readonly (readonly [string, string])[]): Answer => ({
  kind: "reply",
  message: JSON.stringify({ text }),
  headers,
});

describe("gateways that keep answers in one Redis", () => {
  let redis: RedisServer;
  let gateways: CacheGateways | undefined;
  let first: GatewayFixture;
  let second: GatewayFixture;
  /** Seconds, of both. */
  let now: number;
  let faults: string[];

  before(async function () {
    redis = await startRedis(this);
  });
  after(() => redis?.dispose());
  beforeEach(() => redis.ask("FLUSHALL"));
  afterEach(async () => {
    redis.thaw();
    await gateways?.close();
    gateways = undefined;
    await redis.ask("CONFIG", "SET", "maxmemory", "0");
  });

  const start = async (
    cache = "public: true",
    more: Partial<GatewaySource> = {},
    timeoutMs?: number,
  ): Promise<void> => {
    now = 1000;
    let count = 0;
    faults = [];
    // Limits, which have a connection of their own, say the same of theirs.
    const report = ({ reason, message }: GatewayError): void => {
      if (reason === "CACHE_UNAVAILABLE") faults.push(message);
    };
    const handlers = { "t.S/Get": () => reply(`answer ${++count}`) };
    const options = { cacheClock: () => now * 1000, report };
    gateways = await startCacheGateways({ protos: protos(cache), handlers, options, ...more }, redis, timeoutMs);
    ({ first, second } = gateways);
  };
  const get = (gateway: GatewayFixture, headers: readonly string[] = [], text = "x"): Promise<RawResponse> =>
    gateway.request({ method: "GET", target: `/v1/unary/${text}`, headers });
  const shown = ({ status, headers, body }: RawResponse) => ({
    status,
    text: body.length === 0 ? undefined : (JSON.parse(body.toString()) as { text?: string }).text,
    cache: headers.get("cache-status"),
    age: headers.get("age"),
  });
  const names = async (): Promise<string[]> => (await redis.ask("KEYS", "*")).match(/^sluice:\S+$/gm) ?? [];
  /** For everybody: the gateways' clock, and how much Redis has left of what is there. */
  const pass = async (seconds: number): Promise<void> => {
    now += seconds;
    for (const name of await names()) {
      const left = Number(/-?\d+/.exec(await redis.ask("PTTL", name))?.[0]);
      await redis.ask("PEXPIRE", name, String(left - seconds * 1000));
    }
  };

  it("give one another's answers, and say how old they are", async () => {
    await start();
    expect(shown(await get(first))).to.include({ text: "answer 1", cache: "sluice; fwd=miss; stored" });
    await stored(first, 1);
    await pass(20);
    const found = shown(await get(second));
    expect(found).to.include({ status: 200, text: "answer 1" });
    expect(Number(found.age)).to.be.within(20, 30);
    expect(found.cache).to.match(/^sluice; hit; ttl=3\d$/);
    expect(first.calls).to.have.length(1);
    expect(countOf(second, "lookups", "found")).to.equal(1);
    expect(second.metrics()).to.contain('sluice_cache_answers_total{method="t.S.Get",result="shared"} 1\n');
    expect(second.metrics()).to.contain("sluice_cache_redis_up 1\n");
  });

  it("ask Redis once for what is in memory from then on", async () => {
    await start();
    await get(first);
    await stored(first, 1);
    for (let i = 0; i < 5; i++) expect(shown(await get(second)).text).to.equal("answer 1");
    expect([countOf(second, "lookups", "found"), countOf(second, "lookups", "missing")]).to.deep.equal([1, 0]);
    expect(second.metrics()).to.contain('result="hit"} 4\n');
  });

  it("ask Redis once for all who wait", async () => {
    await start();
    await get(first);
    await stored(first, 1);
    redis.freeze();
    const all = Array.from({ length: 30 }, () => get(second));
    const last = get(second, ["Cache-Control: only-if-cached"], "y");
    // They have all come, and wait.
    await until(() => second.metrics().includes('sluice_calls_in_flight{method="t.S.Get",front="rest"} 31\n'));
    redis.thaw();
    expect((await last).status).to.equal(504);
    for (const answer of await Promise.all(all)) expect(shown(answer).text).to.equal("answer 1");
    expect([countOf(second, "lookups", "found"), countOf(second, "lookups", "missing")]).to.deep.equal([1, 1]);
  });

  it("ask Redis no more while the backend is asked already", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await start("public: true", { handlers: { "t.S/Get": () => held.then(() => reply("the one")) } });
    const called = first.nextCall();
    const all = [get(first)];
    await called;
    all.push(...Array.from({ length: 5 }, () => get(first)));
    await until(() => first.metrics().includes('sluice_calls_in_flight{method="t.S.Get",front="rest"} 6\n'));
    release();
    for (const answer of await Promise.all(all)) expect(shown(answer).text).to.equal("the one");
    expect([countOf(first, "lookups", "missing"), first.calls.length]).to.deep.equal([1, 1]);
  });

  it("do not go back to an older answer that Redis still has", async () => {
    await start();
    await get(first);
    await stored(first, 1);
    await pass(10);
    await redis.ask("CONFIG", "SET", "maxmemory", "1");
    expect(shown(await get(first, ["Cache-Control: no-cache"])).text).to.equal("answer 2");
    await until(() => countOf(first, "writes", "refused") === 1);
    await pass(10);
    expect((await get(first, ["Cache-Control: max-age=5, only-if-cached"])).status).to.equal(504);
    expect(countOf(first, "lookups", "found")).to.equal(2);
    expect(shown(await get(first)).text).to.equal("answer 2");
  });

  it("find it after a restart", async () => {
    await start();
    await get(first);
    await stored(first, 1);
    await second.close();
    const restarted = await gateways!.another();
    expect(shown(await get(restarted)).text).to.equal("answer 1");
    expect(first.calls).to.have.length(1);
  });

  it("have the same entity tags, and answer 304 to what another has given", async () => {
    await start();
    const tag = (await get(first)).headers.get("etag");
    await stored(first, 1);
    expect((await get(second, [`If-None-Match: ${tag}`])).status).to.equal(304);
    const found = await get(second);
    expect(found.headers.get("etag")).to.equal(tag);
    expect(found.headers.get("vary")).to.equal((await get(first)).headers.get("vary"));
  });

  it("keep metadata of the answer, too", async () => {
    const handlers = { "t.S/Get": () => reply("a", ["x-kept", "1"], ["x-request-id", "of-one-call"]) };
    await start("public: true", { handlers, yaml: "http: { response_headers: [x-kept, x-request-id] }" });
    await get(first);
    await stored(first, 1);
    const { headers } = await get(second);
    expect(headers.get("x-kept")).to.equal("1");
    expect(headers.get("x-request-id")).to.not.equal("of-one-call");
  });

  describe("find nothing of gateways with", () => {
    const cases: readonly (readonly [what: string, more: () => Partial<GatewaySource>])[] = [
      ["other protos", () => ({ protos: protos("public: true", "string more = 4;") })],
      ["another policy", () => ({ protos: protos('public: true stale_if_error: "1s"') })],
      [
        "another policy, from the configuration",
        () => ({ yaml: "policies: [{ methods: ['*'], cache: { ttl: 59s, public: true } }]" }),
      ],
      ["another backend", () => ({ upstream: first.backend.replace("127.0.0.1", "localhost") })],
      ["other callers", () => ({ yaml: secretIssuer.replace("auth:", "auth:\n  default: optional") })],
    ];
    for (const [what, more] of cases)
      it(what, async () => {
        await start();
        await get(first);
        await stored(first, 1);
        const other = await gateways!.another(more());
        expect(shown(await get(other)).text).to.equal("answer 2");
        expect(countOf(other, "lookups", "missing")).to.equal(1);
        expect(shown(await get(second)).text).to.equal("answer 1");
      });

    it("another prefix", async () => {
      await start();
      await get(first);
      await stored(first, 1);
      const yaml = `cache: { store: redis }\nredis: { url: "${redis.url}", prefix: "other:" }`;
      const other = await startGateway({ protos: protos("public: true"), yaml, upstream: first.backend });
      try {
        expect(shown(await get(other)).text).to.equal("answer 2");
      } finally {
        await other.close();
      }
    });
  });

  it("show of a shared answer to each caller what it may see", async () => {
    const field = 'string secret = 3 [(sluice.redact) = { unless_roles: "support" }];';
    const answer: Answer = { kind: "reply", message: '{"text":"answer 1","secret":"s3cret"}' };
    await start("public: true", {
      protos: protos("public: true", field),
      yaml: secretIssuer.replace("auth:", "auth:\n  default: optional"),
      handlers: { "t.S/Get": () => answer },
    });
    const support = `Authorization: Bearer ${tokenOf({ sub: "ada", roles: ["support"] })}`;
    expect((await get(first, [support])).body.toString()).to.contain("s3cret");
    await stored(first, 1);
    expect((await get(second)).body.toString())
      .to.contain("answer 1")
      .and.not.contain("s3cret");
    expect((await get(second, [support])).body.toString()).to.contain("s3cret");
    expect(first.calls).to.have.length(1);
  });

  describe("stale answers", () => {
    it("are given by who finds them, and asked for anew once for all", async () => {
      await start('public: true stale_while_revalidate: "30s"');
      await get(first);
      await stored(first, 1);
      await pass(70);
      const again = first.nextCall();
      expect(shown(await get(second))).to.include({ text: "answer 1" });
      await again;
      await stored(second, 1);
      // Its own is stale, too: it finds the new one, and asks nobody.
      expect(shown(await get(first))).to.include({ text: "answer 2" });
      expect(first.calls).to.have.length(2);
    });

    it("are given where the backend fails, for no longer than they may", async () => {
      await start('public: true stale_if_error: "30s"');
      await get(first);
      await stored(first, 1);
      await pass(70);
      first.answerWith({ kind: "status", code: 14, message: "away" });
      expect(shown(await get(second))).to.include({ status: 200, text: "answer 1" });
      await pass(20);
      const third = await gateways!.another();
      expect((await get(third)).status).to.equal(503);
      expect((await get(second)).status).to.equal(503);
    });
  });

  it("ask the backend again for whoever wants it newer, unless another gateway has", async () => {
    await start();
    await get(first);
    await stored(first, 1);
    await pass(10);
    expect(shown(await get(second, ["Cache-Control: no-cache"]))).to.include({
      text: "answer 2",
      cache: "sluice; fwd=request; stored",
    });
    await stored(second, 1);
    expect(shown(await get(first))).to.include({ text: "answer 1" });
    expect(shown(await get(first, ["Cache-Control: max-age=5"]))).to.include({ text: "answer 2" });
    expect(first.calls).to.have.length(2);
  });

  it("take an answer out that turns out to be for one caller only", async () => {
    await start();
    await get(first);
    await stored(first, 1);
    await pass(10);
    first.answerWith(reply("yours", ["cache-control", "no-store"]));
    expect(shown(await get(second, ["Cache-Control: no-cache"])).text).to.equal("yours");
    await stored(second, 1);
    expect(await names()).to.deep.equal([]);
  });

  describe("put nothing into Redis of", () => {
    const cases: readonly (readonly [what: string, answer: Answer, headers?: readonly string[]])[] = [
      ["no-store", reply("a", ["cache-control", "no-store"])],
      ["what is private", reply("a", ["cache-control", "private"])],
      ["cookies", reply("a", ["set-cookie", "a=b"])],
      ["partial answers", reply("a", ["x-sluice-partial", "reco"])],
      ["errors", { kind: "status", code: 5, message: "no such thing" }],
      ["what is too large", reply("a".repeat(5000))],
      ["a client that wants nothing kept", reply("a"), ["Cache-Control: no-store"]],
    ];
    for (const [what, answer, headers] of cases)
      it(what, async () => {
        await start("public: true");
        const yaml = `cache: { store: redis, max_entry: 2KiB }\nredis: { url: "${redis.url}" }`;
        const gateway = await startPatient({ protos: protos("public: true"), yaml, upstream: first.backend });
        try {
          first.answerWith(answer);
          await get(gateway, headers);
          first.answerWith();
          await get(gateway, [], "other");
          await stored(gateway, 1);
          expect(await names()).to.have.length(1);
        } finally {
          await gateway.close();
        }
      });
  });

  it("name answers by method, so that people can take them out, and say nothing of what was asked", async () => {
    await start();
    await get(first, [], "my-secret-question");
    await stored(first, 1);
    const [name, ...others] = await names();
    expect(name).to.match(/^sluice:cache:1:t\.S\.Get:[\w-]{43}$/);
    expect(others).to.deep.equal([]);
  });

  it("count limits in the same Redis", async () => {
    await start("public: true", { yaml: "limits: [{ name: all, rate: 1/h, burst: 3 }]" });
    const statuses = [];
    for (const gateway of [first, second, first, second]) statuses.push((await get(gateway)).status);
    expect(statuses).to.deep.equal([200, 200, 200, 429]);
    expect(first.calls).to.have.length(1);
  });

  describe("with a Redis that", () => {
    const isUp = (gateway: GatewayFixture): boolean => gateway.metrics().includes("sluice_cache_redis_up 1\n");

    it("goes away: each keeps its own, and says so once; and goes on when it is back", async () => {
      await start();
      await redis.kill();
      await until(() => faults.length === 2);
      for (let i = 0; i < 5; i++)
        for (const gateway of [first, second]) expect((await get(gateway, [], `${i % 2}`)).status).to.equal(200);
      expect(first.calls).to.have.length(4);
      expect(faults).to.deep.equal(
        Array(2).fill("Redis is not there; answers are kept in memory alone until it is back"),
      );
      expect(first.metrics()).to.contain("sluice_cache_redis_up 0\n");
      await redis.start();
      await until(() => isUp(first) && isUp(second));
      await get(first, [], "new");
      await stored(first, 1);
      expect(shown(await get(second, [], "new")).text).to.equal("answer 5");
      expect(first.calls).to.have.length(5);
    });

    it("hangs: calls wait for it three times, for as long as configured, and no longer", async () => {
      await start("public: true", {}, 50);
      redis.freeze();
      for (let i = 0; i < 8; i++) expect(shown(await get(first, [], `${i}`)).text).to.equal(`answer ${i + 1}`);
      const timedOut = countOf(first, "lookups", "timed_out") + countOf(first, "writes", "timed_out");
      expect(timedOut).to.be.at.least(3).and.at.most(8);
      expect(isUp(first)).to.equal(false);
      expect(faults).to.deep.equal(["Redis does not answer in time; answers are kept in memory alone until it does"]);
      expect(shown(await get(first, [], "0")).cache).to.match(/hit/);
      redis.thaw();
      let text = 8;
      await until(async () => {
        await get(first, [], `${text++}`);
        return isUp(first);
      });
    });

    it("is full: answers are found, new ones stay in memory", async () => {
      await start();
      await get(first);
      await stored(first, 1);
      await redis.ask("CONFIG", "SET", "maxmemory", "1");
      for (let i = 0; i < 4; i++) expect((await get(first, [], `${i}`)).status).to.equal(200);
      await until(() => countOf(first, "writes", "refused") === 4);
      expect(shown(await get(second)).text).to.equal("answer 1");
      expect(shown(await get(first, [], "3")).cache).to.match(/hit/);
      expect(faults).to.deep.equal(["Redis takes no answers; new ones are kept in memory alone until it does"]);
    });

    it("holds something else: it is as if there was nothing, and is written over", async () => {
      await start();
      await get(first);
      await stored(first, 1);
      const [name] = await names();
      for (const [index, words] of [
        ["SET", name, "garbage"],
        ["HSET", name, "a", "b"],
      ].entries()) {
        await redis.ask("DEL", name);
        await redis.ask(...words);
        const other = await gateways!.another();
        expect(shown(await get(other))).to.include({ status: 200, text: `answer ${index + 2}` });
        expect(countOf(other, "lookups", "invalid")).to.equal(1);
        await stored(other, 1);
      }
      expect(faults).to.deep.equal([]);
    });

    it("was never there: the gateway starts and serves", async () => {
      const yaml = "cache: { store: redis }\nredis: { url: 'unix:/nowhere/redis.sock' }";
      const told: string[] = [];
      const options = { report: (error: Error) => void told.push(error.message) };
      const alone = await startGateway({ protos: protos("public: true"), yaml, options });
      try {
        for (let i = 0; i < 3; i++) expect((await get(alone)).status).to.equal(200);
        expect(alone.calls).to.have.length(1);
        expect(told.filter((text) => text.includes("answers are kept in memory alone"))).to.have.length(1);
      } finally {
        await alone.close();
      }
    });
  });

  it("do not connect where no method has a cache", async () => {
    const told: string[] = [];
    const alone = await startGateway({
      protos: protos("public: true").replace(/option \(sluice\.cache\).*/, ""),
      yaml: "cache: { store: redis }\nredis: { url: 'unix:/nowhere/redis.sock' }",
      options: { report: (error: Error) => void told.push(error.message) },
    });
    await alone.close();
    expect(told.filter((text) => text.includes("answers"))).to.deep.equal([]);
  });
});
