// Answers in a Redis that two gateways share: what one keeps, nobody gets from the other who could not get it from the first.
import { expect } from "chai";
import { run } from "../command/capture.ts";
import { createFolder } from "../config/yaml-fixture.ts";
import type { Folder } from "../config/yaml-fixture.ts";
import { countOf, startCacheGateways, stored } from "../support/cache-gateways.ts";
import type { CacheGateways } from "../support/cache-gateways.ts";
import { startRedis } from "../support/redis.ts";
import type { RedisServer } from "../support/redis.ts";
import { answerOf, attacks, newHandlers, protos, toldIn, yaml } from "./cache-attacks.ts";
import { unaryWays } from "./ways.ts";

describe("a cache in Redis under attack", () => {
  let redis: RedisServer;
  let folder: Folder;
  let auth: string;
  let gateways: CacheGateways | undefined;
  const keys = new Map<string, string>();

  before(async function () {
    redis = await startRedis(this);
    folder = createFolder();
    const file = `${folder.path}/keys.yaml`;
    for (const name of ["ada", "bob"])
      keys.set(name, (await run(["keys", "create", "--principal", name, "--file", file])).out.trim());
    auth = `auth:\n  default: optional\n  api_keys: { file: ${file} }\n  forward_claims: { sub: x-user-id }\n`;
  });
  after(async () => {
    folder?.dispose();
    await redis?.dispose();
  });
  beforeEach(() => redis.ask("FLUSHALL"));
  afterEach(async () => {
    await gateways?.close();
    gateways = undefined;
  });

  const start = async (cache: string, level = "optional"): Promise<CacheGateways> => {
    const settings = yaml + auth.replace("optional", level);
    gateways = await startCacheGateways({ protos: protos(cache), yaml: settings, handlers: newHandlers() }, redis);
    return gateways;
  };
  const as = (name: string) => [["x-api-key", keys.get(name) ?? ""]] as const;

  for (const one of unaryWays)
    for (const other of unaryWays)
      it(`never gives one caller's answer to another: ${one.name}, then ${other.name} at the other gateway`, async () => {
        const { first, second } = await start("");
        expect((await one.get(first, "mine", as("ada"))).text).to.match(/x-user-id.*ada/);
        await stored(first, 1);
        const bob = toldIn(await other.get(second, "mine", as("bob")));
        expect(bob)
          .to.match(/x-user-id.*bob/)
          .and.not.contain("ada");
        const nobody = toldIn(await other.get(second, "mine"));
        expect(nobody).to.contain("answer").and.not.contain("ada").and.not.contain("bob");
        expect(first.calls).to.have.length(3);
        // Her own she gets, from Redis.
        expect(answerOf((await other.get(second, "mine", as("ada"))).text)).to.equal("answer 1");
        expect(countOf(second, "lookups", "found")).to.equal(1);
      });

  for (const cache of [
    "public: true",
    'public: true vary: "accept-language"',
    "",
    'vary: ["accept-language", "x-custom"]',
  ])
    for (const { name: front, get } of unaryWays)
      it(`takes no header for what it is not, over ${front}, with { ${cache} }`, async () => {
        const { first, second } = await start(cache);
        let at = 0;
        let kept = 0;
        for (const attack of attacks) {
          const text = `t${at++}`;
          const said = await get(first, text, [attack]);
          if (said.code !== 0 && said.code !== undefined) continue;
          if (attack[0] !== "cache-control") await stored(first, ++kept);
          const told = toldIn(await get(second, text));
          expect(told, attack[0])
            .to.match(/^answer/)
            .and.not.match(/evil|6\.6\.6\.6|666/);
        }
        expect(first.calls.length).to.be.greaterThan(15);
        expect(kept).to.be.greaterThan(15);
      });

  it("has no cookies in it, and nothing that a backend calls private of an answer for all", async () => {
    for (const header of [
      ["set-cookie", "session=ada"],
      ["cache-control", "private"],
    ] as const) {
      const { first, second } = await start("public: true");
      first.answerWith({ kind: "reply", message: '{"text":"yours"}', headers: [header] });
      await unaryWays[0].get(first, "x", as("ada"));
      first.answerWith();
      await unaryWays[0].get(first, "other");
      await stored(first, 1);
      expect(await redis.ask("DBSIZE")).to.equal(":1\r\n");
      expect((await unaryWays[0].get(second, "x")).text)
        .to.contain("answer 2")
        .and.not.contain("yours");
      await gateways?.close();
      gateways = undefined;
      await redis.ask("FLUSHALL");
    }
  });

  it("asks who calls before it looks for an answer", async () => {
    const { first, second } = await start("public: true", "required");
    expect((await unaryWays[0].get(first, "x", as("ada"))).code).to.equal(0);
    await stored(first, 1);
    for (const { get } of unaryWays) expect((await get(second, "x")).code).to.equal(16);
    expect(countOf(second, "lookups", "found") + countOf(second, "lookups", "missing")).to.equal(0);
    expect((await unaryWays[0].get(second, "x", as("bob"))).text).to.contain("answer 1");
    expect(first.calls).to.have.length(1);
  });

  it("has one answer for GET and HEAD, and gives no part of it for the whole", async () => {
    const { first, second } = await start("public: true");
    const target = "/v1/unary/x";
    const head = await first.request({ method: "HEAD", target, headers: ["Range: bytes=0-3"] });
    await stored(first, 1);
    const get = await second.request({ method: "GET", target, headers: ["Range: bytes=0-3"] });
    expect([head.body.length, get.status]).to.deep.equal([0, 200]);
    expect(get.body.toString()).to.contain("answer 1");
    expect(get.headers.get("content-length")).to.equal(head.headers.get("content-length"));
    expect(first.calls).to.have.length(1);
  });
});
