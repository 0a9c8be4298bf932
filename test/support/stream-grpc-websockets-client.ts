// Streams over grpc-websockets, as the clients of @improbable-eng/grpc-web speak it: a socket for each call.
import type { WebSocket } from "ws";
import { decodeAnswer, encodeAsk, methods } from "./stream-backend.ts";
import type { Ask, Kind } from "./stream-backend.ts";
import { Received } from "./stream-client.ts";
import type { OpenOptions, StreamHandle, StreamTransport } from "./stream-client.ts";
import { createFrameReader, toFrame, toGrpcEnd } from "./stream-grpc-json-client.ts";
import { openSocket, toRefusedStream } from "./stream-websocket-client.ts";

const blockFlag = 0x80;

class GrpcWebSocketStream implements StreamHandle {
  readonly #received = new Received();
  readonly #socket: WebSocket;
  readonly #takesOne: boolean;
  #hasHead = false;

  constructor(socket: WebSocket, kind: Kind, { timeoutMs, bearer }: OpenOptions) {
    this.#socket = socket;
    this.#takesOne = kind === "unary" || kind === "server-streaming";
    const lines = ["content-type: application/grpc-web+proto"];
    if (timeoutMs !== undefined) lines.push(`grpc-timeout: ${timeoutMs}m`);
    if (bearer !== undefined) lines.push(`authorization: Bearer ${bearer}`);
    socket.send(Buffer.from(lines.map((line) => `${line}\r\n`).join("")));
    const read = createFrameReader((flag, payload) => this.#take(flag, payload));
    socket.on("message", (data: Buffer) => read(data));
    socket.on("close", (code, reason) =>
      this.#received.end({ code: undefined, how: `close ${code} ${reason.toString()}` }),
    );
  }

  #take(flag: number, payload: Buffer): void {
    if (flag !== blockFlag) this.#received.push(decodeAnswer(payload));
    else if (this.#hasHead) this.#received.end(toGrpcEnd(toFields(payload.toString("latin1"))));
    this.#hasHead = true;
  }

  get messages() {
    return this.#received.messages;
  }

  get ended() {
    return this.#received.ended;
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  until(count: number): Promise<void> {
    return this.#received.until(count);
  }

  send(ask: Ask): void {
    this.#socket.send(Buffer.concat([Buffer.from([0]), toFrame(encodeAsk(ask))]));
    if (this.#takesOne) this.#finish();
  }

  end(): void {
    if (!this.#takesOne) this.#finish();
  }

  #finish(): void {
    this.#socket.send(Buffer.from([1]));
  }

  cancel(): void {
    // Its status for the client itself, which hears no more of it.
    this.#received.end({ code: 1, message: "cancelled by the client", how: "grpc-status" });
    this.#socket.close(1000);
  }

  hold(): void {
    this.#socket.pause();
  }

  release(): void {
    this.#socket.resume();
  }
}

/** Several lines of a name are its values. */
function toFields(block: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of block.split("\r\n").filter(Boolean)) {
    const colon = line.indexOf(":");
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    fields[name] = name in fields ? `${fields[name]}, ${value}` : value;
  }
  return fields;
}

export const grpcWebSocket: StreamTransport = {
  name: "grpc-websockets",
  way: { kind: "grpc" },
  lacks: {},
  async open({ host, port }, kind, options = {}) {
    try {
      const socket = await openSocket(`ws://${host}:${port}/streams.Streams/${methods[kind]}`, ["grpc-websockets"]);
      return new GrpcWebSocketStream(socket, kind, options);
    } catch (error) {
      return toRefusedStream(error);
    }
  },
};
