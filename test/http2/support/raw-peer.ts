// A peer that speaks frames by hand, so that tests can say what no proper implementation would.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createHttp2Connection } from "../../../src/http2/connection.ts";
import type { ConnectionHandlers, ConnectionOptions, Http2Connection } from "../../../src/http2/contract.ts";
import { clientPreface, FrameType } from "../../../src/http2/protocol.ts";

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, id: number, payload: Uint8Array | readonly number[] = []): Buffer {
  const body = Buffer.from(payload as Uint8Array);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, body]);
}

export function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function settings(...entries: (readonly [id: number, value: number])[]): Buffer {
  return Buffer.concat(
    entries.map(([id, value]) => {
      const bytes = Buffer.alloc(6);
      bytes.writeUInt16BE(id);
      bytes.writeUInt32BE(value, 2);
      return bytes;
    }),
  );
}

/** Literal fields without index, without Huffman. */
export function literals(...texts: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < texts.length; at += 2) {
    parts.push(Buffer.from([0]), text(texts[at]), text(texts[at + 1]));
  }
  return Buffer.concat(parts);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  const length = [Math.min(bytes.length, 127)];
  if (bytes.length >= 127) {
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>>= 7) length.push(128 | (rest & 127));
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** GET / over http. */
export const getBlock: Buffer = literals(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a");
export const postBlock: Buffer = literals(":method", "POST", ":scheme", "http", ":path", "/", ":authority", "a");

export class RawPeer {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  #left = Buffer.alloc(0);
  #isEnded = false;
  #waiting: (() => void)[] = [];

  constructor(socket: Socket, prefaceBytes = 0) {
    this.socket = socket;
    socket.setNoDelay(true);
    let skip = prefaceBytes;
    socket.on("data", (chunk: Buffer) => {
      const skipped = Math.min(skip, chunk.length);
      skip -= skipped;
      this.#read(chunk.subarray(skipped));
    });
    const ended = (): void => {
      this.#isEnded = true;
      this.#wake();
    };
    socket.on("end", ended);
    socket.on("close", ended);
    socket.on("error", ended);
  }

  send(...parts: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The first frame that fits, past or to come; undefined where the connection ends without one. */
  async next(type: number, fits: (frame: RawFrame) => boolean = () => true): Promise<RawFrame | undefined> {
    for (;;) {
      const found = this.frames.find((candidate) => candidate.type === type && fits(candidate));
      if (found !== undefined) return found;
      if (this.#isEnded) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The code of the GOAWAY that ended the connection. */
  async goawayCode(): Promise<number | undefined> {
    return (await this.next(FrameType.GOAWAY))?.payload.readUInt32BE(4);
  }

  async resetCode(id: number): Promise<number | undefined> {
    return (await this.next(FrameType.RST_STREAM, (candidate) => candidate.id === id))?.payload.readUInt32BE(0);
  }

  async ended(): Promise<void> {
    while (!this.#isEnded) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** All that was sent before has been dealt with: a PING has come back. */
  async settled(): Promise<void> {
    const mark = Buffer.alloc(8);
    mark.writeUInt32BE(0xfeed_0000 + this.frames.length);
    this.send(frame(FrameType.PING, 0, 0, mark));
    await this.next(FrameType.PING, (candidate) => candidate.flags === 1 && candidate.payload.equals(mark));
  }

  #read(chunk: Buffer): void {
    this.#left = Buffer.concat([this.#left, chunk]);
    while (this.#left.length >= 9) {
      const end = 9 + this.#left.readUIntBE(0, 3);
      if (this.#left.length < end) break;
      this.frames.push({
        type: this.#left[3],
        flags: this.#left[4],
        id: this.#left.readUInt32BE(5) & 0x7fff_ffff,
        payload: Buffer.from(this.#left.subarray(9, end)),
      });
      this.#left = this.#left.subarray(end);
    }
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

export const clientHello: Buffer = Buffer.concat([clientPreface, frame(FrameType.SETTINGS, 0, 0)]);
export const settingsAck: Buffer = frame(FrameType.SETTINGS, 1, 0);

interface Ended {
  readonly error: Error | undefined;
}

/** A server on the engine, and what it says of its last connection. */
export class EngineServer {
  readonly server: Server;
  readonly sockets = new Set<Socket>();
  readonly closed: Promise<Ended>;
  readonly opened: Promise<Http2Connection>;
  readonly faults: unknown[] = [];

  constructor(handlers: Partial<ConnectionHandlers>, options: Partial<ConnectionOptions> = {}) {
    let tellClosed: (ended: Ended) => void;
    let tellOpened: (connection: Http2Connection) => void;
    this.closed = new Promise((resolve) => (tellClosed = resolve));
    this.opened = new Promise((resolve) => (tellOpened = resolve));
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      const connection = createHttp2Connection(
        socket,
        { ...options, role: "server" },
        {
          onFault: (error) => this.faults.push(error),
          ...handlers,
          onClose: (error) => {
            handlers.onClose?.(error);
            tellClosed({ error });
          },
        },
      );
      tellOpened(connection);
    });
  }

  async listen(): Promise<number> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return (this.server.address() as AddressInfo).port;
  }

  dispose(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

/** Answers every request with 200 and `hello`, once the request is whole. */
export const helloHandlers: Partial<ConnectionHandlers> = {
  onStream: (stream) => ({
    onData: (chunk) => stream.consume(chunk.length),
    onEnd: () => {
      stream.sendHeaders([":status", "200"], false);
      stream.sendData(Buffer.from("hello"), true);
    },
    onReset: () => undefined,
  }),
};

/** A raw client of an engine server; both are gone after `work`. */
export async function withRawClient(
  setup: { readonly handlers?: Partial<ConnectionHandlers>; readonly options?: Partial<ConnectionOptions> },
  work: (peer: RawPeer, engine: EngineServer) => Promise<void>,
): Promise<void> {
  const engine = new EngineServer({ ...helloHandlers, ...setup.handlers }, setup.options);
  const socket = connect(await engine.listen(), "127.0.0.1");
  try {
    await work(new RawPeer(socket), engine);
    if (engine.faults.length > 0) throw engine.faults[0];
  } finally {
    socket.destroy();
    engine.dispose();
  }
}

/** An engine client of a raw server. */
export async function withRawServer(
  setup: { readonly handlers?: Partial<ConnectionHandlers>; readonly options?: Partial<ConnectionOptions> },
  work: (peer: RawPeer, connection: Http2Connection, closed: Promise<Ended>) => Promise<void>,
): Promise<void> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  let tellClosed: (ended: Ended) => void;
  const closed = new Promise<Ended>((resolve) => (tellClosed = resolve));
  const connection = createHttp2Connection(
    socket,
    { ...setup.options, role: "client" },
    {
      ...setup.handlers,
      onClose: (error) => {
        setup.handlers?.onClose?.(error);
        tellClosed({ error });
      },
    },
  );
  const [peerSocket] = await accepted;
  try {
    await work(new RawPeer(peerSocket, clientPreface.length), connection, closed);
  } finally {
    socket.destroy();
    peerSocket.destroy();
    server.close();
  }
}
