// Against a real Redis: what is counted, in how many round trips, and what calls get when it is slow, stuck, away or refuses.
import { execFileSync } from "node:child_process";
import { createServer, connect } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { once } from "node:events";
import { expect } from "chai";
import type { Limit, Taken } from "../../../src/chain/limit/limit.ts";
import { MemoryStore } from "../../../src/chain/limit/memory-store.ts";
import { createRedisLink } from "../../../src/chain/limit/redis-link.ts";
import type { LimitLink } from "../../../src/chain/limit/limit-link.ts";
import { RedisStore } from "../../../src/chain/limit/redis-store.ts";
import type { RedisStoreOptions } from "../../../src/chain/limit/redis-store.ts";
import { GatewayError } from "../../../src/status.ts";
import { startRedis } from "../../support/redis.ts";
import type { RedisServer } from "../../support/redis.ts";
import { standStill } from "../../support/stand-still.ts";
import { until } from "../../support/until.ts";
import { limitOf } from "./limit-of.ts";

const open: LimitLink[] = [];

interface Fixture {
  readonly store: RedisStore;
  readonly link: LimitLink;
  readonly faults: unknown[];
}

function newStore(url: string, more: Partial<RedisStoreOptions> & { password?: string } = {}): Fixture {
  const faults: unknown[] = [];
  const onFault = (cause: unknown): void => void faults.push(cause);
  const { password, ...rest } = more;
  const link = createRedisLink({ url, username: undefined, password, ca: undefined, onDown: onFault });
  void link.connect();
  open.push(link);
  const options = {
    link,
    local: new MemoryStore(["a", "b"]),
    prefix: "t:",
    timeoutMs: 50,
    onFailure: "local",
  } as const;
  return { store: new RedisStore({ ...options, instances: 1, onFault, ...rest }), link, faults };
}

async function readyStore(url: string, more: Partial<RedisStoreOptions> = {}): Promise<Fixture> {
  // Patient: the machines of tests are busy, and this is not about how long Redis takes.
  const fixture = newStore(url, { timeoutMs: 30_000, ...more });
  await until(() => fixture.link.isReady);
  return fixture;
}

/** As a promise, whether Redis is asked or not. */
async function take(store: RedisStore, limits: readonly Limit[], key: string, patienceMs = 0): Promise<Taken> {
  return store.take(
    limits,
    limits.map(() => key),
    patienceMs,
  );
}

/** Stops everything until Redis, which answers in turn, has answered what was sent, and for longer than a store of five milliseconds waits. */
function waitForRedis(url: string): void {
  const ping = `require("net").connect(process.argv[1]).end("PING\\r\\n").on("data", () => process.exit())`;
  execFileSync(process.execPath, ["-e", ping, url.replace("unix:", "")]);
}

describe("RedisStore", () => {
  let redis: RedisServer;

  before(async function () {
    redis = await startRedis(this);
  });
  after(() => redis?.dispose());
  beforeEach(() => redis.ask("FLUSHALL"));
  afterEach(() => {
    for (const link of open.splice(0)) link.close();
  });

  it("admits a burst, refuses what is over it, and says what is left and when to come again", async () => {
    const { store } = await readyStore(redis.url);
    const limits = [limitOf("6/h", { burst: 2 })];
    const answers: Taken[] = [];
    for (let i = 0; i < 3; i++) answers.push(await store.take(limits, ["k"], 0));
    expect(answers.map(({ admitted, states }) => [admitted, states[0].remaining])).to.deep.equal([
      [true, 1],
      [true, 0],
      [false, 0],
    ]);
    expect(answers[2].waitMs).to.be.within(500_000, 600_000);
    expect(answers[2].states[0].waitMs).to.be.closeTo(answers[2].waitMs, 0.01);
    expect(answers[2].states[0].resetMs).to.be.within(1_100_000, 1_200_000);
  });

  it("takes from all limits of a call or from none, in one command", async () => {
    const { store, link } = await readyStore(redis.url);
    const [wide, narrow] = [limitOf("60/h", { name: "a" }), limitOf("60/h", { name: "b", burst: 2 })];
    await redis.ask("CONFIG", "RESETSTAT");
    const answers = await Promise.all([1, 2, 3, 4].map(() => take(store, [wide, narrow], "k")));
    expect(answers.map(({ admitted }) => admitted)).to.deep.equal([true, true, false, false]);
    expect((await store.take([wide], ["k"], 0)).states[0].remaining).to.equal(57);
    expect(answers[2].states.map(({ waitMs }) => waitMs > 0)).to.deep.equal([false, true]);
    expect(link.isReady).to.equal(true);
    expect(await redis.ask("INFO", "commandstats")).to.match(/cmdstat_evalsha:calls=5\b/);
  });

  it("does not ask again about what Redis has refused until then, unless it is another key or cheaper", async () => {
    const { store } = await readyStore(redis.url);
    const dear = [limitOf("60/h", { burst: 3, cost: 2 })];
    await store.take(dear, ["k"], 0);
    const refused = await store.take(dear, ["k"], 0);
    const again = store.take(dear, ["k"], 0);
    expect(again).not.to.be.instanceOf(Promise);
    expect((again as Taken).waitMs).to.be.within(refused.waitMs - 5000, refused.waitMs);
    expect(store.counts).to.include({ answered: 2, remembered: 1 });
    expect((await store.take([limitOf("60/h", { burst: 3 })], ["k"], 0)).admitted).to.equal(true);
    expect((await store.take(dear, ["other"], 0)).admitted).to.equal(true);
  });

  it("gives who is patient a place in the future", async () => {
    const { store } = await readyStore(redis.url);
    const limits = [limitOf("1/s", { burst: 1 })];
    const answers = await Promise.all([0, 1, 2].map(() => take(store, limits, "k", 1500)));
    expect(answers.map(({ admitted }) => admitted)).to.deep.equal([true, true, false]);
    expect(answers[1].waitMs).to.be.within(900, 1000);
  });

  it("counts for several gateways together", async () => {
    const { store: first } = await readyStore(redis.url);
    const { store: second } = await readyStore(redis.url);
    const limits = [limitOf("1/h", { burst: 10 })];
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => take([first, second][i % 2], limits, "k")));
    expect(answers.filter(({ admitted }) => admitted)).to.have.length(10);
  });

  it("keeps nothing readable of keys in Redis, and nothing at all for longer than it counts", async () => {
    const { store } = await readyStore(redis.url);
    await store.take([limitOf("2/m")], ["=s3cret-api-key"], 0);
    const keys = await redis.ask("KEYS", "*");
    expect(keys).to.match(/t:a:[\w-]{22}\r/);
    expect(keys).not.to.contain("s3cret");
    const [key] = /t:a:[\w-]{22}/.exec(keys) ?? [];
    expect(Number((await redis.ask("PTTL", String(key))).slice(1))).to.be.within(1, 30_001);
  });

  it("mends a state that cannot be: of another clock, or of nobody's making", async () => {
    const { store } = await readyStore(redis.url);
    const limits = [limitOf("10/s", { burst: 1 })];
    await store.take(limits, ["k"], 0);
    const [key] = /t:a:[\w-]{22}/.exec(await redis.ask("KEYS", "*")) ?? [];
    await redis.ask("SET", String(key), "9e18");
    expect((await store.take(limits, ["k"], 0)).waitMs).to.be.at.most(100);
    await redis.ask("SET", String(key), "junk");
    await until(async () => (await store.take(limits, ["k"], 0)).admitted);
  });

  it("is connected when connecting is over, and does not wait for a Redis that is not there", async () => {
    const options = { username: undefined, password: undefined, ca: undefined, onDown: () => {} };
    const link = createRedisLink({ url: redis.url, ...options });
    open.push(link);
    await link.connect();
    expect(link.isReady).to.equal(true);
    const away = createRedisLink({ url: "unix:/nowhere/redis.sock", ...options });
    open.push(away);
    await away.connect();
    expect(away.isReady).to.equal(false);
  });

  it("sends the script again when Redis has forgotten it", async () => {
    const { store } = await readyStore(redis.url);
    await redis.ask("SCRIPT", "FLUSH");
    expect((await store.take([limitOf("1/h")], ["k"], 0)).admitted).to.equal(true);
    expect(store.counts).to.include({ answered: 1, failed: 0 });
  });

  it("answers at once from its own share when Redis is away, and goes back to it when it is back", async () => {
    const { store, faults, link } = await readyStore(redis.url, { instances: 2 });
    const limits = [limitOf("1/h", { burst: 10 })];
    await redis.kill();
    await until(() => !link.isReady);
    const answers = Array.from({ length: 20 }, () => store.take(limits, ["k"], 0));
    expect(answers.some((answer) => answer instanceof Promise)).to.equal(false);
    expect(answers.filter((answer) => (answer as Taken).admitted)).to.have.length(5);
    expect(faults).to.have.length(1);
    await redis.start();
    await until(() => store.isShared);
    expect((await store.take(limits, ["k"], 0)).states[0].remaining).to.equal(9);
  });

  it("has no fresh share ready for every time that Redis is late", async () => {
    const { store } = await readyStore(redis.url, { instances: 2 });
    const limits = [limitOf("1/h", { burst: 10 })];
    for (let i = 0; i < 4; i++) await store.take(limits, ["k"], 0);
    await redis.kill();
    await until(() => !store.isShared);
    // Five are its share, four have passed.
    const answers = await Promise.all([1, 2, 3].map(() => take(store, limits, "k")));
    expect(answers.map(({ admitted }) => admitted)).to.deep.equal([true, false, false]);
    await redis.start();
  });

  it("waits for a Redis that hangs no longer than it may, and soon not at all", async () => {
    const { store, faults } = await readyStore(redis.url, { timeoutMs: 50 });
    const limits = [limitOf("1/h", { burst: 100 })];
    redis.freeze();
    const started = performance.now();
    for (let i = 0; i < 3; i++) expect((await store.take(limits, ["k"], 0)).admitted).to.equal(true);
    expect(performance.now() - started).to.be.greaterThan(140);
    expect(store.take(limits, ["k"], 0)).not.to.be.instanceOf(Promise);
    expect([store.counts.timedOut, faults.length, store.isShared]).to.deep.equal([3, 1, false]);
    redis.thaw();
    await until(async () => {
      await store.take(limits, ["k"], 0);
      return store.isShared;
    });
  });

  it("takes the answers that came while the gateway itself was late", async () => {
    const { store, faults } = await readyStore(redis.url, { timeoutMs: 5 });
    const limits = [limitOf("1/h", { burst: 100 })];
    await take(store, limits, "warm");
    const before = store.counts.answered;
    const asked = [1, 2, 3].map(() => take(store, limits, "k"));
    // They are sent at the end of the turn.
    await new Promise((resolve) => setImmediate(resolve));
    waitForRedis(redis.url);
    await Promise.all(asked);
    expect([store.counts.answered - before, faults, store.isShared]).to.deep.equal([3, [], true]);
  });

  it("waits for a Redis that stood still with the whole machine", async () => {
    let answer: (numbers: readonly number[]) => void = () => {};
    const run = (): Promise<readonly number[]> => new Promise((resolve) => (answer = resolve));
    const link: LimitLink = { isReady: true, connect: () => Promise.resolve(), run, close: () => {} };
    const { store } = newStore(redis.url, { link });
    const taken = take(store, [limitOf("1/h", { burst: 100 })], "k");
    standStill(60);
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
    answer([1, 0, 0]);
    await taken;
    expect(store.counts).to.include({ answered: 1, timedOut: 0 });
  });

  it("refuses without Redis where that is asked for, and says that it is not the client's doing", async () => {
    const { store } = newStore("unix:/nowhere/redis.sock", { onFailure: "closed" });
    expect(() => store.take([limitOf("1/s")], ["k"], 0))
      .to.throw(GatewayError)
      .and.include({ reason: "LIMITS_UNAVAILABLE", httpStatus: 503 });
  });

  it("counts by itself with a wrong password, and says so once", async function () {
    const locked = await startRedis(this, { password: "right" });
    try {
      const { store, faults, link } = newStore(locked.url, { password: "wrong" });
      await until(() => faults.length > 0);
      expect(String(faults[0])).to.contain("WRONGPASS").and.not.to.contain("wrong-");
      expect((await store.take([limitOf("1/h")], ["k"], 0)).admitted).to.equal(true);
      expect([link.isReady, faults.length]).to.deep.equal([false, 1]);
      const { link: other } = newStore(locked.url, { password: "right" });
      await until(() => other.isReady);
    } finally {
      await locked.dispose();
    }
  });

  it("writes the questions of one turn together", async () => {
    const { url, chunks, server } = await startCountingProxy(redis.url.slice("unix:".length));
    try {
      const { store } = await readyStore(url);
      const before = chunks.length;
      await Promise.all(Array.from({ length: 100 }, (_, i) => take(store, [limitOf("1/s")], `k${i}`)));
      expect(store.counts.answered).to.equal(100);
      expect(chunks.length - before).to.be.at.most(5);
    } finally {
      for (const link of open.splice(0)) link.close();
      server.close();
    }
  });
});

/** Passes everything on, and counts the pieces that clients send. */
async function startCountingProxy(path: string): Promise<{ url: string; chunks: number[]; server: Server }> {
  const chunks: number[] = [];
  const server = createServer((client) => {
    const redis = connect(path);
    client.on("data", (chunk) => {
      chunks.push(chunk.length);
      redis.write(chunk);
    });
    redis.pipe(client);
    client.on("error", () => redis.destroy()).on("close", () => redis.destroy());
    redis.on("error", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, chunks, server };
}
