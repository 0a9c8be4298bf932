// The server of a transcript: hears the client by the gateway's own reading of frames, says what it is told to.
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { readJsonFrame } from "../../../src/front/websocket/mux-json-read.ts";
import { readProtoFrame } from "../../../src/front/websocket/mux-proto-read.ts";
import { GatewayError } from "../../../src/status.ts";
import type { Frame } from "../fake-gateway.ts";
import { encodeProto } from "./proto-frames.ts";

/** First in, first out; who comes too early waits. */
class Line<T> {
  readonly #items: T[] = [];
  readonly #waiters: ((item: T) => void)[] = [];

  get length(): number {
    return this.#items.length;
  }

  push(item: T): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#items.push(item);
    else waiter(item);
  }

  next(): Promise<T> {
    const item = this.#items.shift();
    return item === undefined ? new Promise((resolve) => this.#waiters.push(resolve)) : Promise.resolve(item);
  }
}

export class ReplaySocket {
  readonly form: "json" | "proto";
  /** What the gateway would have closed this socket for. */
  readonly faults: unknown[] = [];
  readonly #socket: WebSocket;
  readonly #lines = new Map<string, Line<Frame>>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.form = socket.protocol === "sluice.mux.v1.proto" ? "proto" : "json";
    socket.on("error", () => {});
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary !== (this.form === "proto")) this.faults.push(`a frame of the wrong kind: ${data.toString()}`);
      const frame = this.#read(data);
      if (frame === undefined) return;
      const id = (frame["id"] as number | undefined) ?? 0;
      this.#line(frame.t === "credit" ? `credit ${id}` : String(id)).push(frame);
    });
  }

  /** The client's next frame on a stream, 0 for those about the socket; its grants are apart. */
  next(id: number): Promise<Frame> {
    return this.#line(String(id)).next();
  }

  nextCredit(id: number): Promise<Frame> {
    return this.#line(`credit ${id}`).next();
  }

  /** Frames that have come and were not asked for. */
  waiting(id: number): number {
    return this.#line(String(id)).length;
  }

  waitingCredit(id: number): number {
    return this.#line(`credit ${id}`).length;
  }

  send(frame: Frame): void {
    this.#socket.send(this.form === "json" ? JSON.stringify(frame) : encodeProto(frame));
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.send(bytes);
  }

  close(code: number, reason = ""): void {
    this.#socket.close(code, reason);
  }

  #read(data: Buffer): Frame | undefined {
    try {
      const { kind, message, ...rest } = (this.form === "json" ? readJsonFrame(data) : readProtoFrame(data)) as {
        kind: string;
        message?: Uint8Array;
      };
      if (this.form === "json") return JSON.parse(data.toString()) as Frame;
      return { ...rest, t: kind, ...(message === undefined ? {} : { m: Buffer.from(message).toString("hex") }) };
    } catch (fault) {
      // A fault of one stream is the application's, and told by the transcript.
      if (fault instanceof GatewayError) return JSON.parse(data.toString()) as Frame;
      this.faults.push(fault);
      return undefined;
    }
  }

  #line(name: string): Line<Frame> {
    let line = this.#lines.get(name);
    if (line === undefined) this.#lines.set(name, (line = new Line()));
    return line;
  }
}

export interface ReplayServer {
  readonly url: string;
  /** How many sockets were asked for. */
  readonly count: number;
  /** What every handshake is answered with from now on. */
  refuse(answer: (request: IncomingMessage, response: ServerResponse) => void): void;
  /** What other requests are answered with. */
  answer(answer: (request: IncomingMessage, response: ServerResponse) => void): void;
  accept(): Promise<ReplaySocket>;
  close(): void;
}

export async function startReplayServer(): Promise<ReplayServer> {
  let onRefuse: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  let onRequest: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end();
  let count = 0;
  const sockets = new Line<ReplaySocket>();
  const webSockets = new WebSocketServer({ noServer: true });
  const http = createServer((request, response) => {
    const isHandshake = request.headers.upgrade !== undefined;
    (isHandshake && onRefuse !== undefined ? onRefuse : onRequest)(request, response);
  });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    count += 1;
    webSockets.handleUpgrade(request, socket, head, (webSocket) => sockets.push(new ReplaySocket(webSocket)));
  };
  http.on("upgrade", onUpgrade);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    get count() {
      return count;
    },
    refuse(answer) {
      // Without a listener Node hands a handshake on as the request it is.
      http.off("upgrade", onUpgrade);
      onRefuse = (request, response) => {
        count += 1;
        answer(request, response);
      };
    },
    answer(answer) {
      onRequest = answer;
    },
    accept: () => sockets.next(),
    close() {
      for (const client of webSockets.clients) client.terminate();
      http.close();
      http.closeAllConnections();
    },
  };
}
