// Multiplexed sessions on a socket that is none: what takes a hand on clocks, credentials and room to see.
import { composeChain } from "../../../src/chain/compose.ts";
import { getSource } from "../../chain/new-call.ts";
import { expect } from "chai";
import type { Handler, StreamCall, StreamReply } from "../../../src/call.ts";
import type { Authenticate } from "../../../src/caller.ts";
import type { Metadata } from "../../../src/metadata.ts";
import { createMux } from "../../../src/front/websocket/mux.ts";
import type { MuxSession } from "../../../src/front/websocket/mux-session.ts";
import { strictWebSocket } from "../../../src/front/websocket/options.ts";
import type { WebSocketOptions } from "../../../src/front/websocket/options.ts";
import type { StreamSocket } from "../../../src/front/websocket/socket.ts";
import { Census } from "../../../src/front/stream/census.ts";
import { Sweep } from "../../../src/front/stream/sweep.ts";
import { createRouter } from "../../../src/route/router.ts";
import { Code, GatewayError } from "../../../src/status.ts";
import { kitBindings, kitSchema } from "./kit-service.ts";

type Frame = Readonly<Record<string, unknown>>;

class FakeSocket implements StreamSocket {
  hasRoom = true;
  isPaused = false;
  charged = 0;
  readonly frames: Frame[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  sendText(text: Uint8Array): void {
    this.frames.push(JSON.parse(Buffer.from(text).toString()) as Frame);
  }
  sendBinary(): void {
    throw new Error("a binary frame in the JSON form");
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  charge(messages: number): void {
    this.charged += messages;
  }
  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }
  terminate(): void {
    this.close(1006, "");
  }

  /** Of the frames so far, and forgets them. */
  types(): unknown[] {
    return this.frames.splice(0).map(({ t }) => t);
  }
}

interface Fixture {
  readonly session: MuxSession;
  readonly socket: FakeSocket;
  readonly sweep: Sweep;
  readonly census: Census;
  readonly calls: StreamCall[];
  send(frame: object): void;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Takes everything and answers with nothing, for ever. */
function silent(calls: StreamCall[]): Handler {
  return {
    stream(call): StreamReply {
      calls.push(call);
      const failed = new Promise<never>((_resolve, reject) => call.cancellation.onCancel(reject));
      failed.catch(() => {});
      const headers: Metadata = [];
      return { headers: Promise.resolve(headers), messages: { read: () => failed }, trailers: failed };
    },
    unary: () => Promise.reject(new Error("no unary call is made here")),
  };
}

interface Settings {
  readonly options?: Partial<WebSocketOptions>;
  readonly authenticate?: Authenticate;
  readonly handler?: (calls: StreamCall[]) => Handler;
}

const sweeps: Sweep[] = [];

function open({ options = {}, authenticate, handler = silent }: Settings = {}): Fixture {
  // Ticked by hand only.
  const sweep = new Sweep(2 ** 31 - 1);
  sweeps.push(sweep);
  const census = new Census();
  const calls: StreamCall[] = [];
  const router = createRouter(kitBindings, { profile: "strict", urlUnescape: "except_reserved" });
  const mux = createMux({
    schema: kitSchema,
    router,
    chain: composeChain({ end: handler(calls) }),
    options: { ...strictWebSocket, ...options },
    sweep,
    census,
    authenticate,
  });
  const socket = new FakeSocket();
  const session = mux.open(socket, {
    form: "json",
    metadata: [],
    headers: {},
    source: getSource,
    peer: { address: "::1", port: 1 },
  });
  const send = (frame: object): void => session.onText(Buffer.from(JSON.stringify(frame)));
  return { session, socket, sweep, census, calls, send };
}

const talk = (id: number, more: object = {}) => ({ t: "open", id, method: "kit.v1.Kit/Talk", ...more });

describe("a multiplexed session", () => {
  afterEach(() => {
    for (const sweep of sweeps.splice(0)) sweep.stop();
  });

  describe("with credentials that are judged", () => {
    it("holds frames back until they are", async () => {
      let judge: (() => void) | undefined;
      const authenticate: Authenticate = () =>
        new Promise((resolve) => (judge = () => resolve({ principal: "a", expiresAt: Infinity })));
      const { socket, send, calls } = open({ authenticate });
      send({ t: "init", auth: "Bearer a" });
      send(talk(1));
      send({ t: "ping" });
      expect([socket.types(), socket.isPaused, calls.length]).to.deep.equal([[], true, 0]);
      judge?.();
      await turn();
      expect([socket.types(), socket.isPaused, calls.length]).to.deep.equal([["ready", "pong"], false, 1]);
      expect(calls[0].metadata).to.deep.equal(["authorization", "Bearer a"]);
    });

    it("takes the time that needs, though init was to come sooner", async () => {
      let judge: (() => void) | undefined;
      const authenticate: Authenticate = () =>
        new Promise((resolve) => (judge = () => resolve({ principal: "a", expiresAt: Infinity })));
      const { socket, send, sweep } = open({ authenticate });
      send({ t: "init" });
      sweep.tick(performance.now() + 11_000);
      judge?.();
      await turn();
      expect([socket.types(), socket.closed]).to.deep.equal([["ready"], undefined]);
    });

    it("closes with 4016 when they are refused, and opens nothing", async () => {
      const refused = new GatewayError(Code.UNAUTHENTICATED, "who are you", { reason: "INTERNAL" });
      const { socket, send, calls } = open({ authenticate: () => Promise.reject(refused) });
      send({ t: "init" });
      send(talk(1));
      await turn();
      expect(socket.frames).to.have.length(1);
      expect(socket.frames[0]).to.include({ t: "status", id: 0, code: 16, message: "who are you" });
      expect([socket.closed, calls.length]).to.deep.equal([{ code: 4016, reason: "UNAUTHENTICATED: who are you" }, 0]);
    });

    it("closes with 4016 when they cannot be any, at the start and later", async () => {
      for (const first of [undefined, "Bearer a"]) {
        const { socket, send } = open();
        if (first !== undefined) send({ t: "init", auth: first });
        send({ t: first === undefined ? "init" : "auth", auth: "Bearer b\n" });
        await turn();
        expect(socket.frames.at(-1)).to.include({ t: "status", id: 0, code: 16 });
        expect(socket.closed?.code).to.equal(4016);
      }
    });

    it("tells a minute before they end, and ends what is open half a minute after", async () => {
      const authenticate: Authenticate = () => Promise.resolve({ principal: "a", expiresAt: Date.now() + 100_000 });
      const { socket, send, sweep, calls } = open({ authenticate });
      send({ t: "init" });
      await turn();
      send(talk(1));
      expect(socket.types()).to.deep.equal(["ready"]);
      const start = performance.now();
      sweep.tick(start + 39_000);
      expect(socket.types()).to.deep.equal([]);
      sweep.tick(start + 41_000);
      sweep.tick(start + 42_000);
      expect(socket.frames.splice(0).map(({ t, what }) => [t, what])).to.deep.equal([["expiring", "auth"]]);
      sweep.tick(start + 129_000);
      expect(socket.types()).to.deep.equal([]);
      sweep.tick(start + 131_000);
      expect(socket.frames.map(({ t, id, code }) => [t, id, code])).to.deep.equal([["status", 1, 16]]);
      expect(socket.closed?.code).to.equal(4104);
      expect(calls[0].cancellation.error?.code).to.equal(Code.UNAUTHENTICATED);
    });

    it("lives on with new ones, and uses them for later calls", async () => {
      let expiresAt = Date.now() + 30_000;
      const { socket, send, sweep, calls } = open({
        authenticate: () => Promise.resolve({ principal: "a", expiresAt }),
      });
      send({ t: "init", auth: "Bearer a" });
      await turn();
      send(talk(1));
      expiresAt += 1_000_000;
      send({ t: "auth", auth: "Bearer b" });
      await turn();
      send(talk(2));
      expect(socket.frames.filter(({ t }) => t === "ready").map(({ authExpiresAt }) => authExpiresAt)).to.deep.equal([
        expiresAt - 1_000_000,
        expiresAt,
      ]);
      sweep.tick(performance.now() + 200_000);
      expect(socket.closed).to.equal(undefined);
      expect(calls.map(({ metadata }) => metadata[1])).to.deep.equal(["Bearer a", "Bearer b"]);
    });
  });

  it("tells the end of its life a minute before", () => {
    const { socket, send, sweep } = open({ options: { idleMs: Infinity } });
    send({ t: "init" });
    const { lifetimeMs } = socket.frames.splice(0)[0] as { lifetimeMs: number };
    expect(lifetimeMs).to.be.within(0.9 * 7_200_000 - 1000, 1.1 * 7_200_000);
    const start = performance.now();
    sweep.tick(start + lifetimeMs - 61_000);
    expect(socket.types()).to.deep.equal([]);
    sweep.tick(start + lifetimeMs - 59_000);
    expect(socket.types()).to.deep.equal(["expiring"]);
    sweep.tick(start + lifetimeMs + 1000);
    expect([socket.types(), socket.closed?.code]).to.deep.equal([["goaway"], 4103]);
  });

  it("owes a client that takes nothing one pong at most", () => {
    const { session, socket, send } = open();
    send({ t: "init" });
    socket.types();
    socket.hasRoom = false;
    for (let i = 0; i < 100; i++) send({ t: "ping", d: String(i) });
    expect(socket.types()).to.deep.equal([]);
    socket.hasRoom = true;
    session.onRoom();
    expect(socket.frames).to.deep.equal([{ t: "pong", d: "99" }]);
  });

  it("charges an open more than a message, and new credentials more than that", () => {
    const { socket, send } = open();
    send({ t: "init" });
    send(talk(1));
    send({ t: "msg", id: 1, m: {} });
    expect(socket.charged).to.equal(3);
    send({ t: "auth", auth: "Bearer b" });
    expect(socket.charged).to.equal(22);
  });

  it("does nothing with frames that come after a violation", () => {
    const { session, socket, send, calls } = open();
    send({ t: "init" });
    send({ t: "hello" });
    send(talk(1));
    session.onBinary(Buffer.from([1]));
    expect([socket.closed?.code, calls.length]).to.deep.equal([4150, 0]);
  });

  it("gives up every call when its socket closes, once", () => {
    const { session, send, calls, census, sweep } = open();
    send({ t: "init" });
    for (let id = 1; id <= 50; id++) send(talk(id));
    session.onClose();
    session.onClose();
    expect(calls.map(({ cancellation }) => cancellation.error?.code)).to.deep.equal(calls.map(() => Code.CANCELLED));
    const [tally] = census.tallies();
    expect([tally.open, tally.opened, tally.endedBy[Code.CANCELLED], sweep.size]).to.deep.equal([0, 50, 50, 0]);
  });

  it("reports a handler that throws, and tells its client no more than that", () => {
    const reports: GatewayError[] = [];
    const thrower = (): Handler => ({
      stream: () => {
        throw new Error("secret");
      },
      unary: () => Promise.reject(new Error("secret")),
    });
    const { socket, send } = open({ handler: thrower, options: { report: (error) => reports.push(error) } });
    send({ t: "init" });
    send(talk(1));
    expect(socket.frames.at(-1)).to.include({ t: "status", id: 1, code: 13, message: "internal error" });
    expect([JSON.stringify(socket.frames).includes("secret"), reports.length]).to.deep.equal([false, 1]);
  });

  describe("with messages that the backend does not take", () => {
    const message = { text: "x".repeat(1024 * 1024) };

    it("ends a stream whose messages take more than upBytes", () => {
      const { socket, send, calls } = open();
      send({ t: "init" });
      send(talk(1));
      for (let i = 0; i < 3; i++) send({ t: "msg", id: 1, m: message });
      expect(socket.types()).to.deep.equal(["ready"]);
      send({ t: "msg", id: 1, m: message });
      const [status] = socket.frames;
      expect(status).to.include({ t: "status", id: 1, code: 8 });
      expect(JSON.stringify(status)).to.include("STREAM_BACKLOG");
      expect(calls[0].cancellation.error?.code).to.equal(Code.RESOURCE_EXHAUSTED);
    });

    it("takes two of the largest messages for a stream, however large they may be", () => {
      const { socket, send } = open({
        options: { socket: { ...strictWebSocket.socket, maxMessageBytes: 8 * 1024 * 1024 } },
      });
      send({ t: "init" });
      expect(socket.frames[0]).to.include({ t: "ready", upBytes: 16 * 1024 * 1024 });
      send(talk(1));
      const largest = { text: "x".repeat(8 * 1024 * 1024 - 64) };
      for (let i = 0; i < 2; i++) send({ t: "msg", id: 1, m: largest });
      expect(socket.types()).to.deep.equal(["ready"]);
    });

    it("lets one message of any size through when none waits, and bounds those of all streams together", () => {
      const { socket, send, session } = open();
      send({ t: "init" });
      for (let id = 1; id <= 16; id++) send(talk(id, { m: message }));
      const ended = socket.frames.filter(({ t }) => t === "status");
      expect(ended.map(({ id, code }) => [id, code])).to.deep.equal([[16, 8]]);
      expect(session.waitingBytes).to.be.within(15 * 1024 * 1024, 16 * 1024 * 1024);
      for (let id = 1; id <= 15; id++) send({ t: "cancel", id });
      expect(session.waitingBytes).to.equal(0);
    });
  });

  describe("when streams have much to send", () => {
    /** Sends as fast as it is read. */
    const flood =
      (bytes: number) =>
      (calls: StreamCall[]): Handler => ({
        ...silent(calls),
        stream(call): StreamReply {
          calls.push(call);
          const read = (): Promise<Uint8Array> =>
            Promise.resolve(
              Buffer.concat([Buffer.from([0x1a, 0x80 | (bytes & 0x7f), bytes >> 7]), Buffer.alloc(bytes, "x")]),
            );
          const trailers = new Promise<Metadata>(() => {});
          return { headers: Promise.resolve([]), messages: { read }, trailers };
        },
      });

    it("gives each its turn: sixteen messages, then the next", async () => {
      const { socket, send, session } = open({ handler: flood(128) });
      send({ t: "init" });
      for (let id = 1; id <= 3; id++) send(talk(id, { credit: 1000 }));
      await turn();
      const first = socket.frames.filter(({ t }) => t === "msg").map(({ id }) => id as number);
      const counts = [1, 2, 3].map((id) => first.filter((other) => other === id).length);
      expect(counts).to.deep.equal([16, 16, 16]);
      session.onClose();
    });

    it("gives each 64 KiB when its messages are large", async () => {
      const { socket, send, session } = open({ handler: flood(16_000) });
      send({ t: "init" });
      for (let id = 1; id <= 2; id++) send(talk(id, { credit: 1000 }));
      await turn();
      const counts = [1, 2].map(
        (id) => socket.frames.filter((frame) => frame["t"] === "msg" && frame["id"] === id).length,
      );
      expect(counts).to.deep.equal([5, 5]);
      session.onClose();
    });

    it("takes nothing from backends while the socket has no room, and goes on in the order they came", async () => {
      const { socket, send, session } = open({ handler: flood(128) });
      send({ t: "init" });
      socket.hasRoom = false;
      for (let id = 1; id <= 3; id++) send(talk(id, { credit: 2 }));
      for (let i = 0; i < 5; i++) await turn();
      expect(socket.types()).to.deep.equal(["ready"]);
      socket.hasRoom = true;
      session.onRoom();
      for (let i = 0; i < 3; i++) await turn();
      expect(socket.frames.map(({ id }) => id)).to.deep.equal([1, 2, 3, 1, 2, 3]);
      session.onClose();
    });

    it("never sends more than there is credit for", async () => {
      const { socket, send, session } = open({ handler: flood(128) });
      send({ t: "init" });
      send(talk(1, { credit: 3 }));
      for (let i = 0; i < 5; i++) await turn();
      expect(socket.types()).to.deep.equal(["ready", "msg", "msg", "msg"]);
      send({ t: "credit", id: 1, n: 40 });
      for (let i = 0; i < 5; i++) await turn();
      expect(socket.frames).to.have.length(40);
      session.onClose();
    });

    it("ends a call whose reply is too large for a socket", async () => {
      const { socket, send, calls } = open({ handler: flood(16_000), options: { maxReplyBytes: 10_000 } });
      send({ t: "init" });
      send(talk(1, { credit: 3 }));
      await turn();
      expect(socket.frames.at(-1)).to.include({ t: "status", id: 1, code: 8 });
      expect(calls[0].cancellation.error?.reason).to.equal("REPLY_TOO_LARGE");
    });
  });
});
