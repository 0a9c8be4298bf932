// Peers that attack: floods, bombs, and slowness, each by hand on a raw socket against a server with its default or a shortened limit.
import { expect } from "chai";
import type { ConnectionHandlers, Http2Stream, StreamReset } from "../../src/http2/contract.ts";
import { createHttp2Connection } from "../../src/http2/connection.ts";
import type { Http2Limits } from "../../src/http2/limits.ts";
import { ErrorCode, FrameType, SettingId } from "../../src/http2/protocol.ts";
import { duplexPair } from "./support/duplex-pair.ts";
import {
  clientHello,
  frame,
  getBlock,
  literals,
  number32,
  postBlock,
  settings,
  settingsAck,
  withRawClient,
} from "./support/raw-peer.ts";

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION } = FrameType;

function odd(at: number): number {
  return at * 2 + 1;
}

function repeat(times: number, make: (at: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: times }, (_, at) => make(at)));
}

/** Beyond the thousand in ten seconds, and what a peer gains meanwhile on a machine that stands still. */
const plenty = 4000;

/** Never answers, and counts. */
function silentHandlers(): { readonly handlers: Partial<ConnectionHandlers>; opened: number } {
  const counted = {
    opened: 0,
    handlers: {
      onStream: () => {
        counted.opened++;
        return { onData: () => undefined, onEnd: () => undefined, onReset: () => undefined };
      },
    },
  };
  return counted;
}

const cancel = number32(ErrorCode.CANCEL);
const open = (at: number): Buffer => frame(HEADERS, 4, odd(at), postBlock);

const floods: readonly (readonly [what: string, bytes: Buffer])[] = [
  [
    "rapid reset",
    repeat(200, (at) => Buffer.concat([frame(HEADERS, 5, odd(at), getBlock), frame(RST_STREAM, 0, odd(at), cancel)])),
  ],
  [
    "made-you-reset by WINDOW_UPDATE 0",
    repeat(200, (at) => Buffer.concat([open(at), frame(WINDOW_UPDATE, 0, odd(at), number32(0))])),
  ],
  [
    "made-you-reset by an overflowing window",
    repeat(200, (at) => Buffer.concat([open(at), frame(WINDOW_UPDATE, 0, odd(at), number32(2 ** 31 - 1))])),
  ],
  [
    "made-you-reset by DATA after the end",
    repeat(200, (at) => Buffer.concat([frame(HEADERS, 5, odd(at), postBlock), frame(DATA, 0, odd(at), [1])])),
  ],
  [
    "made-you-reset by PRIORITY of a wrong size",
    repeat(200, (at) => Buffer.concat([open(at), frame(PRIORITY, 0, odd(at), [1])])),
  ],
  [
    "made-you-reset by too much body",
    repeat(200, (at) =>
      Buffer.concat([
        frame(HEADERS, 4, odd(at), Buffer.concat([postBlock, literals("content-length", "0")])),
        frame(DATA, 0, odd(at), [1]),
      ]),
    ),
  ],
  ["malformed requests", repeat(200, (at) => frame(HEADERS, 5, odd(at), literals(":method", "GET")))],
  ["empty HEADERS", repeat(200, (at) => frame(HEADERS, 5, odd(at)))],
  ["more streams than offered", repeat(400, (at) => frame(HEADERS, 5, odd(at), getBlock))],
  ["empty CONTINUATION", Buffer.concat([frame(HEADERS, 0, 1, getBlock), repeat(100, () => frame(CONTINUATION, 0, 1))])],
  [
    "CONTINUATION of large parts",
    Buffer.concat([
      frame(HEADERS, 0, 1, getBlock),
      repeat(10, () => frame(CONTINUATION, 0, 1, Buffer.alloc(16_000, 0x82))),
    ]),
  ],
  ["SETTINGS", repeat(plenty, () => frame(SETTINGS, 0, 0))],
  [
    "SETTINGS of many entries",
    repeat(plenty, () => frame(SETTINGS, 0, 0, settings(...Array.from({ length: 20 }, (_, at) => [4, at] as const)))),
  ],
  ["acknowledgements of SETTINGS", repeat(plenty, () => frame(SETTINGS, 1, 0))],
  ["PING", repeat(plenty, () => frame(PING, 0, 0, Buffer.alloc(8)))],
  ["answers to no PING", repeat(plenty, () => frame(PING, 1, 0, Buffer.alloc(8)))],
  ["PRIORITY", repeat(plenty, (at) => frame(PRIORITY, 0, odd(at), [0, 0, 0, 0, 1]))],
  ["WINDOW_UPDATE of the connection", repeat(plenty, () => frame(WINDOW_UPDATE, 0, 0, number32(1)))],
  [
    "WINDOW_UPDATE of a stream",
    Buffer.concat([open(0), repeat(plenty, () => frame(WINDOW_UPDATE, 0, 1, number32(1)))]),
  ],
  ["empty DATA", Buffer.concat([open(0), repeat(plenty, () => frame(DATA, 0, 1))])],
  ["DATA of padding only", Buffer.concat([open(0), repeat(plenty, () => frame(DATA, 8, 1, [3, 0, 0, 0]))])],
  ["frames of unknown types", repeat(plenty, () => frame(0x42, 0, 0, [1, 2, 3]))],
  ["RST_STREAM of a closed stream", Buffer.concat([open(0), repeat(plenty, () => frame(RST_STREAM, 0, 1, cancel))])],
];

describe("a flood ends with ENHANCE_YOUR_CALM:", () => {
  for (const [what, bytes] of floods) {
    it(what, async () => {
      const { handlers } = silentHandlers();
      await withRawClient({ handlers }, async (peer) => {
        peer.send(clientHello, settingsAck, bytes);
        expect(await peer.goawayCode()).to.equal(ErrorCode.ENHANCE_YOUR_CALM);
        await peer.ended();
      });
    });
  }

  it("and no more streams were opened than the budget has", async () => {
    const counted = silentHandlers();
    await withRawClient({ handlers: counted.handlers, options: { limits: { maxResets: 20 } } }, async (peer) => {
      peer.send(clientHello, floods[0][1]);
      expect(await peer.goawayCode()).to.equal(ErrorCode.ENHANCE_YOUR_CALM);
      // What the budget gains meanwhile is a few at the most: two in a second.
      expect(counted.opened).to.be.within(21, 100);
    });
  });

  it("but not of a peer whose other calls end well", async () => {
    // Every second request is answered: what it is for, its path tells by the order it comes in.
    let opened = 0;
    const handlers: Partial<ConnectionHandlers> = {
      onStream(stream) {
        if (opened++ % 2 === 0) stream.sendHeaders([":status", "204"], true);
        return { onData: () => undefined, onEnd: () => undefined, onReset: () => undefined };
      },
    };
    await withRawClient({ handlers, options: { limits: { maxResets: 20 } } }, async (peer) => {
      const mixed = repeat(200, (at) =>
        at % 2 === 0
          ? frame(HEADERS, 5, odd(at), getBlock)
          : Buffer.concat([frame(HEADERS, 5, odd(at), getBlock), frame(RST_STREAM, 0, odd(at), cancel)]),
      );
      peer.send(clientHello, settingsAck, mixed);
      await peer.settled();
      expect([opened, peer.isEnded]).to.deep.equal([200, false]);
    });
  });

  it("nor for sparing itself the end of requests that were answered", async () => {
    const handlers: Partial<ConnectionHandlers> = {
      onStream(stream) {
        stream.sendHeaders([":status", "204"], true);
        return { onData: () => undefined, onEnd: () => undefined, onReset: () => undefined };
      },
    };
    await withRawClient({ handlers, options: { limits: { maxResets: 20 } } }, async (peer) => {
      const left = repeat(60, (at) => Buffer.concat([open(at), frame(RST_STREAM, 0, odd(at), cancel)]));
      peer.send(clientHello, settingsAck, left);
      await peer.settled();
      expect(peer.isEnded).to.equal(false);
    });
  });

  it("but not within the budget", async () => {
    const { handlers } = silentHandlers();
    await withRawClient({ handlers }, async (peer) => {
      const few = repeat(90, (at) =>
        Buffer.concat([frame(HEADERS, 5, odd(at), getBlock), frame(RST_STREAM, 0, odd(at), cancel)]),
      );
      peer.send(
        clientHello,
        settingsAck,
        few,
        repeat(500, () => frame(PING, 0, 0, Buffer.alloc(8))),
      );
      await peer.settled();
      expect(peer.isEnded).to.equal(false);
    });
  });

  it("and not before the peer can know how many streams it may have", async () => {
    const { handlers } = silentHandlers();
    await withRawClient({ handlers }, async (peer) => {
      peer.send(
        clientHello,
        repeat(400, (at) => frame(HEADERS, 5, odd(at), getBlock)),
      );
      expect(await peer.resetCode(odd(399))).to.equal(ErrorCode.REFUSED_STREAM);
      expect(await peer.resetCode(odd(100))).to.equal(ErrorCode.REFUSED_STREAM);
      await peer.settled();
      expect(peer.isEnded).to.equal(false);
    });
  });
});

describe("header bombs", () => {
  it("of references to one large field are answered 431, without unfolding them", async () => {
    const seen: number[] = [];
    const handlers: Partial<ConnectionHandlers> = {
      onHeadersTooLarge(stream, headers) {
        seen.push(headers.length);
        stream.sendHeaders([":status", "431"], true);
      },
    };
    const value = Buffer.alloc(4000, "a");
    const field = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0xa1, 0x1e]), value]);
    const bomb = Buffer.concat([getBlock, field, Buffer.alloc(12_000, 0xbe)]);
    await withRawClient({ handlers }, async (peer) => {
      peer.send(
        clientHello,
        settingsAck,
        frame(HEADERS, 0, 1, bomb.subarray(0, 16_000)),
        frame(CONTINUATION, 4, 1, bomb.subarray(16_000)),
      );
      peer.send(frame(HEADERS, 5, 3, getBlock));
      expect((await peer.next(DATA, ({ id }) => id === 3))?.payload.toString()).to.equal("hello");
      expect(seen).to.have.length(1);
      expect(seen[0]).to.be.below(20);
      expect(peer.frames.some(({ type, id }) => type === HEADERS && id === 1)).to.equal(true);
    });
  });

  it("of many small fields are answered 431 by the engine itself, and the body is refused", async () => {
    await withRawClient({}, async (peer) => {
      const fields = literals(...Array.from({ length: 300 }, () => ["a", "b"]).flat());
      peer.send(
        clientHello,
        settingsAck,
        frame(HEADERS, 4, 1, Buffer.concat([postBlock, fields])),
        frame(DATA, 0, 1, Buffer.alloc(100)),
      );
      expect((await peer.next(HEADERS))?.id).to.equal(1);
      expect(await peer.resetCode(1)).to.equal(ErrorCode.NO_ERROR);
      await peer.settled();
      expect(peer.isEnded).to.equal(false);
    });
  });

  it("of trailers reset the stream", async () => {
    await withRawClient({}, async (peer) => {
      const fields = literals(...Array.from({ length: 300 }, () => ["a", "b"]).flat());
      peer.send(clientHello, settingsAck, frame(HEADERS, 4, 1, postBlock), frame(HEADERS, 5, 1, fields));
      expect(await peer.resetCode(1)).to.equal(ErrorCode.ENHANCE_YOUR_CALM);
    });
  });
});

describe("more DATA than a window allows", () => {
  const limits = {
    streamWindowBytes: 65_535,
    maxStreamWindowBytes: 65_535,
    connectionWindowBytes: 65_535,
    maxConnectionWindowBytes: 65_535,
  };
  const full = repeat(4, (at) => frame(DATA, 0, 1, Buffer.alloc(at === 3 ? 16_383 : 16_384)));

  it("of a stream resets it", async () => {
    const { handlers } = silentHandlers();
    const options = { limits: { ...limits, connectionWindowBytes: 200_000, maxConnectionWindowBytes: 200_000 } };
    await withRawClient({ handlers, options }, async (peer) => {
      peer.send(clientHello, settingsAck, open(0), full);
      await peer.settled();
      expect(peer.frames.some(({ type }) => type === RST_STREAM)).to.equal(false);
      peer.send(frame(DATA, 0, 1, [1]));
      expect(await peer.resetCode(1)).to.equal(ErrorCode.FLOW_CONTROL_ERROR);
    });
  });

  it("of a stream does not use up the connection's window", async () => {
    const { handlers } = silentHandlers();
    const tight = { ...limits, streamWindowBytes: 16_384, maxStreamWindowBytes: 16_384 };
    await withRawClient({ handlers, options: { limits: tight } }, async (peer) => {
      peer.send(clientHello, settingsAck);
      await peer.settled();
      const twice = (at: number): Buffer => repeat(2, () => frame(DATA, 0, odd(at), Buffer.alloc(16_384)));
      for (let at = 0; at < 10; at++) {
        peer.send(open(at), twice(at));
        expect(await peer.resetCode(odd(at))).to.equal(ErrorCode.FLOW_CONTROL_ERROR);
      }
      await peer.settled();
      expect(peer.isEnded).to.equal(false);
    });
  });

  it("of the connection ends it", async () => {
    const { handlers } = silentHandlers();
    await withRawClient({ handlers, options: { limits } }, async (peer) => {
      peer.send(clientHello, settingsAck, open(0), full, frame(DATA, 0, 1, [1]));
      expect(await peer.goawayCode()).to.equal(ErrorCode.FLOW_CONTROL_ERROR);
    });
  });
});

/** Answers with `bytes` of body at once, whatever the client takes. */
function bulk(bytes: number, told: (reset: StreamReset) => void = () => undefined): Partial<ConnectionHandlers> {
  return {
    onStream(stream: Http2Stream) {
      stream.sendHeaders([":status", "200"], false);
      stream.sendData(Buffer.alloc(bytes), true);
      return { onData: () => undefined, onEnd: () => undefined, onReset: told };
    },
  };
}

describe("slow peers", () => {
  const slow = (limits: Partial<Http2Limits>): { options: { limits: Partial<Http2Limits> } } => ({
    options: { limits },
  });

  it("that send no preface are let go", async () => {
    await withRawClient(slow({ handshakeTimeoutMs: 40 }), async (peer) => {
      expect(await peer.goawayCode()).to.equal(ErrorCode.SETTINGS_TIMEOUT);
      await peer.ended();
    });
  });

  it("that never acknowledge SETTINGS are let go", async () => {
    await withRawClient(slow({ handshakeTimeoutMs: 1000 }), async (peer) => {
      peer.send(clientHello, frame(HEADERS, 5, 1, getBlock));
      expect((await peer.next(DATA))?.payload.toString()).to.equal("hello");
      expect(await peer.goawayCode()).to.equal(ErrorCode.SETTINGS_TIMEOUT);
    });
  });

  it("that never finish a header block are let go", async () => {
    await withRawClient(slow({ headersTimeoutMs: 40 }), async (peer) => {
      peer.send(clientHello, settingsAck, frame(HEADERS, 0, 1, getBlock));
      expect(await peer.goawayCode()).to.equal(ErrorCode.ENHANCE_YOUR_CALM);
    });
  });

  it("that open no window lose the stream, not the connection", async () => {
    let told: StreamReset | undefined;
    const handlers = bulk(100_000, (reset) => (told = reset));
    await withRawClient({ handlers, ...slow({ stallTimeoutMs: 40 }) }, async (peer) => {
      peer.send(
        clientHello.subarray(0, 24),
        frame(SETTINGS, 0, 0, settings([SettingId.INITIAL_WINDOW_SIZE, 0])),
        settingsAck,
      );
      peer.send(frame(HEADERS, 5, 1, getBlock));
      expect(await peer.resetCode(1)).to.equal(ErrorCode.CANCEL);
      expect(told).to.include({ cause: "timeout" });
      await peer.settled();
      expect(peer.isEnded).to.equal(false);
    });
  });

  it("that open no window keep the stream where its owner has set no bound", async () => {
    const tight = slow({ stallTimeoutMs: 20, streamStallTimeoutMs: 0, handshakeTimeoutMs: 20_000 });
    await withRawClient({ handlers: bulk(100_000), ...tight }, async (peer) => {
      const closed = frame(SETTINGS, 0, 0, settings([SettingId.INITIAL_WINDOW_SIZE, 0]));
      peer.send(clientHello.subarray(0, 24), closed, settingsAck, frame(HEADERS, 5, 1, getBlock));
      peer.send(frame(HEADERS, 5, 3, getBlock));
      await peer.next(HEADERS, ({ id }) => id === 3);
      await new Promise((resolve) => setTimeout(resolve, 60));
      peer.send(frame(WINDOW_UPDATE, 0, 1, number32(5)));
      expect((await peer.next(DATA, ({ id }) => id === 1))?.payload).to.have.length(5);
    });
  });

  it("that open the window byte by byte lose the stream", async () => {
    await withRawClient({ handlers: bulk(100_000), ...slow({ stallTimeoutMs: 60 }) }, async (peer) => {
      peer.send(
        clientHello.subarray(0, 24),
        frame(SETTINGS, 0, 0, settings([SettingId.INITIAL_WINDOW_SIZE, 0])),
        settingsAck,
      );
      const drop = frame(WINDOW_UPDATE, 0, 1, number32(1));
      peer.send(frame(HEADERS, 5, 1, getBlock), drop);
      const drip = setInterval(() => peer.send(drop), 5);
      expect(await peer.resetCode(1)).to.equal(ErrorCode.CANCEL);
      clearInterval(drip);
      expect(peer.frames.some(({ type }) => type === DATA)).to.equal(true);
    });
  });

  it("that read nothing are cut off", async () => {
    let told: StreamReset | undefined;
    const handlers = bulk(20_000_000, (reset) => (told = reset));
    await withRawClient({ handlers, ...slow({ stallTimeoutMs: 60 }) }, async (peer, engine) => {
      peer.send(
        clientHello.subarray(0, 24),
        frame(SETTINGS, 0, 0, settings([SettingId.INITIAL_WINDOW_SIZE, 2 ** 31 - 1])),
        settingsAck,
      );
      peer.send(frame(WINDOW_UPDATE, 0, 0, number32(2 ** 30)), frame(HEADERS, 5, 1, getBlock));
      await peer.next(HEADERS);
      peer.socket.pause();
      const { error } = await engine.closed;
      expect(error?.message).to.equal("the peer read nothing for 60 ms");
      expect(told).to.include({ cause: "connection" });
    });
  });

  it("that ask and do not read are not read from: what waits for them is bounded", async () => {
    let answered = 0;
    const handlers: Partial<ConnectionHandlers> = {
      onStream(stream) {
        answered++;
        stream.sendHeaders([":status", "200", "x-large", "x".repeat(10_000)], true);
        return { onData: () => undefined, onEnd: () => undefined, onReset: () => undefined };
      },
    };
    await withRawClient(
      { handlers, ...slow({ stallTimeoutMs: 100, maxOutputBytes: 50_000 }) },
      async (peer, engine) => {
        peer.socket.pause();
        peer.send(
          clientHello,
          settingsAck,
          repeat(20_000, (at) => frame(HEADERS, 5, odd(at), getBlock)),
        );
        expect((await engine.closed).error?.message).to.contain("read nothing");
        // What fits into the kernel's buffers was written; 200 MB were asked for.
        expect(answered).to.be.below(10_000);
      },
    );
  });

  it("that ask and do not read are read from again once they do, and nothing is lost", async () => {
    let answered = 0;
    const [near, far] = duplexPair();
    createHttp2Connection(
      near,
      { role: "server", limits: { maxOutputBytes: 50_000 } },
      {
        onStream(stream) {
          answered++;
          stream.sendHeaders([":status", "200", "x-large", "x".repeat(10_000)], true);
          return { onData: () => undefined, onEnd: () => undefined, onReset: () => undefined };
        },
        onClose: () => undefined,
      },
    );
    far.write(Buffer.concat([clientHello, settingsAck, repeat(500, (at) => frame(HEADERS, 5, odd(at), getBlock))]));
    while (!near.isPaused()) await new Promise((resolve) => setImmediate(resolve));
    // Without the limit it would be all 500.
    expect(answered).to.be.within(1, 20);
    let bytes = 0;
    await new Promise<void>((resolve) => {
      far.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > 500 * 10_000) resolve();
      });
    });
    expect(answered).to.equal(500);
    near.destroy();
  });

  it("without streams are sent away after the idle time", async () => {
    await withRawClient(slow({ idleTimeoutMs: 40 }), async (peer, engine) => {
      peer.send(clientHello, settingsAck);
      expect(await peer.goawayCode()).to.equal(ErrorCode.NO_ERROR);
      await peer.next(PING).then((ping) => peer.send(frame(PING, 1, 0, ping?.payload)));
      expect((await engine.closed).error).to.equal(undefined);
    });
  });

  it("that leave a stream idle lose it", async () => {
    await withRawClient(slow({ streamIdleTimeoutMs: 40 }), async (peer) => {
      peer.send(clientHello, settingsAck, open(0));
      expect(await peer.resetCode(1)).to.equal(ErrorCode.CANCEL);
    });
  });

  it("may idle on a stream that says so", async () => {
    const handlers: Partial<ConnectionHandlers> = {
      onStream(stream) {
        if (stream.id === 1) stream.idleTimeoutMs = 0;
        return { onData: () => undefined, onEnd: () => undefined, onReset: () => undefined };
      },
    };
    await withRawClient({ handlers, ...slow({ streamIdleTimeoutMs: 40 }) }, async (peer) => {
      peer.send(clientHello, settingsAck, open(0), open(1));
      expect(await peer.resetCode(3)).to.equal(ErrorCode.CANCEL);
      await peer.settled();
      expect(peer.frames.some(({ type, id }) => type === RST_STREAM && id === 1)).to.equal(false);
    });
  });
});
