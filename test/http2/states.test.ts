// What a server says to each frame in each state of a stream, and to malformed messages: spoken by hand on a raw socket.
import { expect } from "chai";
import type { Http2Stream } from "../../src/http2/contract.ts";
import { ErrorCode, FrameType, SettingId } from "../../src/http2/protocol.ts";
import {
  clientHello,
  frame,
  getBlock,
  literals,
  number32,
  postBlock,
  RawPeer,
  settings,
  settingsAck,
  withRawClient,
  withRawServer,
} from "./support/raw-peer.ts";
import { Exchange, get, post, ResetError } from "./support/exchange.ts";

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } =
  FrameType;
const [endStream, endHeaders] = [1, 4];

const wholeGet = frame(HEADERS, endHeaders | endStream, 1, getBlock);
const openPost = frame(HEADERS, endHeaders, 1, postBlock);
const cancel = frame(RST_STREAM, 0, 1, number32(ErrorCode.CANCEL));

type Said = { readonly goaway: number } | { readonly reset: number } | "nothing";
type Case = readonly [what: string, frames: readonly Buffer[], said: Said];

const connectionError = (goaway: number): Said => ({ goaway });
const streamError = (reset: number): Said => ({ reset });

/** What has to come before the frame under test, by state (RFC 9113 section 5.1). */
const states: Readonly<Record<string, readonly Buffer[]>> = {
  idle: [],
  open: [openPost],
  "half-closed (remote)": [wholeGet],
  "closed by its reset": [openPost, cancel],
};

const probes: readonly (readonly [what: string, probe: Buffer, said: Readonly<Record<string, Said>>])[] = [
  [
    "DATA",
    frame(DATA, 0, 1, [1]),
    {
      idle: connectionError(ErrorCode.PROTOCOL_ERROR),
      open: "nothing",
      "half-closed (remote)": streamError(ErrorCode.STREAM_CLOSED),
      "closed by its reset": connectionError(ErrorCode.STREAM_CLOSED),
    },
  ],
  [
    "HEADERS that end the stream",
    wholeGet,
    {
      idle: "nothing",
      open: streamError(ErrorCode.PROTOCOL_ERROR),
      "half-closed (remote)": streamError(ErrorCode.STREAM_CLOSED),
      "closed by its reset": connectionError(ErrorCode.STREAM_CLOSED),
    },
  ],
  [
    "trailers",
    frame(HEADERS, endHeaders | endStream, 1, literals("a", "b")),
    {
      idle: streamError(ErrorCode.PROTOCOL_ERROR),
      open: "nothing",
      "half-closed (remote)": streamError(ErrorCode.STREAM_CLOSED),
      "closed by its reset": connectionError(ErrorCode.STREAM_CLOSED),
    },
  ],
  [
    "HEADERS that do not end the stream",
    openPost,
    {
      idle: "nothing",
      open: streamError(ErrorCode.PROTOCOL_ERROR),
      "half-closed (remote)": streamError(ErrorCode.STREAM_CLOSED),
      "closed by its reset": connectionError(ErrorCode.STREAM_CLOSED),
    },
  ],
  [
    "RST_STREAM",
    cancel,
    {
      idle: connectionError(ErrorCode.PROTOCOL_ERROR),
      open: "nothing",
      "half-closed (remote)": "nothing",
      "closed by its reset": "nothing",
    },
  ],
  [
    "WINDOW_UPDATE",
    frame(WINDOW_UPDATE, 0, 1, number32(10)),
    {
      idle: connectionError(ErrorCode.PROTOCOL_ERROR),
      open: "nothing",
      "half-closed (remote)": "nothing",
      "closed by its reset": "nothing",
    },
  ],
  [
    "WINDOW_UPDATE by 0",
    frame(WINDOW_UPDATE, 0, 1, number32(0)),
    {
      idle: connectionError(ErrorCode.PROTOCOL_ERROR),
      open: streamError(ErrorCode.PROTOCOL_ERROR),
      "half-closed (remote)": streamError(ErrorCode.PROTOCOL_ERROR),
      "closed by its reset": "nothing",
    },
  ],
  [
    "PRIORITY",
    frame(PRIORITY, 0, 1, [0, 0, 0, 3, 1]),
    {
      idle: "nothing",
      open: "nothing",
      "half-closed (remote)": "nothing",
      "closed by its reset": "nothing",
    },
  ],
  [
    "CONTINUATION",
    frame(CONTINUATION, endHeaders, 1, getBlock),
    {
      idle: connectionError(ErrorCode.PROTOCOL_ERROR),
      open: connectionError(ErrorCode.PROTOCOL_ERROR),
      "half-closed (remote)": connectionError(ErrorCode.PROTOCOL_ERROR),
      "closed by its reset": connectionError(ErrorCode.PROTOCOL_ERROR),
    },
  ],
];

/** Requests stay unanswered, so that their streams stay in the state under test. */
const silent = {
  onStream: () => ({ onData: () => undefined, onEnd: () => undefined, onReset: () => undefined }),
};

async function expectSaid(peer: RawPeer, said: Said): Promise<void> {
  if (said === "nothing") {
    await peer.settled();
    expect(peer.isEnded).to.equal(false);
    expect(peer.frames.filter(({ type }) => type === RST_STREAM || type === GOAWAY)).to.deep.equal([]);
  } else if ("goaway" in said) {
    expect(await peer.goawayCode()).to.equal(said.goaway);
    await peer.ended();
  } else {
    expect(await peer.resetCode(1)).to.equal(said.reset);
    await peer.settled();
    expect(peer.isEnded).to.equal(false);
  }
}

describe("stream states", () => {
  for (const [what, probe, answers] of probes) {
    for (const [state, before] of Object.entries(states)) {
      const said = answers[state];
      it(`${what} on a stream ${state}: ${JSON.stringify(said)}`, async () => {
        await withRawClient({ handlers: silent }, async (peer) => {
          peer.send(clientHello, settingsAck, ...before, probe);
          await expectSaid(peer, said);
        });
      });
    }
  }

  it("passes over what was under way when this end reset a stream", async () => {
    await withRawClient({}, async (peer) => {
      peer.send(clientHello, settingsAck, frame(HEADERS, endHeaders, 1, literals(":method", "GET")));
      expect(await peer.resetCode(1)).to.equal(ErrorCode.PROTOCOL_ERROR);
      peer.send(frame(DATA, 0, 1, [1, 2, 3]), frame(HEADERS, endHeaders | endStream, 1, literals("a", "b")));
      await peer.settled();
      expect(peer.isEnded).to.equal(false);
    });
  });

  it("serves the next request after a stream error", async () => {
    await withRawClient({}, async (peer) => {
      peer.send(
        clientHello,
        frame(HEADERS, endHeaders | endStream, 1, literals(":method", "GET")),
        frame(HEADERS, 5, 3, getBlock),
      );
      expect((await peer.next(DATA))?.payload.toString()).to.equal("hello");
    });
  });
});

const g = [":method", "GET", ":scheme", "http", ":path", "/"];
const malformed: readonly (readonly [what: string, list: readonly string[]])[] = [
  ["an upper-case name", [...g, "X-A", "b"]],
  ["an empty name", [...g, "", "b"]],
  ["a space in a name", [...g, "a b", "c"]],
  ["a line break in a value", [...g, "a", "b\nc"]],
  ["NUL in a value", [...g, "a", "b\0"]],
  ["white space before a value", [...g, "a", " b"]],
  ["an unknown pseudo-header", [...g, ":x", "y"]],
  ["a pseudo-header of responses", [...g, ":status", "200"]],
  ["a pseudo-header after others", [":method", "GET", ":scheme", "http", "a", "b", ":path", "/"]],
  ["a pseudo-header twice", [...g, ":path", "/"]],
  ["no :method", g.slice(2)],
  ["no :scheme", [":method", "GET", ":path", "/"]],
  ["no :path", g.slice(0, 4)],
  ["an empty :path", [...g.slice(0, 4), ":path", ""]],
  ["a :path without a slash", [...g.slice(0, 4), ":path", "a/b"]],
  ["* as :path of GET", [...g.slice(0, 4), ":path", "*"]],
  ["CONNECT with :path", [":method", "CONNECT", ":authority", "a", ":path", "/"]],
  ["CONNECT without :authority", [":method", "CONNECT"]],
  ["connection", [...g, "connection", "close"]],
  ["keep-alive", [...g, "keep-alive", "1"]],
  ["proxy-connection", [...g, "proxy-connection", "close"]],
  ["transfer-encoding", [...g, "transfer-encoding", "chunked"]],
  ["upgrade", [...g, "upgrade", "h2c"]],
  ["te: gzip", [...g, "te", "gzip"]],
  ["host other than :authority", [...g, ":authority", "a", "host", "b"]],
  ["host twice", [...g, "host", "a", "host", "a"]],
  ["content-length without a body", [...g, "content-length", "3"]],
  ["content-length that is no number", [...g, "content-length", "+3"]],
  ["two different content-lengths", [...g, "content-length", "0", "content-length", "1"]],
];

describe("requests", () => {
  for (const [what, list] of malformed) {
    it(`are refused with ${what}`, async () => {
      await withRawClient({}, async (peer) => {
        peer.send(clientHello, settingsAck, frame(HEADERS, endHeaders | endStream, 1, literals(...list)));
        await expectSaid(peer, streamError(ErrorCode.PROTOCOL_ERROR));
      });
    });
  }

  for (const [what, list] of [
    ["te: trailers", [...g, "te", "trailers"]],
    ["OPTIONS *", [":method", "OPTIONS", ":scheme", "http", ":path", "*"]],
    ["host like :authority", [...g, ":authority", "a:1", "host", "A:1"]],
    ["CONNECT", [":method", "CONNECT", ":authority", "a:1"]],
    ["content-length twice alike", [...g, "content-length", "0", "content-length", "0"]],
    ["bytes above 0x7f and a tab in a value", [...g, "a", "\u00e4\tb"]],
  ] as const) {
    it(`are served with ${what}`, async () => {
      await withRawClient({}, async (peer) => {
        peer.send(clientHello, settingsAck, frame(HEADERS, endHeaders | endStream, 1, literals(...list)));
        expect((await peer.next(DATA))?.payload.toString()).to.equal("hello");
      });
    });
  }

  const lengthOf = (length: string): Buffer =>
    frame(HEADERS, endHeaders, 1, Buffer.concat([postBlock, literals("content-length", length)]));
  const bodies: readonly Case[] = [
    ["a body longer than its content-length", [lengthOf("2"), frame(DATA, 0, 1, [1, 2, 3])], streamError(1)],
    ["a body shorter than its content-length", [lengthOf("4"), frame(DATA, endStream, 1, [1, 2, 3])], streamError(1)],
    [
      "trailers before the body's length is reached",
      [lengthOf("4"), frame(HEADERS, 5, 1, literals("a", "b"))],
      streamError(1),
    ],
    ["a pseudo-header in trailers", [openPost, frame(HEADERS, 5, 1, literals(":path", "/"))], streamError(1)],
    ["connection in trailers", [openPost, frame(HEADERS, 5, 1, literals("connection", "close"))], streamError(1)],
    ["padding longer than the frame", [openPost, frame(DATA, 8, 1, [5, 1])], connectionError(1)],
    [
      "padding of HEADERS longer than the frame",
      [frame(HEADERS, 8 | 5, 1, Buffer.concat([Buffer.from([255]), getBlock]))],
      connectionError(1),
    ],
    [
      "a stream that depends on itself",
      [frame(HEADERS, 0x20 | 5, 1, Buffer.concat([number32(1), Buffer.from([0]), getBlock]))],
      streamError(1),
    ],
  ];
  for (const [what, frames, said] of bodies) {
    it(`are refused with ${what}`, async () => {
      await withRawClient({ handlers: silent }, async (peer) => {
        peer.send(clientHello, settingsAck, ...frames);
        await expectSaid(peer, said);
      });
    });
  }

  it("may be padded, prioritised, continued and sent a byte at a time", async () => {
    const parts = [getBlock.subarray(0, 5), getBlock.subarray(5, 6), getBlock.subarray(6)];
    const head = Buffer.concat([Buffer.from([3]), number32(0), Buffer.from([9]), parts[0], Buffer.alloc(3)]);
    const bytes = Buffer.concat([
      clientHello,
      settingsAck,
      frame(HEADERS, 0x20 | 8 | endStream, 1, head),
      frame(CONTINUATION, 0, 1, parts[1]),
      frame(CONTINUATION, endHeaders, 1, parts[2]),
      frame(0xfa, 255, 1, [1, 2, 3]),
    ]);
    await withRawClient({}, async (peer) => {
      peer.socket.setNoDelay(true);
      for (const byte of bytes) {
        await new Promise<void>((resolve) => peer.socket.write(Buffer.from([byte]), () => resolve()));
      }
      expect((await peer.next(DATA))?.payload.toString()).to.equal("hello");
    });
  });

  it("give back the window that padding took", async () => {
    const padded = frame(DATA, 8, 1, Buffer.concat([Buffer.from([200]), Buffer.from("x"), Buffer.alloc(200)]));
    let received = 0;
    const handlers = {
      onStream: () => ({
        onData: (chunk: Buffer) => void (received += chunk.length),
        onEnd: () => undefined,
        onReset: () => undefined,
      }),
    };
    const options = { limits: { streamWindowBytes: 1000, maxStreamWindowBytes: 1000 } };
    await withRawClient({ handlers, options }, async (peer) => {
      peer.send(clientHello, settingsAck, openPost, padded, padded, padded);
      const update = await peer.next(WINDOW_UPDATE, ({ id }) => id === 1);
      expect(update?.payload.readUInt32BE(0)).to.equal(603);
      expect(received).to.equal(3);
    });
  });
});

describe("connection errors", () => {
  const cases: readonly Case[] = [
    ["HEADERS on stream 0", [frame(HEADERS, 5, 0, getBlock)], connectionError(1)],
    ["HEADERS on an even stream", [frame(HEADERS, 5, 2, getBlock)], connectionError(1)],
    [
      "a stream number that went down",
      [frame(HEADERS, 5, 5, getBlock), frame(HEADERS, 5, 3, getBlock)],
      connectionError(5),
    ],
    ["DATA on stream 0", [frame(DATA, 0, 0, [1])], connectionError(1)],
    ["SETTINGS on a stream", [frame(SETTINGS, 0, 1)], connectionError(1)],
    ["SETTINGS of 5 bytes", [frame(SETTINGS, 0, 0, [0, 0, 0, 0, 0])], connectionError(6)],
    ["an acknowledgement with content", [frame(SETTINGS, 1, 0, settings([4, 1]))], connectionError(6)],
    ["ENABLE_PUSH of 2", [frame(SETTINGS, 0, 0, settings([SettingId.ENABLE_PUSH, 2]))], connectionError(1)],
    ["INITIAL_WINDOW_SIZE of 2^31", [frame(SETTINGS, 0, 0, settings([4, 2 ** 31]))], connectionError(3)],
    ["MAX_FRAME_SIZE of 16383", [frame(SETTINGS, 0, 0, settings([5, 16_383]))], connectionError(1)],
    ["MAX_FRAME_SIZE of 2^24", [frame(SETTINGS, 0, 0, settings([5, 2 ** 24]))], connectionError(1)],
    ["PING of 7 bytes", [frame(PING, 0, 0, Buffer.alloc(7))], connectionError(6)],
    ["PING on a stream", [frame(PING, 0, 1, Buffer.alloc(8))], connectionError(1)],
    ["GOAWAY on a stream", [frame(GOAWAY, 0, 1, Buffer.alloc(8))], connectionError(1)],
    ["GOAWAY of 7 bytes", [frame(GOAWAY, 0, 0, Buffer.alloc(7))], connectionError(6)],
    ["RST_STREAM of 3 bytes", [openPost, frame(RST_STREAM, 0, 1, [0, 0, 0])], connectionError(6)],
    ["WINDOW_UPDATE of 3 bytes", [frame(WINDOW_UPDATE, 0, 0, [0, 0, 1])], connectionError(6)],
    ["WINDOW_UPDATE by 0 of the connection", [frame(WINDOW_UPDATE, 0, 0, number32(0))], connectionError(1)],
    ["a connection window beyond 2^31-1", [frame(WINDOW_UPDATE, 0, 0, number32(2 ** 31 - 1))], connectionError(3)],
    ["a stream window beyond 2^31-1", [openPost, frame(WINDOW_UPDATE, 0, 1, number32(2 ** 31 - 1))], streamError(3)],
    ["PUSH_PROMISE", [frame(PUSH_PROMISE, 4, 1, Buffer.concat([number32(2), getBlock]))], connectionError(1)],
    ["PRIORITY of 4 bytes", [frame(PRIORITY, 0, 1, [0, 0, 0, 3])], connectionError(6)],
    ["a frame of 16385 bytes", [openPost, frame(DATA, 0, 1, Buffer.alloc(16_385))], connectionError(6)],
    [
      "a frame within a header block",
      [frame(HEADERS, 0, 1, getBlock), frame(PING, 0, 0, Buffer.alloc(8))],
      connectionError(1),
    ],
    [
      "CONTINUATION of another stream",
      [frame(HEADERS, 0, 1, getBlock), frame(CONTINUATION, 4, 3, getBlock)],
      connectionError(1),
    ],
    ["a broken header block", [frame(HEADERS, 5, 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff])], connectionError(9)],
    ["an even stream's WINDOW_UPDATE", [frame(WINDOW_UPDATE, 0, 2, number32(1))], connectionError(1)],
  ];
  for (const [what, frames, said] of cases) {
    it(`end the connection: ${what}`, async () => {
      await withRawClient({ handlers: silent }, async (peer, engine) => {
        peer.send(clientHello, settingsAck, ...frames);
        await expectSaid(peer, said);
        if (typeof said === "object" && "goaway" in said) {
          peer.socket.end();
          expect((await engine.closed).error).to.have.property("code", said.goaway);
        }
      });
    });
  }

  for (const [what, bytes] of [
    ["HTTP/1.1", Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\n")],
    ["another frame than SETTINGS", Buffer.concat([clientHello.subarray(0, 24), frame(PING, 0, 0, Buffer.alloc(8))])],
    ["an acknowledgement", Buffer.concat([clientHello.subarray(0, 24), settingsAck])],
  ] as const) {
    it(`end a connection that begins with ${what}`, async () => {
      await withRawClient({}, async (peer) => {
        peer.send(bytes);
        expect(await peer.goawayCode()).to.equal(ErrorCode.PROTOCOL_ERROR);
      });
    });
  }

  it("tell which streams were begun", async () => {
    await withRawClient({}, async (peer) => {
      peer.send(clientHello, frame(HEADERS, 5, 7, getBlock), frame(DATA, 0, 0, [1]));
      expect((await peer.next(GOAWAY))?.payload.readUInt32BE(0)).to.equal(7);
    });
  });
});

describe("SETTINGS", () => {
  it("of the peer move the windows of open streams, below zero too", async () => {
    const handlers = {
      onStream: (stream: Http2Stream) => {
        stream.sendHeaders([":status", "200"], false);
        stream.sendData(Buffer.alloc(50), true);
        return { onData: () => undefined, onEnd: () => undefined, onReset: () => undefined };
      },
    };
    await withRawClient({ handlers }, async (peer) => {
      peer.send(
        clientHello.subarray(0, 24),
        frame(SETTINGS, 0, 0, settings([SettingId.INITIAL_WINDOW_SIZE, 20])),
        frame(HEADERS, 5, 1, getBlock),
      );
      expect((await peer.next(DATA))?.payload.length).to.equal(20);
      // 20 sent: the window is now 5 - 20.
      peer.send(
        frame(SETTINGS, 0, 0, settings([SettingId.INITIAL_WINDOW_SIZE, 5])),
        frame(WINDOW_UPDATE, 0, 1, number32(15)),
      );
      await peer.settled();
      expect(peer.frames.filter(({ type }) => type === DATA)).to.have.length(1);
      peer.send(frame(WINDOW_UPDATE, 0, 1, number32(1)));
      expect((await peer.next(DATA, ({ payload }) => payload.length === 1))?.flags).to.equal(0);
      peer.send(frame(SETTINGS, 0, 0, settings([SettingId.INITIAL_WINDOW_SIZE, 100])));
      expect((await peer.next(DATA, ({ flags }) => flags === 1))?.payload.length).to.equal(29);
    });
  });

  it("of the peer allow larger frames", async () => {
    const handlers = {
      onStream: (stream: Http2Stream) => {
        stream.sendHeaders([":status", "200"], false);
        stream.sendData(Buffer.alloc(20_000), true);
        return { onData: () => undefined, onEnd: () => undefined, onReset: () => undefined };
      },
    };
    await withRawClient({ handlers }, async (peer) => {
      peer.send(clientHello, frame(HEADERS, 5, 1, getBlock));
      expect((await peer.next(DATA))?.payload.length).to.equal(16_384);
      peer.send(frame(SETTINGS, 0, 0, settings([SettingId.MAX_FRAME_SIZE, 20_000])), frame(HEADERS, 5, 3, getBlock));
      expect((await peer.next(DATA, ({ id }) => id === 3))?.payload.length).to.equal(20_000);
    });
  });

  it("are acknowledged, and an unknown one passed over", async () => {
    await withRawClient({}, async (peer) => {
      peer.send(
        clientHello.subarray(0, 24),
        frame(SETTINGS, 0, 0, settings([0xf000, 1], [SettingId.HEADER_TABLE_SIZE, 0])),
      );
      expect((await peer.next(SETTINGS, ({ flags }) => flags === 1))?.payload.length).to.equal(0);
    });
  });
});

describe("engine client, raw server", () => {
  const ready = Buffer.concat([frame(SETTINGS, 0, 0), settingsAck]);
  const cases: readonly (readonly [what: string, frames: readonly Buffer[], said: Said])[] = [
    ["PUSH_PROMISE", [frame(PUSH_PROMISE, 4, 1, Buffer.concat([number32(2), getBlock]))], connectionError(1)],
    ["an answer to no request", [frame(HEADERS, 5, 3, literals(":status", "200"))], connectionError(1)],
    ["an even stream", [frame(HEADERS, 5, 2, literals(":status", "200"))], connectionError(1)],
    ["DATA before headers", [frame(DATA, 1, 1, [1])], streamError(1)],
    ["no :status", [frame(HEADERS, 5, 1, literals("a", "b"))], streamError(1)],
    ["a :status of two digits", [frame(HEADERS, 5, 1, literals(":status", "20"))], streamError(1)],
    [":status 101", [frame(HEADERS, 4, 1, literals(":status", "101"))], streamError(1)],
    ["a 1xx that ends the stream", [frame(HEADERS, 5, 1, literals(":status", "100"))], streamError(1)],
    ["a request's pseudo-header", [frame(HEADERS, 5, 1, literals(":status", "200", ":path", "/"))], streamError(1)],
    [
      "a body shorter than its content-length",
      [frame(HEADERS, 5, 1, literals(":status", "200", "content-length", "3"))],
      streamError(1),
    ],
    ["a body with 204", [frame(HEADERS, 4, 1, literals(":status", "204")), frame(DATA, 1, 1, [1])], streamError(1)],
    ["a first frame that is not SETTINGS", [], "nothing"],
  ];
  for (const [what, frames, said] of cases.slice(0, -1)) {
    it(`refuses ${what}`, async () => {
      await withRawServer({}, async (peer, connection) => {
        const exchange = new Exchange(connection, get("/"));
        await peer.next(HEADERS);
        peer.send(ready, ...frames);
        await expectSaid(peer, said);
        const error = await exchange.answer.catch((thrown: ResetError) => thrown);
        expect(error).to.be.instanceOf(ResetError);
      });
    });
  }

  it("refuses a server that does not begin with SETTINGS", async () => {
    await withRawServer({}, async (peer) => {
      peer.send(frame(PING, 0, 0, Buffer.alloc(8)));
      expect(await peer.goawayCode()).to.equal(ErrorCode.PROTOCOL_ERROR);
    });
  });

  it("tells requests the server has not begun from those it has, at GOAWAY", async () => {
    await withRawServer({}, async (peer, connection, closed) => {
      const begun = new Exchange(connection, get("/1"));
      const unbegun = new Exchange(connection, get("/2"));
      await peer.next(HEADERS, ({ id }) => id === 3);
      peer.send(ready, frame(GOAWAY, 0, 0, Buffer.concat([number32(1), number32(0), Buffer.from("bye")])));
      const error = await unbegun.answer.catch((thrown: ResetError) => thrown);
      expect((error as ResetError).reset).to.include({ isUnprocessed: true, cause: "connection" });
      peer.send(frame(HEADERS, 5, 1, literals(":status", "200")));
      expect((await begun.answer).headers).to.deep.equal([":status", "200"]);
      expect((await closed).error).to.equal(undefined);
    });
  });

  it("makes no more requests than the server allows, and says when it may again", async () => {
    let available = 0;
    await withRawServer({ handlers: { onAvailable: () => available++ } }, async (peer, connection) => {
      peer.send(frame(SETTINGS, 0, 0, settings([SettingId.MAX_CONCURRENT_STREAMS, 1])), settingsAck);
      await peer.next(SETTINGS, ({ flags }) => flags === 1);
      const first = new Exchange(connection, get("/"));
      expect(connection.availableStreams).to.equal(0);
      expect(() => new Exchange(connection, get("/"))).to.throw("no stream available");
      await peer.next(HEADERS);
      peer.send(frame(HEADERS, 5, 1, literals(":status", "200")));
      await first.answer;
      expect([available, connection.availableStreams]).to.deep.equal([1, 1]);
    });
  });

  it("leaves no trace of a request whose headers it refuses", async () => {
    await withRawServer({}, async (peer, connection) => {
      expect(() => new Exchange(connection, [...get("/"), "a", "b\r\nc"])).to.throw(TypeError, "control character");
      expect(connection.openStreams).to.equal(0);
      new Exchange(connection, get("/"));
      expect((await peer.next(HEADERS))?.id).to.equal(1);
    });
  });

  it("sends all frames of a turn in one piece", async () => {
    await withRawServer({}, async (peer, connection) => {
      const chunks: number[] = [];
      peer.socket.on("data", (chunk: Buffer) => chunks.push(chunk.length));
      for (let at = 0; at < 20; at++) {
        const exchange = new Exchange(connection, post("/"), false);
        exchange.stream.sendData(Buffer.from("x"), false);
        exchange.stream.sendTrailers(["a", "b"]);
      }
      await peer.next(HEADERS, ({ id, flags }) => id === 39 && (flags & 1) === 1);
      expect(chunks).to.have.length(1);
    });
  });

  it("splits headers larger than a frame", async () => {
    await withRawServer({}, async (peer, connection) => {
      const value = "x".repeat(40_000);
      new Exchange(connection, [...get("/"), "a", value]);
      const last = await peer.next(CONTINUATION, ({ flags }) => flags === 4);
      expect(last?.id).to.equal(1);
      expect(
        peer.frames
          .filter(({ type }) => type === HEADERS || type === CONTINUATION)
          .map(({ payload }) => payload.length > 16_384),
      ).to.deep.equal([false, false, false]);
    });
  });
});
