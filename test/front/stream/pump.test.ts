import { expect } from "chai";
import type { StreamReply } from "../../../src/call.ts";
import type { Metadata } from "../../../src/metadata.ts";
import { BacklogPool } from "../../../src/front/stream/backlog-pool.ts";
import { Pump } from "../../../src/front/stream/pump.ts";
import type { Overflow } from "../../../src/front/stream/stream-policy.ts";
import { Inbox } from "../../../src/front/stream/inbox.ts";
import { RoomClock, slowAfterMs } from "../../../src/front/stream/slow-client.ts";
import { Sweep } from "../../../src/front/stream/sweep.ts";
import { Code, GatewayError } from "../../../src/status.ts";

const text = (message: Uint8Array): string => Buffer.from(message).toString();
const firstLetter = (message: Uint8Array): string | undefined => text(message)[0];

/** More turns than anything here waits for. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const sweep = new Sweep(3_600_000);
after(() => sweep.stop());

interface Ending {
  readonly error: GatewayError | undefined;
  readonly trailers: Metadata;
}

/** A backend that says what the test has it say, and a client with room for `room` messages. */
function start(overflow: Overflow, room = 0, backlogs = new BacklogPool()) {
  const said = new Inbox(() => void (taken += 1));
  let taken = 0;
  const got: string[] = [];
  const endings: Ending[] = [];
  const client = { room };
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const trailers = (async (): Promise<Metadata> => {
    await ended;
    return ["x-last", "1"];
  })();
  const reply: StreamReply = { headers: Promise.resolve(["x-first", "1"]), messages: said, trailers };
  const tally = { waiting: 0, waitedMs: 0, backlogs };
  const pump = new Pump({
    tally,
    reply,
    overflow,
    sweep,
    sink: {
      get hasRoom() {
        return client.room > 0;
      },
      send(message) {
        client.room--;
        if (text(message) === "bad") throw new GatewayError(Code.INTERNAL, "cannot be written");
        got.push(text(message));
      },
    },
    onEnd: (error, metadata) => void endings.push({ error, trailers: metadata }),
  });
  pump.start();
  return {
    pump,
    tally,
    got,
    endings,
    taken: () => taken,
    async say(...messages: readonly string[]) {
      for (const message of messages) said.push(Buffer.from(message));
      await settled();
    },
    /** Messages as views of a chunk that is written over once they have been taken. */
    async sayFromChunk(...messages: readonly string[]) {
      const chunk = Buffer.from(messages.join("").padEnd(65_536));
      for (let at = 0; at < messages.length; at++) said.push(chunk.subarray(at, at + 1));
      await settled();
      chunk.fill("-");
    },
    async makeRoom(count: number) {
      client.room += count;
      pump.resume();
      await settled();
    },
    /** So long after now the clocks are looked at. */
    async lookAfter(ms: number) {
      sweep.tick(performance.now() + ms);
      await settled();
    },
    /** Says it all at once, and makes room in the turn after it. */
    async burst(room: number, ...messages: readonly string[]) {
      for (const message of messages) said.push(Buffer.from(message));
      await new Promise((resolve) => setImmediate(resolve));
      client.room += room;
      pump.resume();
      await settled();
    },
    async end() {
      said.end();
      end();
      await settled();
    },
    async fail(error: GatewayError) {
      said.fail(error);
      await settled();
    },
  };
}

describe("Pump", () => {
  it("sends as long as there is room and takes one message more", async () => {
    const { say, got, taken, makeRoom, end, endings } = start({ kind: "block" }, 2);
    await say("a", "b", "c", "d", "e");
    expect([got.join(""), taken()]).to.deep.equal(["ab", 3]);
    await makeRoom(2);
    expect([got.join(""), taken()]).to.deep.equal(["abcd", 5]);
    await makeRoom(9);
    await end();
    expect(got.join("")).to.equal("abcde");
    expect(endings).to.deep.equal([{ error: undefined, trailers: ["x-last", "1"] }]);
  });

  it("counts the time that a message waits for the client", async () => {
    const { say, tally, makeRoom, pump } = start({ kind: "block" });
    await say("a");
    expect([tally.waiting, tally.waitedMs]).to.deep.equal([1, 0]);
    await makeRoom(2);
    expect(tally.waiting).to.equal(0);
    expect(tally.waitedMs).to.be.greaterThan(0);
    await say("b", "c");
    expect(tally.waiting).to.equal(1);
    pump.stop();
    await settled();
    expect(tally.waiting).to.equal(0);
  });

  it("tells the end of a call whose client has no room", async () => {
    const { end, endings } = start({ kind: "block" });
    await end();
    expect(endings).to.have.length(1);
  });

  it("tells an error after what came before it", async () => {
    const { say, fail, got, endings, makeRoom } = start({ kind: "drop-oldest", limit: 5 });
    await say("a", "b");
    await fail(new GatewayError(Code.NOT_FOUND, "gone"));
    expect(endings).to.deep.equal([]);
    await makeRoom(1);
    expect(endings).to.deep.equal([]);
    await makeRoom(1);
    expect(got.join("")).to.equal("ab");
    expect(endings.map(({ error }) => error?.message)).to.deep.equal(["gone"]);
  });

  it("fails with what the sink throws", async () => {
    const { say, endings, got } = start({ kind: "block" }, 9);
    await say("a", "bad", "c");
    expect(got).to.deep.equal(["a"]);
    expect(endings.map(({ error }) => error?.message)).to.deep.equal(["cannot be written"]);
  });

  it("keeps the latest message of each key, in the place of the first that was not taken", async () => {
    const { say, got, makeRoom, pump, end, endings } = start({ kind: "conflate", keyOf: firstLetter });
    await say("a1", "b1", "a2", "c1", "a3");
    expect([pump.dropped, pump.waitingBytes]).to.deep.equal([2, 6]);
    await makeRoom(2);
    expect(got).to.deep.equal(["a3", "b1"]);
    await say("a4");
    await end();
    await makeRoom(9);
    expect(got).to.deep.equal(["a3", "b1", "c1", "a4"]);
    expect(endings).to.have.length(1);
  });

  it("lets the backend wait when there are too many keys", async () => {
    const { say, taken } = start({ kind: "conflate", keyOf: text });
    await say(...Array.from({ length: 5000 }, (_, i) => `key ${i}`));
    expect(taken()).to.equal(4096);
  });

  it("keeps the last messages", async () => {
    const { say, got, makeRoom, pump } = start({ kind: "drop-oldest", limit: 2 });
    await say("a", "b", "c", "d");
    expect(pump.dropped).to.equal(2);
    await makeRoom(9);
    expect(got.join("")).to.equal("cd");
    await say("e");
    expect(got.join("")).to.equal("cde");
  });

  it("fails once, with what the sink throws at a message that had to wait", async () => {
    const { say, got, makeRoom, endings, end } = start({ kind: "drop-oldest", limit: 5 });
    await say("a", "bad", "c");
    await makeRoom(9);
    await say("d");
    await end();
    expect(got.join("")).to.equal("a");
    expect(endings.map(({ error }) => error?.message)).to.deep.equal(["cannot be written"]);
  });

  it("keeps no more than a megabyte of them", async () => {
    const { say, pump } = start({ kind: "drop-oldest", limit: 10_000 });
    await say(...Array.from({ length: 50 }, () => "x".repeat(100_000)));
    expect(pump.waitingBytes).to.be.within(900_000, 1_048_576);
  });

  it("keeps only the last message where all streams together keep too much, and more again when they do not", async () => {
    const pool = new BacklogPool(2000);
    const [other, own] = [{ kind: "drop-oldest", limit: 9 } as const, { kind: "drop-oldest", limit: 3 } as const].map(
      (overflow) => start(overflow, 0, pool),
    );
    await other.say("a", "b", "c", "d", "e", "f", "g", "h");
    expect([pool.bytes <= 2000, other.pump.waitingBytes]).to.deep.equal([true, 7]);
    await own.say("1", "2", "3");
    expect([own.pump.waitingBytes, own.pump.dropped]).to.deep.equal([1, 2]);
    await other.makeRoom(9);
    expect(other.got.at(-1)).to.equal("h");
    await own.say("4", "5");
    await own.makeRoom(9);
    expect(own.got.join("")).to.equal("345");
    expect(pool.bytes).to.equal(0);
  });

  it("lets the backend wait rather than forget a key's last message where all streams together keep too much", async () => {
    const pool = new BacklogPool(300);
    const { say, taken, makeRoom, end, got } = start({ kind: "conflate", keyOf: firstLetter }, 0, pool);
    await say("a1", "a2", "b1", "c1", "a3");
    expect(taken()).to.equal(3);
    await makeRoom(9);
    await end();
    expect(got).to.deep.equal(["a2", "b1", "c1", "a3"]);
    expect(pool.bytes).to.equal(0);
  });

  it("makes no stream wait whose client has room, however much others keep", async () => {
    const pool = new BacklogPool(300);
    await start({ kind: "drop-oldest", limit: 9 }, 0, pool).say("a", "b");
    expect(pool.isFull).to.equal(false);
    await start({ kind: "conflate", keyOf: firstLetter }, 0, pool).say("a");
    expect(pool.isFull).to.equal(true);
    for (const overflow of [
      { kind: "conflate", keyOf: firstLetter },
      { kind: "drop-oldest", limit: 9 },
    ] as const) {
      const { say, got, pump } = start(overflow, 9, pool);
      await say("a1", "a2", "b1");
      expect([got, pump.dropped]).to.deep.equal([["a1", "a2", "b1"], 0]);
    }
  });

  for (const overflow of [
    { kind: "conflate", keyOf: firstLetter },
    { kind: "drop-oldest", limit: 9 },
  ] as const)
    it(`keeps nothing for a client that has gone (${overflow.kind})`, async () => {
      const pool = new BacklogPool();
      const { say, pump } = start(overflow, 0, pool);
      await say("a", "b", "c");
      expect(pool.bytes).to.be.above(3);
      pump.stop();
      await say("d");
      expect(pool.bytes).to.equal(0);
    });

  it("ends the stream of a client that makes no room for long, where the method does not wait", async () => {
    const { say, got, taken, endings, lookAfter } = start({ kind: "disconnect" }, 1);
    await say("a", "b", "c");
    await lookAfter(slowAfterMs - 500);
    expect([got.join(""), taken(), endings]).to.deep.equal(["a", 2, []]);
    await lookAfter(slowAfterMs);
    expect(got.join("")).to.equal("a");
    expect(endings.map(({ error }) => [error?.code, error?.reason])).to.deep.equal([[8, "SLOW_CONSUMER"]]);
    expect(sweep.size).to.equal(0);
  });

  it("does not take a client for slow that makes room, however often it has none", async () => {
    const { say, got, endings, lookAfter, makeRoom } = start({ kind: "disconnect" });
    for (const message of "abcdef") {
      await say(message);
      await makeRoom(1);
      await lookAfter(slowAfterMs * 2);
    }
    expect([got.join(""), endings, sweep.size]).to.deep.equal(["abcdef", [], 0]);
  });

  it("does not hold against a client what another wait has taken, which ended in the last moment", async () => {
    const clock = new RoomClock(sweep);
    const slow: string[] = [];
    clock.start(() => slow.push("first"));
    sweep.tick(performance.now() + slowAfterMs);
    clock.stop();
    clock.start(() => slow.push("second"));
    await settled();
    expect(slow).to.deep.equal([]);
    sweep.tick(performance.now() + slowAfterMs);
    await settled();
    expect(slow).to.deep.equal(["second"]);
    clock.stop();
  });

  it("does not look at the clock of a client that has gone", async () => {
    const { say, pump, endings, lookAfter } = start({ kind: "disconnect" });
    await say("a");
    expect(sweep.size).to.equal(1);
    pump.stop();
    await lookAfter(slowAfterMs);
    expect([endings, sweep.size]).to.deep.equal([[], 0]);
  });

  for (const overflow of [
    { kind: "conflate", keyOf: () => "same" },
    { kind: "drop-oldest", limit: 1 },
  ] as const)
    it(`forgets nothing before the client had its turn (${overflow.kind})`, async () => {
      const { burst, say, got, pump, makeRoom } = start(overflow, 1);
      await burst(9, "a", "b", "c", "d", "e");
      expect([got.join(""), pump.dropped]).to.deep.equal(["abcde", 0]);
      await makeRoom(-5);
      await say("f", "g", "h");
      expect([got.join(""), pump.dropped]).to.deep.equal(["abcde", 2]);
      await makeRoom(9);
      expect(got.join("")).to.equal("abcdeh");
    });

  for (const overflow of [{ kind: "block" }, { kind: "drop-oldest", limit: 3 }] as const) {
    it(`keeps a message that waits apart from the chunk it came in (${overflow.kind})`, async () => {
      const { sayFromChunk, got, makeRoom } = start(overflow, 1);
      await sayFromChunk("a", "b");
      await makeRoom(1);
      expect(got.join("")).to.equal("ab");
    });

    it(`says nothing any more once stopped (${overflow.kind})`, async () => {
      const { say, got, endings, pump, makeRoom, end } = start(overflow);
      await say("a", "b");
      pump.stop();
      await makeRoom(9);
      await end();
      expect([got, endings]).to.deep.equal([[], []]);
    });
  }

  it("tells a call that fails before its headers", async () => {
    const endings: (GatewayError | undefined)[] = [];
    const failure = new GatewayError(Code.UNAVAILABLE, "no backend", { backendTrailers: ["x-why", "1"] });
    const failed = Promise.reject(failure);
    failed.catch(() => {});
    new Pump({
      tally: { waiting: 0, waitedMs: 0, backlogs: new BacklogPool() },
      reply: { headers: failed, messages: { read: () => failed }, trailers: failed },
      overflow: { kind: "block" },
      sweep,
      sink: { hasRoom: true, send: () => {} },
      onEnd: (error, trailers) => {
        endings.push(error);
        expect(trailers).to.deep.equal(["x-why", "1"]);
      },
    }).start();
    await settled();
    expect(endings).to.deep.equal([failure]);
  });
});
