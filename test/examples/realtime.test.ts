import { once } from "node:events";
import { status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { expect } from "chai";
import { startExamples } from "../../examples/start.ts";
import type { Examples } from "../../examples/start.ts";
import { connect, toFailure } from "./client.ts";
import type { Failure, Message, TestClient } from "./client.ts";

/** All messages of a stream that ends well. */
async function collect(stream: AsyncIterable<Message>): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

async function failureOf(stream: AsyncIterable<Message>): Promise<Failure> {
  const error = await collect(stream).then(
    () => undefined,
    (reason: ServiceError) => reason,
  );
  if (error === undefined) throw new Error("the stream ended well");
  return toFailure(error);
}

describe("example realtime.v1", () => {
  let examples: Examples;
  let client: TestClient;

  beforeEach(async () => {
    examples = await startExamples({ port: 0 });
  });

  afterEach(async () => {
    client.stub.close();
    await examples.close();
  });

  describe("Ticker", () => {
    beforeEach(() => {
      client = connect(examples, "realtime.v1.Ticker");
    });

    it("sends rounds of all symbols and ends after the count", async () => {
      const ticks = await collect(client.stub.Watch?.({ interval: { nanos: 10_000_000 }, count: 2 }));
      expect(ticks.map(({ symbol, sequence }) => `${symbol} ${sequence}`)).to.deep.equal([
        "TEA 1",
        "INK 1",
        "FERN 1",
        "TEA 2",
        "INK 2",
        "FERN 2",
      ]);
    });

    it("goes on after a sequence number with the same prices", async () => {
      const watch = (request: object): Promise<Message[]> =>
        collect(client.stub.Watch?.({ symbols: ["TEA"], interval: { nanos: 10_000_000 }, ...request }));
      const [, second] = await watch({ count: 2 });
      const [resumed] = await watch({ count: 1, after_sequence: "1" });
      expect(resumed).to.include({ sequence: "2", price: second.price });
    });

    it("goes on after the cursor of any tick, without a gap or a repetition, and ends where it would have", async () => {
      const watch = (request: object): Promise<Message[]> =>
        collect(client.stub.Watch?.({ interval: { nanos: 10_000_000 }, count: 3, after_sequence: "4", ...request }));
      const toText = (ticks: readonly Message[]): string[] =>
        ticks.map(({ symbol, sequence, price, cursor }) => `${symbol} ${sequence} ${price} ${cursor}`);
      const all = await watch({});
      expect(all).to.have.length(9);
      const rests = await Promise.all(all.map(({ cursor }) => watch({ cursor })));
      for (const [index, rest] of rests.entries()) {
        expect(toText([...all.slice(0, index + 1), ...rest])).to.deep.equal(toText(all));
      }
    });

    it("refuses a cursor that no tick had", async () => {
      for (const cursor of ["x", "1.1.4", "2.1.1", "1.1.0", "1.1", "99999999999999999999.1.1"]) {
        const failure = await failureOf(client.stub.Watch?.({ cursor }));
        expect([failure.code, failure.message], cursor).to.deep.equal([
          status.INVALID_ARGUMENT,
          "cursor: must come from a tick of a stream with the same symbols",
        ]);
      }
    });

    it("refuses an unknown symbol and an interval out of range", async () => {
      expect((await failureOf(client.stub.Watch?.({ symbols: ["GOLD"] }))).code).to.equal(status.NOT_FOUND);
      expect((await failureOf(client.stub.Watch?.({ interval: { nanos: 1 } }))).code).to.equal(status.INVALID_ARGUMENT);
      expect((await failureOf(client.stub.Watch?.({ interval: { seconds: 61 } }))).code).to.equal(status.OUT_OF_RANGE);
      expect((await client.call("GetTick", { symbol: "INK" })).symbol).to.equal("INK");
    });
  });

  describe("Chat", () => {
    beforeEach(() => {
      client = connect(examples, "realtime.v1.Chat");
    });

    it("sends what is said to everybody in the room", async () => {
      const ada = client.stub.Talk?.();
      ada.write({ room: "tea", speaker: "ada" });
      const [joined] = await once(ada, "data");
      expect(joined.joined.members).to.equal(1);
      const blaise = client.stub.Talk?.();
      blaise.write({ room: "tea", speaker: "blaise", text: "hello" });
      const heard: Message[] = [];
      for await (const event of ada) {
        heard.push(event);
        if (event.said !== undefined) blaise.end();
        if (event.left !== undefined) ada.end();
        if (event.left !== undefined && event.speaker === "ada") break;
        if (heard.length === 3) break;
      }
      expect(heard.map(({ speaker, said, left }) => [speaker, said, left?.members])).to.deep.equal([
        ["blaise", undefined, undefined],
        ["blaise", "hello", undefined],
        ["blaise", undefined, 1],
      ]);
      blaise.resume();
    });

    it("lets others listen, history first", async () => {
      await client.call("Say", { room: "ink", speaker: "ada", text: "one" });
      await client.call("Say", { room: "ink", speaker: "ada", text: "two" });
      const events = await collect(client.stub.Listen?.({ room: "ink", history: 5, limit: 2 }));
      expect(events.map(({ sequence, said }) => `${sequence} ${said}`)).to.deep.equal(["1 one", "2 two"]);
    });

    it("refuses a talk without a room and a nameless speaker", async () => {
      const talk = client.stub.Talk?.();
      talk.write({ text: "hello" });
      expect((await failureOf(talk)).message).to.include("room");
      expect((await client.fail("Say", { room: "tea", text: "x" })).message).to.include("speaker");
    });
  });

  describe("Upload", () => {
    beforeEach(() => {
      client = connect(examples, "realtime.v1.Upload");
    });

    const send = (method: string, messages: readonly object[]): Promise<Message> =>
      new Promise((resolve, reject) => {
        const call = client.stub[method]?.((error: ServiceError | null, reply: Message) =>
          error === null ? resolve(reply) : reject(error),
        );
        for (const message of messages) call.write(message);
        call.end();
      });

    it("stores a file that comes in pieces and sends it back", async () => {
      const data = Buffer.alloc(100_000, "sluice");
      const info = await send("PutFile", [
        { name: "files/a.txt", content: { content_type: "text/plain", data: data.subarray(0, 70_000) } },
        { content: { data: data.subarray(70_000) } },
      ]);
      expect(info).to.include({ name: "files/a.txt", content_type: "text/plain", size_bytes: "100000", pieces: 2 });
      const pieces = await collect(client.stub.GetFile?.({ name: "files/a.txt" }));
      expect(pieces).to.have.length(2);
      expect(Buffer.concat(pieces.map((piece) => piece.data)).equals(data)).to.equal(true);
    });

    it("sends an empty file back as one empty piece", async () => {
      await send("PutFile", [{ name: "files/empty" }]);
      const pieces = await collect(client.stub.GetFile?.({ name: "files/empty" }));
      expect(pieces.map(({ content_type, data }) => [content_type, data.length])).to.deep.equal([
        ["application/octet-stream", 0],
      ]);
      expect((await failureOf(client.stub.GetFile?.({ name: "files/none" }))).code).to.equal(status.NOT_FOUND);
    });

    it("sums measurements up", async () => {
      const summary = await send("Record", [{ sensor: "s1", value: 1 }, { value: 2 }, { value: 6 }]);
      expect(summary).to.deep.equal({ sensor: "s1", count: 3, min: 1, max: 6, mean: 3 });
    });

    it("refuses a stream without messages", async () => {
      const failure = await send("Record", []).then(
        () => undefined,
        (error: ServiceError) => toFailure(error),
      );
      expect(failure?.code).to.equal(status.INVALID_ARGUMENT);
    });
  });
});
