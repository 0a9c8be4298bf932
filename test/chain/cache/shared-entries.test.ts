// Against a real Redis: what is found there again, for how long, and what is made of a Redis that is away, stuck, full, or holds something else.
import { expect } from "chai";
import { writeEntry } from "../../../src/chain/cache/entry-bytes.ts";
import { SharedEntries } from "../../../src/chain/cache/shared-entries.ts";
import type { EntryPlace, SharedEntriesOptions } from "../../../src/chain/cache/shared-entries.ts";
import { createRedisConnection } from "../../../src/chain/redis-connection.ts";
import type { RedisConnection } from "../../../src/chain/redis-connection.ts";
import type { KeptReply } from "../../../src/chain/cache/entry-store.ts";
import { startRedis } from "../../support/redis.ts";
import type { RedisServer } from "../../support/redis.ts";
import { until } from "../../support/until.ts";
import { keptOf } from "./kept.ts";

const place: EntryPlace = {
  method: "t.S.Get",
  rule: { ttlMs: 60_000, staleWhileRevalidateMs: 10_000, staleIfErrorMs: 30_000, isPublic: true, vary: [] },
};
const name = "t:cache:1:t.S.Get:key";

describe("SharedEntries", () => {
  let redis: RedisServer;
  const open: RedisConnection[] = [];
  let faults: string[];

  before(async function () {
    redis = await startRedis(this);
  });
  after(() => redis?.dispose());
  beforeEach(async () => {
    faults = [];
    await redis.ask("FLUSHALL");
  });
  afterEach(async () => {
    for (const connection of open.splice(0)) connection.close();
    redis.thaw();
    await redis.ask("CONFIG", "SET", "maxmemory", "0");
  });

  const create = async (more: Partial<SharedEntriesOptions> = {}): Promise<SharedEntries> => {
    const options = { url: redis.url, username: undefined, password: undefined, ca: undefined };
    const connection = createRedisConnection({ ...options, onDown: () => faults.push("down") });
    open.push(connection);
    await connection.connect();
    const onFault: SharedEntriesOptions["onFault"] = (what) => faults.push(what);
    const now = (): number => performance.now();
    // Patient: the machines of tests are busy, and this is not about how long Redis takes.
    const rest = { prefix: "t:", timeoutMs: 30_000, maxEntryBytes: 10_000, onFault, now };
    return new SharedEntries({ connection, ...rest, ...more });
  };
  const find = async (shared: SharedEntries, key = "key"): Promise<KeptReply | undefined> => shared.find(place, key);
  /** A lookup comes first always: by it the time of Redis is known. */
  const keep = async (shared: SharedEntries, kept: KeptReply, key = "key"): Promise<void> => {
    await find(shared, key);
    shared.keep(place, key, kept);
    await until(() => shared.writes.stored + shared.writes.late + shared.writes.refused > 0);
  };
  const bornNow = (text: string, times: object = {}): KeptReply =>
    keptOf(text, { bornAt: performance.now(), ...times });
  const textOf = (kept: KeptReply | undefined): string | undefined =>
    kept && Buffer.from(kept.reply.message).toString();
  const timeLeft = async (): Promise<number> => Number(/-?\d+/.exec(await redis.ask("PTTL", name))?.[0]);

  it("finds what another process has kept, by method and key", async () => {
    const [one, other] = [await create(), await create()];
    await keep(one, bornNow("answer"));
    const found = await find(other);
    expect(textOf(found)).to.equal("answer");
    expect([found?.reply.headers, found?.reply.trailers]).to.deep.equal([
      ["x-kept", "1"],
      ["x-trailer-bin", "AAEC"],
    ]);
    expect(await find(other, "else")).to.equal(undefined);
    expect(other.lookups).to.include({ found: 1, missing: 1, invalid: 0, skipped: 0 });
    expect(one.writes).to.include({ stored: 1, late: 0, refused: 0, skipped: 0 });
  });

  it("keeps it in Redis until nobody may have it any more", async () => {
    const shared = await create();
    await keep(shared, bornNow("a", { fresh: 60_000, stale: 10_000, error: 30_000 }));
    expect(await timeLeft())
      .to.be.at.most(90_000)
      .and.greaterThan(80_000);
  });

  it("knows how old it is by the clock of Redis, whatever the clocks of gateways say", async () => {
    const [one, other] = [await create(), await create({ now: () => performance.now() + 1_000_000_000 })];
    await keep(one, bornNow("a", { fresh: 60_000, stale: 10_000 }));
    await redis.ask("PEXPIRE", name, "30000");
    const now = performance.now() + 1_000_000_000;
    const { bornAt, freshUntil, staleUntil, errorUntil } = (await find(other))!;
    expect(now - bornAt).to.be.within(39_000, 45_000);
    expect([freshUntil - bornAt, staleUntil - freshUntil, errorUntil - freshUntil]).to.deep.equal([60_000, 10_000, 0]);
  });

  it("never makes it younger, and does not keep what is over when Redis hears of it", async () => {
    const shared = await create();
    await keep(shared, bornNow("old", { bornAt: performance.now() - 50_000 }));
    expect(await timeLeft()).to.be.at.most(10_000);
    const late = await create();
    await keep(late, bornNow("over", { bornAt: performance.now() - 60_000 }), "late");
    expect(late.writes).to.include({ stored: 0, late: 1 });
  });

  it("does not lengthen it by a Redis that hangs and reads it late", async () => {
    const shared = await create({ timeoutMs: 20 });
    await until(async () => {
      await find(shared);
      return shared.lookups.missing > 0;
    });
    redis.freeze();
    shared.keep(place, "key", bornNow("a", { fresh: 400 }));
    await until(() => shared.writes.timedOut > 0);
    await new Promise((resolve) => setTimeout(resolve, 450));
    redis.thaw();
    // On the same connection, behind it.
    await until(async () => (await find(shared)) === undefined && shared.isUp);
    expect(await redis.ask("EXISTS", name)).to.equal(":0\r\n");
  });

  it("takes out what is not to be given again", async () => {
    const shared = await create();
    await keep(shared, bornNow("a"));
    shared.drop(place, "key");
    await until(() => shared.writes.stored === 2);
    expect(await redis.ask("EXISTS", name)).to.equal(":0\r\n");
  });

  describe("has nothing where Redis holds", () => {
    const bytes = (): Buffer => writeEntry("key", keptOf("a"));
    const script =
      "return redis.call('SET', KEYS[1], (ARGV[1]:gsub('..', function(h) return string.char(tonumber(h, 16)) end)))";
    const put = (value: Buffer): Promise<string> => redis.ask("EVAL", script, "1", name, value.toString("hex"));
    const cases: readonly (readonly [what: string, put: () => Promise<unknown>])[] = [
      ["text", () => redis.ask("SET", name, "hello", "PX", "20000")],
      ["a list", () => redis.ask("RPUSH", name, "hello")],
      ["a hash", () => redis.ask("HSET", name, "a", "b")],
      ["bytes without an end", () => put(bytes())],
      ["bytes that live longer than they say", () => put(bytes()).then(() => redis.ask("PEXPIRE", name, "62000"))],
      ["bytes cut short", () => put(bytes().subarray(0, 30)).then(() => redis.ask("PEXPIRE", name, "20000"))],
      ["bytes of another key", () => put(writeEntry("k", keptOf("a"))).then(() => redis.ask("PEXPIRE", name, "20000"))],
      [
        "an answer that is good for longer than the policy allows",
        () => put(writeEntry("key", keptOf("a", { fresh: 60_001 }))).then(() => redis.ask("PEXPIRE", name, "20000")),
      ],
      [
        "an answer that may be stale for longer than the policy allows",
        () => put(writeEntry("key", keptOf("a", { stale: 10_001 }))).then(() => redis.ask("PEXPIRE", name, "20000")),
      ],
      ["more than is wanted", () => redis.ask("SETRANGE", name, "500000000", "x")],
    ];
    it("nothing else: the very bytes are found", async () => {
      await put(bytes());
      await redis.ask("PEXPIRE", name, "20000");
      expect(textOf(await find(await create()))).to.equal("a");
    });

    for (const [what, prepare] of cases)
      it(`${what}, and counts it`, async () => {
        const shared = await create();
        await prepare();
        expect(await redis.ask("EXISTS", name)).to.equal(":1\r\n");
        expect(await find(shared)).to.equal(undefined);
        expect(shared.lookups).to.include({ invalid: 1, found: 0, refused: 0, failed: 0 });
        expect(shared.isUp).to.equal(true);
        await keep(shared, bornNow("new"));
        expect(textOf(await find(shared))).to.equal("new");
      });
  });

  it("sends no answer that is larger than it may be", async () => {
    const shared = await create();
    await find(shared);
    shared.keep(place, "key", bornNow("a".repeat(10_000)));
    shared.keep(place, "other", bornNow("a"));
    await until(() => shared.writes.stored === 1);
    expect(await redis.ask("DBSIZE")).to.equal(":1\r\n");
  });

  it("goes on looking in a Redis that is full, and says so once", async () => {
    const shared = await create();
    await keep(shared, bornNow("a"));
    await redis.ask("CONFIG", "SET", "maxmemory", "1");
    for (const key of ["b", "c", "d", "e"]) shared.keep(place, key, bornNow("b"));
    await until(() => shared.writes.refused === 4);
    expect(textOf(await find(shared))).to.equal("a");
    expect(faults).to.deep.equal(["refused-writes"]);
    await redis.ask("CONFIG", "SET", "maxmemory", "0");
    shared.keep(place, "b", bornNow("b"));
    await until(() => shared.writes.stored === 2);
    expect(shared.isUp).to.equal(true);
  });

  it("has nothing in a Redis that lets nobody read, and says so once", async () => {
    const shared = await create();
    await redis.ask("ACL", "SETUSER", "default", "-get", "-strlen");
    try {
      for (let i = 0; i < 5; i++) expect(await find(shared)).to.equal(undefined);
      expect(shared.lookups).to.include({ refused: 5, failed: 0, invalid: 0 });
      expect(faults).to.deep.equal(["refused-lookups"]);
    } finally {
      await redis.ask("ACL", "SETUSER", "default", "+@all");
    }
  });

  it("waits for a Redis that hangs no longer than it may, and soon not at all", async () => {
    const shared = await create({ timeoutMs: 50 });
    redis.freeze();
    for (let i = 0; i < 3; i++) expect(await find(shared)).to.equal(undefined);
    expect(shared.find(place, "key")).to.equal(undefined);
    shared.keep(place, "key", bornNow("a"));
    shared.drop(place, "key");
    expect([shared.isUp, shared.lookups.timedOut, shared.lookups.skipped, shared.writes.skipped]).to.deep.equal([
      false,
      3,
      1,
      2,
    ]);
    expect(faults).to.deep.equal(["silent"]);
    redis.thaw();
    await until(async () => {
      await find(shared);
      return shared.isUp;
    });
  });

  it("asks nobody while Redis is away, and goes on when it is back", async () => {
    const shared = await create();
    await keep(shared, bornNow("a"));
    await redis.kill();
    await until(() => faults.length > 0);
    expect(shared.find(place, "key")).to.equal(undefined);
    shared.keep(place, "key", bornNow("b"));
    expect([shared.lookups.skipped, shared.writes.skipped, shared.isUp]).to.deep.equal([1, 1, false]);
    await redis.start();
    await until(() => shared.isUp);
    // It has forgotten scripts and answers, and has another time perhaps: the first lookup tells.
    shared.keep(place, "key", bornNow("c"));
    expect(shared.writes.skipped).to.equal(2);
    await keep(shared, bornNow("d"));
    await until(() => shared.writes.stored === 2);
    expect(textOf(await find(shared))).to.equal("d");
    expect(faults).to.deep.equal(["down"]);
  });

  it("looks up no more than a thousand at a time, and sends no more than 16 MiB", async () => {
    const shared = await create({ maxEntryBytes: 20_000_000, timeoutMs: 60_000 });
    await find(shared);
    redis.freeze();
    const asked = Array.from({ length: 1100 }, (_, index) => shared.find(place, `k${index}`));
    expect(asked.filter((one) => one !== undefined)).to.have.length(1000);
    for (let i = 0; i < 5; i++) shared.keep(place, `k${i}`, bornNow("a".repeat(5_000_000)));
    expect([shared.lookups.skipped, shared.writes.skipped]).to.deep.equal([100, 2]);
    redis.thaw();
    for (const lookup of asked) await lookup;
    await until(() => shared.writes.stored === 3);
    expect(shared.find(place, "again")).to.not.equal(undefined);
  });
});
