// Streams over HTTP at their own pace: slow clients and slow backends, and who is told when either side goes.
import { once } from "node:events";
import { expect } from "chai";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { slowAfterMs } from "../../../src/front/stream/slow-client.ts";
import { BackendError, toStatus } from "../../support/backend.ts";
import { note, startRooms, versions } from "./rooms.ts";
import type { HttpVersion, Rooms, RoomsOptions } from "./rooms.ts";

type Call = ServerDuplexStream<Buffer, Buffer>;

const lines = { accept: "application/x-ndjson" };
const watch = "GET /v1/rooms/r:watch";
const ndjson = { "content-type": "application/x-ndjson" };
const bothWays = { ...ndjson, ...lines };
const large = note({ text: "x".repeat(50_000) });

/** As many messages as there is room for; resolves when the backend has to wait. */
async function fill(call: Call, message: Buffer, most: number): Promise<number> {
  let sent = 0;
  while (sent < most) {
    sent++;
    if (call.write(message)) continue;
    const drained = await Promise.race([once(call, "drain").then(() => true), settled().then(() => false)]);
    if (!drained) break;
  }
  return sent;
}

/** Long after everything that could move has moved: turns of the loop, not a time. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 2000; turn++) await new Promise((resolve) => setImmediate(resolve));
}

for (const version of versions) {
  describe(`the flow of streams over ${version}`, () => {
    let rooms: Rooms;
    let calls: Call[];
    let arrived: () => void;
    let next: Promise<void>;

    const start = async (setup: RoomsOptions = {}): Promise<void> => {
      calls = [];
      const stream = (call: Call): void => {
        calls.push(call);
        arrived();
      };
      const methods = ["Watch", "Plain", "Latest", "Strict", "Chat", "Gather"];
      rooms = await startRooms(Object.fromEntries(methods.map((method) => [method, { stream }])), setup);
    };
    const open = async (line: string, headers: Record<string, string> = lines, isEnded = true) => {
      next = new Promise((resolve) => (arrived = resolve));
      const opened = await rooms.open(version, { line, headers });
      if (isEnded) opened.end();
      else await opened.write('{"text":"first"}\n');
      await next;
      return { opened, call: calls.at(-1)! };
    };

    afterEach(() => rooms.close());

    it("holds the backend back while the client does not read, and loses nothing", async () => {
      await start();
      const { opened, call } = await open(watch);
      call.write(note({ text: "first" }));
      const reply = await opened.answer();
      const sent = await fill(call, large, 2000);
      expect(sent).to.be.lessThan(400);
      call.end();
      const { text } = await reply.whole();
      expect(text.split("\n").length - 1).to.equal(sent + 1);
    });

    it("holds the client back while the backend does not read, and loses nothing", async () => {
      await start();
      const { opened, call } = await open("POST /v1/rooms/r:gather", ndjson, false);
      const line = `${JSON.stringify({ text: "x".repeat(10_000) })}\n`;
      let sent = 0;
      while (sent < 5000) {
        sent++;
        const left = await Promise.race([opened.write(line).then(() => true), settled().then(() => false)]);
        if (!left) break;
      }
      expect(sent).to.be.lessThan(2500);
      let got = 0;
      call.on("data", () => got++);
      call.on("end", () => {
        call.write(note({ number: got }));
        call.end();
      });
      opened.end();
      const { text } = await (await opened.answer()).whole();
      expect(JSON.parse(text).number).to.equal(String(sent + 1));
    });

    it("ends with a message that is none, and cancels the backend's call", async () => {
      await start();
      const { opened, call } = await open(watch);
      const cancelled = once(call, "cancelled");
      call.write(note({ text: "a" }));
      call.write(Buffer.from([0x0a, 0x05, 0x61]));
      expect((await (await opened.answer()).whole()).text).to.match(/^\{"room".*\n\{"@status":\{"code":13,.*\n$/);
      await cancelled;
      const early = await open(watch);
      early.call.write(Buffer.from([0x0a, 0x05, 0x61]));
      expect((await early.opened.answer()).status).to.equal(500);
    });

    it("has the status of a failure that came while the gateway was busy for longer than it waits for the first message", async () => {
      await start();
      const opened = open(watch);
      await next;
      calls.at(-1)!.write(Buffer.from([0x0a, 0x05, 0x61]));
      for (const since = performance.now(); performance.now() - since < 1100;);
      expect((await (await opened).opened.answer()).status).to.equal(500);
    });

    it("forgets the oldest where the method says so", async () => {
      await start();
      const { opened, call } = await open("GET /v1/rooms/r/latest");
      call.write(note({ number: 1 }));
      const reply = await opened.answer();
      const sent = await fill(call, large, 400);
      expect(sent).to.equal(400);
      call.write(note({ number: 2 }));
      call.end();
      const { text } = await reply.whole();
      const received = text.trimEnd().split("\n");
      expect(received.length).to.be.lessThan(400);
      expect(JSON.parse(received.at(-1)!).number).to.equal("2");
      const [tally] = rooms.census.tallies();
      expect([tally.dropped, tally.messagesOut]).to.deep.equal([402 - received.length, received.length]);
    });

    it("ends the stream of a slow client where the method says so", async () => {
      await start();
      const { opened, call } = await open("GET /v1/rooms/r/strict");
      call.write(note({ number: 1 }));
      const reply = await opened.answer();
      const cancelled = once(call, "cancelled");
      const sent = await fill(call, large, 2000);
      expect(sent).to.be.lessThan(400);
      rooms.sweep.tick(performance.now() + slowAfterMs);
      await cancelled;
      expect((await reply.whole()).text).to.match(/\{"@status":\{"code":8,.*"reason":"SLOW_CONSUMER".*\n$/);
    });

    it("does not take a client for slow for messages that come at once", async () => {
      await start();
      const { opened, call } = await open("GET /v1/rooms/r/strict");
      for (let number = 1; number <= 6; number++) call.write(note({ number, text: "x".repeat(9000) }));
      call.end();
      const { text } = await (await opened.answer()).whole();
      expect(text.trimEnd().split("\n").length).to.equal(6);
      expect(text).to.not.contain("@status");
    });

    for (const [kind, line, headers] of [
      ["a stream of replies", watch, lines],
      ["a client stream", "POST /v1/rooms/r:gather", ndjson],
      ["both ways at once", "POST /v1/rooms/r:chat", bothWays],
    ] as const) {
      it(`cancels the backend's call at once when the client of ${kind} goes`, async () => {
        await start();
        const { opened, call } = await open(line, headers, headers === lines);
        const cancelled = once(call, "cancelled");
        opened.leave();
        await cancelled;
        const [tally] = rooms.census.tallies();
        expect([tally.open, tally.endedBy[1]]).to.deep.equal([0, 1]);
        expect(rooms.sweep.size).to.equal(0);
      });
    }

    it("cancels the call of a client that goes while it does not read", async () => {
      await start();
      const { opened, call } = await open(watch);
      call.write(note({}));
      await opened.answer();
      const cancelled = once(call, "cancelled");
      await fill(call, large, 2000);
      opened.leave();
      await cancelled;
      expect(rooms.sweep.size).to.equal(0);
    });

    it("tells the client that the backend has gone", async () => {
      await start();
      const { opened, call } = await open(watch);
      call.write(note({}));
      const reply = await opened.answer();
      await reply.until("\n");
      await rooms.backend.close();
      expect((await reply.whole()).text).to.match(
        /\n\{"@status":\{"code":\d+,"status":"(?:UNAVAILABLE|UNKNOWN|CANCELLED)".*\}\n$/,
      );
    });

    it("refuses with 503 when there is no backend", async () => {
      await start({ target: "127.0.0.1:1" });
      expect((await rooms.send(version, { line: watch, headers: lines })).status).to.equal(503);
    });

    it("has the deadline that is asked for, or the method's, and no other", async () => {
      await start({ defaultTimeoutMs: 1 });
      expect((await open(watch)).call.getDeadline()).to.equal(Infinity);
      for (const [line, headers, most] of [
        [`${watch}?$timeout=30s`, lines, 30_000],
        [watch, { ...lines, "sluice-timeout": "20s" }, 20_000],
        ["GET /v1/rooms/r/plain", {}, 5000],
      ] as const) {
        const deadline = (await open(line, headers)).call.getDeadline();
        expect(Number(deadline) - Date.now()).to.be.within(1, most + 1);
      }
    });

    it("ends at its deadline, in the stream if it has begun", async () => {
      await start();
      const ask = async (timeoutMs: number) => {
        const opened = await rooms.open(version, { line: `${watch}?$timeout=${timeoutMs}ms`, headers: lines });
        opened.end();
        return (await opened.answer()).whole();
      };
      arrived = () => {};
      expect((await ask(500)).status).to.equal(504);
      arrived = () => void calls.at(-1)!.write(note({}));
      let reply = await ask(1000);
      // Where the machine stood still until then it has not begun.
      for (let timeoutMs = 2000; reply.status !== 200; timeoutMs *= 2) reply = await ask(timeoutMs);
      expect(reply.text).to.contain('{"@status":{"code":4,');
    });

    it("ends after silence, and of old age, and says so", async () => {
      await start({ streams: { idleMs: 60_000, lifetimeMs: 600_000 } });
      const idle = await open(watch);
      idle.call.write(note({}));
      const reply = await idle.opened.answer();
      await reply.until("\n");
      const cancelled = once(idle.call, "cancelled");
      rooms.sweep.tick(performance.now() + 61_000);
      await cancelled;
      expect((await reply.whole()).text).to.match(/"@status":\{"code":14,.*"reason":"STREAM_IDLE"/);
      const old = await open("POST /v1/rooms/r:gather", ndjson, false);
      rooms.sweep.tick(performance.now() + 661_000);
      const { status, text } = await (await old.opened.answer()).whole();
      expect([status, JSON.parse(text).details[0].reason]).to.deep.equal([503, "STREAM_LIFETIME"]);
    });

    it("is not hurried as bodies of single messages are", async () => {
      await start({ limits: { bodyGraceMs: 50, minBodyBytesPerSecond: 1_000_000, requestTimeoutMs: 200 } });
      const { opened, call } = await open("POST /v1/rooms/r:gather", ndjson, false);
      // One that is hurried, begun later, tells when the clocks have been looked at.
      const hurried = await rooms.open(version, { line: "POST /v1/rooms:watch" });
      await hurried.write("{");
      expect((await hurried.answer()).status).to.equal(408);
      call.on("data", () => {});
      call.on("end", () => {
        call.write(note({ text: "late" }));
        call.end();
      });
      opened.end();
      expect((await (await opened.answer()).whole()).status).to.equal(201);
    });

    it("takes a ticket for credentials, whichever side streams", async () => {
      await start({
        redeemTicket: ({ source, path, ticket }) => ({
          headers: { ...source.headers, authorization: `Bearer ${path} ${ticket}` },
          rawHeaders: source.rawHeaders,
        }),
      });
      const credentials = ({ call }: { call: Call }): unknown => call.metadata.get("authorization")[0];
      expect(credentials(await open(`${watch}?$ticket=t1`))).to.equal("Bearer /v1/rooms/r:watch t1");
      const gather = await open("POST /v1/rooms/r:gather?$ticket=t2", ndjson, false);
      expect(credentials(gather)).to.equal("Bearer /v1/rooms/r:gather t2");
    });

    it("is counted by method, form and end", async () => {
      await start();
      const { opened, call } = await open("POST /v1/rooms/r:chat", bothWays, false);
      const before = { ...rooms.census.tallies()[0] };
      expect([before.method, before.way, before.open, before.opened]).to.deep.equal([
        "rooms.Rooms.Chat",
        "ndjson",
        1,
        1,
      ]);
      call.write(note({}));
      call.write(note({}));
      call.emit("error", toStatus(new BackendError(9, "enough")));
      await (await opened.answer()).whole();
      const [tally] = rooms.census.tallies();
      expect([tally.open, tally.messagesIn, tally.messagesOut, tally.endedBy[9]]).to.deep.equal([0, 1, 2, 1]);
    });
  });
}

describe("the cut of an array over HTTP/2", () => {
  it("comes with the status in trailers for who reads them", async () => {
    const rooms = await startRooms({
      Watch: {
        stream: (call) => {
          call.write(note({ text: "a" }));
          call.emit("error", toStatus(new BackendError(9, " 50% – no ")));
        },
      },
    });
    const version: HttpVersion = "HTTP/2";
    const { text, isCut, trailers } = await rooms.send(version, {
      line: `${watch}?$fields=text`,
      headers: { te: "trailers" },
    });
    await rooms.close();
    expect([text, isCut, trailers["grpc-status"], trailers["grpc-message"]]).to.deep.equal([
      '[{"text":"a"}',
      false,
      "9",
      "%2050%25 %E2%80%93 no%20",
    ]);
  });
});
