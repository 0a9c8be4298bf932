// An HTTP/2 request as a front sees it: its body in parts or whole, its answer in every form, and clients that leave or will not stop.
import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { expect } from "chai";
import type { BodyReceiver, Exchange } from "../../src/front/front.ts";
import { ErrorCode, FrameType } from "../../src/http2/protocol.ts";
import { GatewayError } from "../../src/status.ts";
import { frame, number32, settings } from "../http2/support/raw-peer.ts";
import type { RawPeer } from "../http2/support/raw-peer.ts";
import {
  answerOf,
  ask,
  bodyOf,
  data,
  headBlock,
  headers,
  headOf,
  serveExchanges,
  trailersOf,
} from "./http2-fixture.ts";
import type { Http2Fixture, Http2FixtureOptions } from "./http2-fixture.ts";

const post = { ":method": "POST", ":path": "/x" };
const plain = ["content-type", "text/plain"];
const INITIAL_WINDOW_SIZE = 4;

async function failureOf(promise: Promise<unknown>): Promise<GatewayError> {
  return promise.then(
    () => Promise.reject(new Error("did not fail")),
    (error: unknown) => (error instanceof GatewayError ? error : Promise.reject(error as Error)),
  );
}

function aborted(exchange: Exchange): Promise<void> {
  return new Promise((resolve) => exchange.onAbort(resolve));
}

/** Consumes nothing by itself. */
class Receiver implements BodyReceiver {
  readonly chunks: Buffer[] = [];
  readonly ended: Promise<void>;
  readonly failed: Promise<GatewayError>;
  onEnd!: () => void;
  onFail!: (error: GatewayError) => void;
  #wake: (() => void) | undefined;

  constructor() {
    this.ended = new Promise((resolve) => (this.onEnd = resolve));
    this.failed = new Promise((resolve) => (this.onFail = resolve));
  }

  get bytes(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0);
  }

  onChunk(chunk: Buffer): void {
    this.chunks.push(Buffer.from(chunk));
    this.#wake?.();
  }

  async until(bytes: number): Promise<void> {
    while (this.bytes < bytes) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

describe("Http2Exchange", () => {
  let fixture: Http2Fixture;
  let raw: RawPeer;
  let client: ClientHttp2Session;

  async function start(options: Http2FixtureOptions = {}): Promise<void> {
    fixture = await serveExchanges(options);
    raw = await fixture.raw();
    client = await fixture.client();
  }

  /** The exchange of a request sent by hand, on stream 1. */
  async function open(...parts: readonly Buffer[]): Promise<Exchange> {
    raw.send(headers(1, headBlock("/x")), ...parts);
    return fixture.exchange();
  }

  afterEach(() => fixture.close());

  describe("the whole body", () => {
    it("is put together from its frames", async () => {
      await start();
      const exchange = await open(data(1, Buffer.from("one ")), data(1, Buffer.from("two ")));
      const body = exchange.readBody(100);
      raw.send(data(1, Buffer.from("three"), true));
      expect((await body).toString()).to.equal("one two three");
    });

    it("is asked for with 100 where the client waits for that", async () => {
      await start();
      raw.send(headers(1, headBlock("/x", "expect", "100-Continue")));
      const exchange = await fixture.exchange();
      const body = exchange.readBody(100);
      expect((await headOf(raw, 1))?.get(":status")).to.equal("100");
      raw.send(data(1, Buffer.from("asked for"), true));
      expect((await body).toString()).to.equal("asked for");
      exchange.respond(204, plain, undefined);
      expect((await trailersOf(raw, 1))?.get(":status")).to.equal("204");
    });

    it("is not asked for where nobody wants it, where it comes already, or behind the head of the answer", async () => {
      await start();
      raw.send(headers(1, headBlock("/x", "expect", "100-continue")));
      (await fixture.exchange()).respond(404, plain, undefined);
      raw.send(headers(3, headBlock("/x", "expect", "100-continue")), data(3, Buffer.from("early")));
      await raw.settled();
      const sending = await fixture.exchange();
      const body = sending.readBody(100);
      raw.send(data(3, Buffer.alloc(0), true));
      await body;
      sending.respond(200, plain, undefined);
      raw.send(headers(5, headBlock("/x", "expect", "100-continue")));
      const both = await fixture.exchange();
      both.startResponse(200, plain, () => {});
      both.receiveBody(new Receiver(), true);
      await raw.settled();
      expect((await headOf(raw, 1))?.get(":status")).to.equal("404");
      for (const id of [3, 5]) expect((await headOf(raw, id))?.get(":status")).to.equal("200");
    });

    it("is complete where all of it came before anybody asked", async () => {
      await start();
      const exchange = await open(data(1, Buffer.from("early")), data(1, Buffer.from(" bird"), true));
      await raw.settled();
      expect((await exchange.readBody(100)).toString()).to.equal("early bird");
    });

    it("is empty for a request without one", async () => {
      await start();
      raw.send(headers(1, headBlock("/x"), true));
      expect(await (await fixture.exchange()).readBody(100)).to.have.length(0);
    });

    it("of exactly the limit is read", async () => {
      await start();
      const exchange = await open(data(1, Buffer.alloc(10), true));
      expect(await exchange.readBody(10)).to.have.length(10);
    });

    it("beyond the limit is refused with 413, and the client gets the answer while it still sends", async () => {
      await start();
      const exchange = await open(data(1, Buffer.alloc(11)));
      const error = await failureOf(exchange.readBody(10));
      expect([error.reason, error.httpStatus]).to.deep.equal(["BODY_TOO_LARGE", 413]);
      exchange.respond(413, plain, Buffer.from("too large"));
      expect((await headOf(raw, 1))?.get(":status")).to.equal("413");
      raw.send(data(1, Buffer.alloc(11)), data(1, Buffer.alloc(0), true));
      await raw.settled();
      expect(bodyOf(raw, 1).toString()).to.equal("too large");
    });

    it("whose content-length is beyond the limit is refused before it comes", async () => {
      await start();
      raw.send(headers(1, headBlock("/x", "content-length", "11")));
      const error = await failureOf((await fixture.exchange()).readBody(10));
      expect(error.reason).to.equal("BODY_TOO_LARGE");
    });

    it("rejects when the client resets the stream in the middle of it", async () => {
      await start();
      const body = failureOf((await open(data(1, Buffer.alloc(5)))).readBody(10));
      raw.send(frame(FrameType.RST_STREAM, 0, 1, number32(ErrorCode.CANCEL)));
      expect((await body).reason).to.equal("CLIENT_GONE");
    });

    it("rejects when the connection is lost in the middle of it", async () => {
      await start();
      const body = failureOf((await open(data(1, Buffer.alloc(5)))).readBody(10));
      raw.socket.destroy();
      expect((await body).reason).to.equal("CLIENT_GONE");
    });

    it("rejects at once where the client has gone before anybody asked", async () => {
      await start();
      const exchange = await open();
      const gone = aborted(exchange);
      raw.send(frame(FrameType.RST_STREAM, 0, 1, number32(ErrorCode.CANCEL)));
      await gone;
      expect((await failureOf(exchange.readBody(10))).reason).to.equal("CLIENT_GONE");
    });
  });

  describe("a paced body", () => {
    const slow = { bodyGraceMs: 100_000, minBodyBytesPerSecond: 1 };

    it("that comes too slowly fails with 408", async () => {
      await start({ limits: slow });
      const body = failureOf((await open(data(1, Buffer.alloc(5)))).readBody(100));
      fixture.served[0].checkProgress?.(performance.now() + 200_000);
      expect([(await body).reason, (await body).httpStatus]).to.deep.equal(["BODY_TOO_SLOW", 408]);
    });

    it("may be slow as long as it is short", async () => {
      await start({ limits: slow });
      const body = (await open(data(1, Buffer.from("short")))).readBody(100);
      fixture.served[0].checkProgress?.(performance.now() + 50_000);
      raw.send(data(1, Buffer.alloc(0), true));
      expect((await body).toString()).to.equal("short");
    });

    it("that is fast and without end fails once its time is over", async () => {
      await start({ limits: { ...slow, requestTimeoutMs: 1000 } });
      const receiver = new Receiver();
      const exchange = await open();
      exchange.receiveBody(receiver, true);
      raw.send(data(1, Buffer.alloc(10_000)));
      await receiver.until(10_000);
      fixture.served[0].checkProgress?.(performance.now() + 1001);
      expect((await receiver.failed).reason).to.equal("BODY_TOO_SLOW");
    });

    it("is not watched where nobody asks for a pace", async () => {
      await start({ limits: slow });
      const receiver = new Receiver();
      const exchange = await open();
      exchange.receiveBody(receiver, false);
      fixture.served[0].checkProgress?.(performance.now() + 1_000_000);
      raw.send(data(1, Buffer.from("at last"), true));
      await receiver.ended;
      expect(Buffer.concat(receiver.chunks).toString()).to.equal("at last");
    });

    it("is not watched any more once it is complete", async () => {
      await start({ limits: slow });
      const exchange = await open(data(1, Buffer.from("whole"), true));
      await exchange.readBody(100);
      fixture.served[0].checkProgress?.(performance.now() + 1_000_000);
      exchange.respond(200, plain, Buffer.from("fine"));
      expect((await headOf(raw, 1))?.get(":status")).to.equal("200");
    });
  });

  describe("a body in parts", () => {
    it("holds the client back at its window until the chunks are dealt with", async () => {
      await start();
      const receiver = new Receiver();
      const stream = client.request(post);
      const exchange = await fixture.exchange();
      exchange.receiveBody(receiver, false);
      const body = Buffer.alloc(300_000, 7);
      stream.end(body);
      await receiver.until(65_535);
      await new Promise<void>((resolve) => client.ping(() => resolve()));
      expect(receiver.bytes).to.equal(65_535);
      let dealtWith = 0;
      while (receiver.bytes < body.length) {
        const before = receiver.bytes;
        exchange.consumed(before - dealtWith);
        dealtWith = before;
        await receiver.until(before + 1);
      }
      await receiver.ended;
      expect(Buffer.concat(receiver.chunks).equals(body)).to.equal(true);
      exchange.respond(200, plain, undefined);
    });

    it("comes in order, what was early first", async () => {
      await start();
      const exchange = await open(data(1, Buffer.from("a")), data(1, Buffer.from("b")));
      await raw.settled();
      const receiver = new Receiver();
      exchange.receiveBody(receiver, false);
      raw.send(data(1, Buffer.from("c"), true));
      await receiver.ended;
      expect(Buffer.concat(receiver.chunks).toString()).to.equal("abc");
    });

    it("says nothing more to a receiver that answered in the middle of it", async () => {
      await start();
      const exchange = await open(data(1, Buffer.from("a")), data(1, Buffer.from("b")));
      await raw.settled();
      const seen: string[] = [];
      exchange.receiveBody(
        {
          onChunk: (chunk) => {
            seen.push(chunk.toString());
            exchange.respond(200, plain, undefined);
          },
          onEnd: () => seen.push("end"),
          onFail: () => seen.push("fail"),
        },
        false,
      );
      raw.send(data(1, Buffer.from("c"), true));
      await raw.settled();
      expect(seen).to.deep.equal(["a"]);
    });

    it("drops the client's trailers", async () => {
      await start();
      const exchange = await open(data(1, Buffer.from("a")));
      const body = exchange.readBody(10);
      raw.send(headers(1, headBlockOfTrailers, true));
      expect((await body).toString()).to.equal("a");
      expect(exchange.headers).to.not.have.property("x-user");
      expect(exchange.rawHeaders).to.not.include("x-user");
    });
  });

  describe("respond", () => {
    it("sends head and body with length and date", async () => {
      await start();
      const answer = ask(client, post, Buffer.from("ping"));
      (await fixture.exchange()).respond(201, ["x-a", "1"], Buffer.from("pong"));
      const { status, headers: head, body } = await answer;
      expect([status, head["x-a"], head["content-length"], body.toString()]).to.deep.equal([201, "1", "4", "pong"]);
      expect(Date.parse(head.date ?? "")).to.be.a("number").and.not.NaN;
    });

    it("sends a body larger than the client's window in the end", async () => {
      await start();
      const large = Buffer.alloc(1_000_000, 3);
      const answer = ask(client, { ":path": "/x" });
      (await fixture.exchange()).respond(200, plain, large);
      expect((await answer).body.equals(large)).to.equal(true);
    });

    it("ends with trailers, and then has no length", async () => {
      await start();
      const answer = ask(client, post, Buffer.from("ping"));
      (await fixture.exchange()).respond(200, plain, Buffer.from("pong"), ["grpc-status", "0"]);
      const { headers: head, body, trailers } = await answer;
      expect([head["content-length"], body.toString(), trailers?.["grpc-status"]]).to.deep.equal([
        undefined,
        "pong",
        "0",
      ]);
    });

    it("sends one header block where there are neither body nor trailers, though it is of the kind that has them", async () => {
      await start();
      const exchange = await open(data(1, Buffer.alloc(0), true));
      exchange.respond(200, ["grpc-status", "5"], undefined, []);
      expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("5");
      expect(raw.frames.filter(({ id }) => id === 1)).to.have.length(1);
    });

    it("answers HEAD with the length and without the body", async () => {
      await start();
      const answer = ask(client, { ":method": "HEAD", ":path": "/x" });
      (await fixture.exchange()).respond(200, plain, Buffer.from("twelve bytes"));
      const { headers: head, body } = await answer;
      expect([head["content-length"], body.length]).to.deep.equal(["12", 0]);
    });

    for (const status of [204, 304]) {
      it(`sends no length with ${status}`, async () => {
        await start();
        const answer = ask(client, { ":path": "/x" });
        (await fixture.exchange()).respond(status, [], undefined);
        expect((await answer).headers).to.not.have.property("content-length");
      });
    }

    it("answers once", async () => {
      await start();
      const answer = ask(client, { ":path": "/x" });
      const exchange = await fixture.exchange();
      exchange.respond(200, plain, Buffer.from("first"));
      exchange.respond(500, plain, Buffer.from("second"));
      exchange.reset(ErrorCode.INTERNAL_ERROR);
      expect(exchange.isDone).to.equal(true);
      expect((await answer).body.toString()).to.equal("first");
    });

    it("goes nowhere once the client has gone", async () => {
      await start();
      const exchange = await open();
      const gone = aborted(exchange);
      raw.socket.destroy();
      await gone;
      exchange.respond(200, plain, Buffer.from("anybody?"));
      exchange.startResponse(200, plain, () => {}).end();
      expect(exchange.isDone).to.equal(true);
    });
  });

  describe("an answer in parts", () => {
    it("goes out part by part, then the trailers", async () => {
      await start();
      const stream = client.request({ ":path": "/x" });
      const answer = answerOf(stream);
      const writer = (await fixture.exchange()).startResponse(200, plain, () => {});
      await once(stream, "response");
      writer.write(Buffer.from("one "));
      await once(stream, "data");
      writer.write(Buffer.from("two"));
      writer.end(["grpc-status", "0"]);
      const { body, trailers, headers: head } = await answer;
      expect([body.toString(), trailers?.["grpc-status"]]).to.deep.equal(["one two", "0"]);
      expect(head).to.not.have.property("content-length");
    });

    it("has no body for HEAD", async () => {
      await start();
      const answer = ask(client, { ":method": "HEAD", ":path": "/x" });
      const writer = (await fixture.exchange()).startResponse(200, plain, () => {});
      expect(writer.write(Buffer.from("body"))).to.equal(true);
      writer.end();
      const { status, body } = await answer;
      expect([status, body.length]).to.deep.equal([200, 0]);
    });

    it("asks to wait where the client's window is full, and calls when there is room", async () => {
      await start();
      raw.send(frame(FrameType.SETTINGS, 0, 0, settings([INITIAL_WINDOW_SIZE, 10])));
      raw.send(headers(1, headBlock("/x"), true));
      const exchange = await fixture.exchange();
      const drained = new Promise<void>((resolve) => {
        const writer = exchange.startResponse(200, plain, resolve);
        expect(writer.write(Buffer.alloc(200_000))).to.equal(false);
      });
      await raw.settled();
      expect(bodyOf(raw, 1)).to.have.length(10);
      raw.send(frame(FrameType.WINDOW_UPDATE, 0, 1, number32(1_000_000)));
      raw.send(frame(FrameType.WINDOW_UPDATE, 0, 0, number32(1_000_000)));
      await drained;
    });

    it("stops silently when the client resets the stream", async () => {
      await start();
      raw.send(headers(1, headBlock("/x"), true));
      const exchange = await fixture.exchange();
      const gone = aborted(exchange);
      const writer = exchange.startResponse(200, plain, () => {});
      raw.send(frame(FrameType.RST_STREAM, 0, 1, number32(ErrorCode.CANCEL)));
      await gone;
      expect([writer.write(Buffer.alloc(10)), exchange.isDone]).to.deep.equal([true, true]);
      writer.end();
      await raw.settled();
      expect(bodyOf(raw, 1)).to.have.length(0);
    });
  });

  describe("a client that leaves", () => {
    it("is told of once, by reset or by the end of the connection", async () => {
      await start();
      let told = 0;
      const exchange = await open();
      const gone = new Promise<void>((resolve) => {
        exchange.onAbort(() => {
          told++;
          resolve();
        });
      });
      raw.send(frame(FrameType.RST_STREAM, 0, 1, number32(ErrorCode.CANCEL)));
      await gone;
      raw.socket.destroy();
      const again = await fixture.client();
      again.close();
      expect([told, exchange.isDone]).to.deep.equal([1, true]);
    });

    it("is of no interest once it is answered", async () => {
      await start();
      let told = 0;
      const exchange = await open();
      exchange.onAbort(() => told++);
      exchange.respond(200, plain, undefined);
      await headOf(raw, 1);
      raw.send(frame(FrameType.RST_STREAM, 0, 1, number32(ErrorCode.NO_ERROR)));
      await raw.settled();
      expect(told).to.equal(0);
    });

    it("is noticed while its body is read away", async () => {
      await start();
      const exchange = await open(data(1, Buffer.alloc(100)));
      const gone = aborted(exchange);
      exchange.discardBody();
      raw.send(data(1, Buffer.alloc(100)), frame(FrameType.RST_STREAM, 0, 1, number32(ErrorCode.CANCEL)));
      await gone;
    });
  });

  describe("reset", () => {
    it("tells the client the code, and not the front", async () => {
      await start();
      let told = 0;
      const exchange = await open();
      exchange.onAbort(() => told++);
      exchange.reset(ErrorCode.INTERNAL_ERROR);
      expect(await raw.resetCode(1)).to.equal(ErrorCode.INTERNAL_ERROR);
      expect([told, exchange.isDone]).to.deep.equal([0, true]);
    });
  });

  describe("a client that sends on after its answer", () => {
    it("has so much of it read away that it can end its request", async () => {
      await start();
      const stream = client.request(post);
      const answer = answerOf(stream);
      (await fixture.exchange()).respond(200, plain, Buffer.from("enough"));
      await once(stream, "response");
      stream.end(Buffer.alloc(900_000));
      expect((await answer).body.toString()).to.equal("enough");
    });

    it("is stopped with NO_ERROR beyond a megabyte", async () => {
      await start();
      const exchange = await open();
      exchange.respond(200, plain, Buffer.from("enough"));
      await headOf(raw, 1);
      let sent = 0;
      while (!raw.frames.some(({ type, id }) => type === FrameType.RST_STREAM && id === 1) && sent < 3_000_000) {
        raw.send(data(1, Buffer.alloc(16_000)));
        sent += 16_000;
        await raw.settled();
      }
      expect(await raw.resetCode(1)).to.equal(ErrorCode.NO_ERROR);
      expect(sent).to.be.within(1_000_000, 1_200_000);
    });

    it("finds room for other streams again, whatever the receiver had not dealt with", async () => {
      await start();
      const receiver = new Receiver();
      const exchange = await open();
      exchange.receiveBody(receiver, false);
      raw.send(data(1, Buffer.alloc(16_000)), data(1, Buffer.alloc(16_000)), data(1, Buffer.alloc(16_000)));
      await receiver.until(48_000);
      exchange.respond(200, plain, undefined);
      const update = await raw.next(FrameType.WINDOW_UPDATE, ({ id }) => id === 1);
      expect(update?.payload.readUInt32BE(0)).to.be.at.least(48_000);
    });
  });
});

const headBlockOfTrailers = Buffer.concat([
  Buffer.from([0, 6]),
  Buffer.from("x-user"),
  Buffer.from([4]),
  Buffer.from("root"),
]);
