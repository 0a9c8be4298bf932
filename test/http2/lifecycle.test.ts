// How connections live and end: draining, keepalive, backpressure, callbacks that throw, calls made out of order.
import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import { createHttp2Connection } from "../../src/http2/connection.ts";
import type { ConnectionHandlers, Http2Stream, StreamHandlers } from "../../src/http2/contract.ts";
import { compileHeaders } from "../../src/http2/hpack-encode.ts";
import { ErrorCode, FrameType, SettingId } from "../../src/http2/protocol.ts";
import { duplexPair } from "./support/duplex-pair.ts";
import { Exchange, get, post, ResetError } from "./support/exchange.ts";
import {
  clientHello,
  EngineServer,
  frame,
  getBlock,
  helloHandlers,
  number32,
  postBlock,
  settings,
  settingsAck,
  withRawClient,
  withRawServer,
} from "./support/raw-peer.ts";

const { DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE } = FrameType;
const quiet: StreamHandlers = { onData: () => undefined, onEnd: () => undefined, onReset: () => undefined };

describe("draining", () => {
  it("of a server warns first, then says which streams it has taken, and ends after the last", async () => {
    let held: Http2Stream | undefined;
    const handlers: Partial<ConnectionHandlers> = { onStream: (stream) => ((held = stream), quiet) };
    await withRawClient({ handlers }, async (peer, engine) => {
      peer.send(clientHello, settingsAck, frame(HEADERS, 5, 1, getBlock));
      await peer.settled();
      (await engine.opened).drain();
      const warning = await peer.next(GOAWAY);
      expect(warning?.payload.readUInt32BE(0)).to.equal(2 ** 31 - 1);
      const ping = await peer.next(PING, ({ flags }) => flags === 0);
      // Sent before the warning arrived: still taken.
      peer.send(frame(HEADERS, 5, 3, getBlock), frame(PING, 1, 0, ping?.payload));
      const last = await peer.next(GOAWAY, (one) => one !== warning);
      expect(last?.payload.readUInt32BE(0)).to.equal(3);
      peer.send(frame(HEADERS, 5, 5, getBlock));
      expect(await peer.resetCode(5)).to.equal(ErrorCode.REFUSED_STREAM);
      expect(held?.id).to.equal(3);
      peer.send(frame(RST_STREAM, 0, 1, number32(8)));
      held?.sendHeaders([":status", "204"], true);
      await peer.ended();
      expect((await engine.closed).error).to.equal(undefined);
    });
  });

  it("cuts the rest off when its time is over", async () => {
    const handlers: Partial<ConnectionHandlers> = { onStream: () => quiet };
    await withRawClient({ handlers, options: { limits: { drainTimeoutMs: 30 } } }, async (peer, engine) => {
      peer.send(clientHello, settingsAck, frame(HEADERS, 5, 1, getBlock));
      await peer.settled();
      (await engine.opened).drain();
      await peer.ended();
      expect((await engine.closed).error).to.equal(undefined);
    });
  });

  it("of a client makes no more requests and ends after the last answer", async () => {
    await withRawServer({}, async (peer, connection, closed) => {
      peer.send(frame(SETTINGS, 0, 0), settingsAck);
      const exchange = new Exchange(connection, get("/"));
      await peer.next(HEADERS);
      connection.drain();
      expect(connection.availableStreams).to.equal(0);
      peer.send(frame(HEADERS, 5, 1, Buffer.from([0x88])));
      expect((await exchange.answer).headers).to.deep.equal([":status", "200"]);
      expect(await peer.goawayCode()).to.equal(ErrorCode.NO_ERROR);
      expect((await closed).error).to.equal(undefined);
    });
  });
});

describe("ending", () => {
  it("at once tells open streams and sends GOAWAY", async () => {
    await withRawServer({}, async (peer, connection) => {
      const exchange = new Exchange(connection, get("/"));
      connection.close();
      const error = await exchange.answer.catch((thrown: ResetError) => thrown);
      expect((error as ResetError).reset).to.include({ cause: "connection", isUnprocessed: false });
      expect(await peer.goawayCode()).to.equal(ErrorCode.NO_ERROR);
      expect(connection.request(get("/"), quiet, true)).to.equal(undefined);
    });
  });

  it("by a peer that vanishes tells open streams and why", async () => {
    await withRawServer({}, async (peer, connection, closed) => {
      const exchange = new Exchange(connection, get("/"));
      await peer.next(HEADERS);
      peer.socket.destroy();
      expect(await exchange.answer.catch((thrown: ResetError) => thrown)).to.be.instanceOf(ResetError);
      expect((await closed).error).to.be.instanceOf(Error);
      expect(connection.isClosed).to.equal(true);
    });
  });

  it("answers pings that nobody will answer any more", async () => {
    await withRawServer({}, async (_, connection) => {
      const answered = new Promise((resolve) => connection.ping(resolve));
      connection.destroy();
      expect(await answered).to.equal(undefined);
      expect(await new Promise((resolve) => connection.ping(resolve))).to.equal(undefined);
    });
  });

  it("gives the reason handed to destroy, once", async () => {
    await withRawServer({}, async (_, connection, closed) => {
      connection.destroy(new Error("because"));
      connection.destroy(new Error("again"));
      expect((await closed).error?.message).to.equal("because");
    });
  });

  it("by a refused connection is told like any other", async () => {
    const socket = connect(1, "127.0.0.1");
    const error = await new Promise<Error | undefined>((resolve) => {
      createHttp2Connection(socket, { role: "client" }, { onClose: resolve });
    });
    expect(error).to.have.property("code", "ECONNREFUSED");
  });
});

describe("keepalive", () => {
  it("asks a silent peer and ends when there is no answer", async () => {
    const keepalive = { intervalMs: 20, timeoutMs: 20, withoutStreams: true };
    await withRawServer({ options: { keepalive } }, async (peer, _, closed) => {
      peer.send(frame(SETTINGS, 0, 0), settingsAck);
      expect(await peer.next(PING)).to.include({ flags: 0 });
      expect((await closed).error?.message).to.contain("did not answer a PING within 20 ms");
    });
  });

  it("goes on while there are answers, and asks again", async () => {
    const keepalive = { intervalMs: 20, timeoutMs: 60_000, withoutStreams: true };
    await withRawServer({ options: { keepalive } }, async (peer, connection) => {
      peer.send(frame(SETTINGS, 0, 0), settingsAck);
      for (let round = 0; round < 3; round++) {
        const ping = await peer.next(PING);
        peer.frames.length = 0;
        peer.send(frame(PING, 1, 0, ping?.payload));
      }
      expect(connection.isClosed).to.equal(false);
    });
  });

  it("leaves a connection without streams alone", async () => {
    const keepalive = { intervalMs: 15, timeoutMs: 15 };
    await withRawServer({ options: { keepalive } }, async (peer, connection) => {
      peer.send(frame(SETTINGS, 0, 0), settingsAck);
      const before = performance.now();
      while (performance.now() - before < 80) await peer.settled();
      expect(peer.frames.some(({ type, flags }) => type === PING && flags === 0)).to.equal(false);
      expect(connection.isClosed).to.equal(false);
    });
  });
});

describe("backpressure", () => {
  it("answers false beyond the buffer, and onDrain once there is room", async () => {
    const told: string[] = [];
    let stream: Http2Stream | undefined;
    const handlers: Partial<ConnectionHandlers> = {
      onStream(opened) {
        stream = opened;
        opened.sendHeaders([":status", "200"], false);
        told.push(...[6000, 3000, 3000].map((bytes) => String(opened.sendData(Buffer.alloc(bytes), false))));
        return { ...quiet, onDrain: () => told.push(`drain at ${opened.bufferedBytes}`) };
      },
    };
    await withRawClient({ handlers, options: { limits: { sendBufferBytes: 10_000 } } }, async (peer) => {
      peer.send(
        clientHello.subarray(0, 24),
        frame(SETTINGS, 0, 0, settings([SettingId.INITIAL_WINDOW_SIZE, 1])),
        settingsAck,
      );
      peer.send(frame(HEADERS, 5, 1, getBlock));
      await peer.next(DATA);
      expect(told).to.deep.equal(["true", "true", "false"]);
      expect(stream?.bufferedBytes).to.equal(11_999);
      peer.send(frame(WINDOW_UPDATE, 0, 1, number32(6000)));
      await peer.settled();
      expect(told).to.have.length(3);
      peer.send(frame(WINDOW_UPDATE, 0, 1, number32(2000)));
      await peer.settled();
      expect(told).to.deep.equal(["true", "true", "false", "drain at 3999"]);
    });
  });

  it("gives no credit for what is not consumed", async () => {
    const held: { stream: Http2Stream; bytes: number }[] = [];
    const handlers: Partial<ConnectionHandlers> = {
      onStream(stream) {
        const entry = { stream, bytes: 0 };
        held.push(entry);
        return { ...quiet, onData: (chunk) => void (entry.bytes += chunk.length) };
      },
    };
    const limits = { streamWindowBytes: 20_000, maxStreamWindowBytes: 20_000 };
    await withRawClient({ handlers, options: { limits } }, async (peer) => {
      peer.send(clientHello, settingsAck, frame(HEADERS, 4, 1, postBlock), frame(DATA, 0, 1, Buffer.alloc(15_000)));
      await peer.settled();
      expect(held[0].bytes).to.equal(15_000);
      expect(peer.frames.some(({ type, id }) => type === WINDOW_UPDATE && id === 1)).to.equal(false);
      held[0].stream.consume(9999);
      held[0].stream.consume(1);
      expect((await peer.next(WINDOW_UPDATE, ({ id }) => id === 1))?.payload.readUInt32BE(0)).to.equal(10_000);
      // Only what was received counts, however much is claimed.
      held[0].stream.consume(1_000_000);
      held[0].stream.consume(1_000_000);
      peer.send(frame(DATA, 0, 1, Buffer.alloc(5001)));
      await peer.settled();
      const credits = peer.frames.filter(({ type, id }) => type === WINDOW_UPDATE && id === 1);
      expect(credits.reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0)).to.be.at.most(15_000);
    });
  });

  it("of one stream does not hold up the others, once it is over", async () => {
    const handlers: Partial<ConnectionHandlers> = { onStream: (stream) => ((stream.idleTimeoutMs = 0), quiet) };
    const limits = { connectionWindowBytes: 65_535, maxConnectionWindowBytes: 65_535 };
    await withRawClient({ handlers, options: { limits } }, async (peer) => {
      peer.send(clientHello, settingsAck, frame(HEADERS, 4, 1, postBlock));
      peer.send(...[1, 2, 3].map(() => frame(DATA, 0, 1, Buffer.alloc(16_384))), frame(RST_STREAM, 0, 1, number32(8)));
      expect((await peer.next(WINDOW_UPDATE, ({ id }) => id === 0))?.payload.readUInt32BE(0)).to.equal(3 * 16_384);
    });
  });

  it("of one stream holds up no other where the connection is credited on arrival, each byte once", async () => {
    let stream: Http2Stream | undefined;
    const handlers: Partial<ConnectionHandlers> = { onStream: (opened) => ((stream = opened), quiet) };
    const window = 65_535;
    const limits = { connectionWindowBytes: window, maxConnectionWindowBytes: window, maxStreamWindowBytes: window };
    await withRawClient({ handlers, options: { limits, creditsOnArrival: true } }, async (peer) => {
      const credited = (wanted: number): number =>
        peer.frames
          .filter(({ type, id }) => type === WINDOW_UPDATE && id === wanted)
          .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
      const padded = 0x8;
      peer.send(clientHello, settingsAck, frame(HEADERS, 4, 1, postBlock));
      peer.send(
        frame(DATA, 0, 1, Buffer.alloc(16_384)),
        frame(DATA, padded, 1, Buffer.from([9, ...Buffer.alloc(16_383)])),
      );
      await peer.next(WINDOW_UPDATE, ({ id }) => id === 0);
      await peer.settled();
      expect([credited(0), credited(1)]).to.deep.equal([32_768, 0]);
      stream?.consume(32_758);
      await peer.next(WINDOW_UPDATE, ({ id }) => id === 1);
      expect([credited(0), credited(1)]).to.deep.equal([32_768, 32_768]);
      peer.send(frame(DATA, 0, 1, Buffer.alloc(16_384)), frame(RST_STREAM, 0, 1, number32(8)));
      peer.send(frame(HEADERS, 4, 3, postBlock), frame(DATA, 0, 3, Buffer.alloc(16_384)));
      await peer.next(WINDOW_UPDATE, ({ id }) => id === 0);
      await peer.settled();
      expect(credited(0)).to.equal(65_536);
    });
  });

  it("lets streams take turns", async () => {
    const handlers: Partial<ConnectionHandlers> = {
      onStream(stream) {
        stream.sendHeaders([":status", "200"], false);
        stream.sendData(Buffer.alloc(60_000), true);
        return quiet;
      },
    };
    await withRawClient({ handlers }, async (peer) => {
      peer.send(
        clientHello.subarray(0, 24),
        frame(SETTINGS, 0, 0, settings([SettingId.INITIAL_WINDOW_SIZE, 1_000_000])),
        settingsAck,
      );
      peer.send(
        frame(WINDOW_UPDATE, 0, 0, number32(1_000_000)),
        ...[1, 3, 5].map((id) => frame(HEADERS, 5, id, getBlock)),
      );
      await Promise.all([1, 3, 5].map((id) => peer.next(DATA, (one) => one.id === id && one.flags === 1)));
      const order = peer.frames.filter(({ type }) => type === DATA).map(({ id }) => id);
      expect(order.slice(0, 9)).to.deep.equal([1, 3, 5, 1, 3, 5, 1, 3, 5]);
    });
  });
});

describe("windows", () => {
  it("grow for a fast sender on stream and connection", async () => {
    const handlers: Partial<ConnectionHandlers> = {
      onStream: (stream) => ({ ...quiet, onData: (chunk) => stream.consume(chunk.length) }),
    };
    await withRawClient({ handlers }, async (peer) => {
      peer.send(clientHello, settingsAck, frame(HEADERS, 4, 1, postBlock));
      let allowed = 65_535;
      let seen = 0;
      for (let round = 0; round < 400; round++) {
        const size = Math.min(16_384, allowed);
        if (size > 0) peer.send(frame(DATA, 0, 1, Buffer.alloc(size)));
        allowed -= size;
        if (round % 2 === 1) await peer.settled();
        const updates = peer.frames.filter(({ type, id }) => type === WINDOW_UPDATE && id === 1);
        for (const update of updates.slice(seen)) allowed += update.payload.readUInt32BE(0);
        seen = updates.length;
      }
      expect(allowed).to.be.within(200_000, 1_048_576);
    });
  });
});

describe("callbacks that throw", () => {
  const failing: readonly (readonly [where: string, handlers: () => StreamHandlers])[] = [
    [
      "onStream",
      () => {
        throw new Error("oops");
      },
    ],
    [
      "onData",
      () => ({
        ...quiet,
        onData: () => {
          throw new Error("oops");
        },
      }),
    ],
    [
      "onEnd",
      () => ({
        ...quiet,
        onEnd: () => {
          throw new Error("oops");
        },
      }),
    ],
  ];
  for (const [where, onStream] of failing) {
    it(`reset their stream and are reported: ${where}`, async () => {
      const faults: unknown[] = [];
      const handlers: Partial<ConnectionHandlers> = {
        onStream: (stream, headers, endStream) =>
          stream.id === 1
            ? onStream()
            : (helloHandlers.onStream as NonNullable<ConnectionHandlers["onStream"]>)(stream, headers, endStream),
        onFault: (error) => faults.push(error),
      };
      await withRawClient({ handlers }, async (peer) => {
        peer.send(
          clientHello,
          settingsAck,
          frame(HEADERS, 4, 1, postBlock),
          frame(DATA, 1, 1, [1]),
          frame(HEADERS, 5, 3, getBlock),
        );
        expect(await peer.resetCode(1)).to.equal(ErrorCode.INTERNAL_ERROR);
        expect((await peer.next(DATA, ({ id }) => id === 3))?.payload.toString()).to.equal("hello");
        expect(faults.map(String)).to.deep.equal(["Error: oops"]);
      });
    });
  }

  it("end the connection where nobody takes note, without showing the error", async () => {
    const [near, far] = duplexPair();
    const closed = new Promise<Error | undefined>((resolve) => {
      createHttp2Connection(
        near,
        { role: "server" },
        {
          onStream: () => {
            throw new Error("secret");
          },
          onClose: resolve,
        },
      );
    });
    far.write(Buffer.concat([clientHello, frame(HEADERS, 5, 1, getBlock)]));
    const said: Buffer[] = [];
    far.on("data", (chunk: Buffer) => said.push(chunk));
    await once(far, "end");
    far.end();
    expect((await closed)?.message).to.equal("secret");
    expect(Buffer.concat(said).includes("internal error")).to.equal(true);
    expect(Buffer.concat(said).includes("secret")).to.equal(false);
  });
});

describe("calls out of order", () => {
  async function onServerStream(work: (stream: Http2Stream) => void): Promise<void> {
    const engine = new EngineServer({ onStream: (stream) => (work(stream), quiet) });
    const socket = connect(await engine.listen(), "127.0.0.1");
    try {
      const connection = createHttp2Connection(socket, { role: "client" }, { onClose: () => undefined });
      const exchange = new Exchange(connection, post("/"), false);
      await exchange.answer.catch(() => undefined);
      expect(engine.faults).to.deep.equal([]);
    } finally {
      socket.destroy();
      engine.dispose();
    }
  }

  it("throw: headers twice, data before headers, data after the end, 1xx after the answer", async () => {
    await onServerStream((stream) => {
      expect(() => stream.sendData(Buffer.alloc(1), false)).to.throw("data before headers");
      expect(() => stream.sendTrailers(["a", "b"])).to.throw("data before headers");
      stream.sendHeaders([":status", "200"], false);
      expect(() => stream.sendHeaders([":status", "200"], false)).to.throw("headers were sent before");
      expect(() => stream.sendInformational([":status", "103"])).to.throw("after the final one");
      stream.sendData(Buffer.alloc(0), true);
      expect(() => stream.sendData(Buffer.alloc(1), false)).to.throw("data after the end");
      stream.reset(0);
    });
  });

  it("go nowhere on a stream that is over", async () => {
    await onServerStream((stream) => {
      stream.reset(8);
      expect(stream.isClosed).to.equal(true);
      stream.sendHeaders([":status", "200"], true);
      expect(stream.sendData(Buffer.alloc(1), true)).to.equal(false);
      stream.sendTrailers(["a", "b"]);
      stream.consume(10);
      stream.reset(8);
    });
  });

  it("refuse headers no peer may see, and the stream can still be answered", async () => {
    await onServerStream((stream) => {
      expect(() => stream.sendHeaders([":status", "200", "a", "b\r\nset-cookie: x"], true)).to.throw(
        "control character",
      );
      expect(() => stream.sendHeaders(compileHeaders([":status", "200", "a", "b"]), true, [":path", "/"])).to.throw(
        "Pseudo-header",
      );
      stream.sendHeaders(compileHeaders([":status", "200"]), true, ["a", "b"]);
      stream.reset(0);
    });
  });
});
