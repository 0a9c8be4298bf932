// A server of the multiplexed protocol that says exactly what a test wants it to say.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";

export type Frame = Readonly<Record<string, unknown>> & { readonly t: string };

export const readyFrame: Frame = {
  t: "ready",
  session: "s",
  maxStreams: 100,
  maxMessage: 1_048_576,
  upCredit: 32,
  upBytes: 4_194_304,
  pingMs: 25_000,
};

export class FakeSocket {
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  readonly #waiters: ((frame: Frame) => void)[] = [];
  /** Resolves with the close code of the client. */
  readonly closed: Promise<number>;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    socket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Frame;
      const waiter = this.#waiters.shift();
      if (waiter === undefined) this.#frames.push(frame);
      else waiter(frame);
    });
  }

  /** The client's next frame. */
  next(): Promise<Frame> {
    const frame = this.#frames.shift();
    return frame === undefined ? new Promise((resolve) => this.#waiters.push(resolve)) : Promise.resolve(frame);
  }

  /** Frames that have come and were not asked for. */
  get waiting(): number {
    return this.#frames.length;
  }

  send(frame: unknown): void {
    this.#socket.send(JSON.stringify(frame));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  close(code: number, reason = ""): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

export interface FakeGateway {
  readonly url: string;
  /** How many sockets there were. */
  readonly count: number;
  /** The client's next socket. */
  accept(): Promise<FakeSocket>;
  close(): void;
}

export async function startFakeGateway(): Promise<FakeGateway> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const sockets: FakeSocket[] = [];
  const waiters: ((socket: FakeSocket) => void)[] = [];
  let count = 0;
  server.on("connection", (webSocket) => {
    count += 1;
    const socket = new FakeSocket(webSocket);
    const waiter = waiters.shift();
    if (waiter === undefined) sockets.push(socket);
    else waiter(socket);
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/-/stream`,
    get count() {
      return count;
    },
    accept() {
      const socket = sockets.shift();
      return socket === undefined ? new Promise((resolve) => waiters.push(resolve)) : Promise.resolve(socket);
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}
