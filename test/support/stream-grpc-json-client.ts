// Streams over gRPC with JSON for messages, on HTTP/2 frames of Node: the client that has no protobuf.
import { connect } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import type { Endpoint } from "./raw-http.ts";
import { decodeStatus, methods } from "./stream-backend.ts";
import type { Answer, Ask, Kind } from "./stream-backend.ts";
import { Received } from "./stream-client.ts";
import type { Ended, OpenOptions, StreamHandle, StreamTransport } from "./stream-client.ts";

/** The five bytes of gRPC before each message. */
export function toFrame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Calls back with each message, flag and payload; keeps what is not there whole. */
export function createFrameReader(onFrame: (flag: number, payload: Buffer) => void): (chunk: Buffer) => void {
  let kept = Buffer.alloc(0);
  return (chunk) => {
    kept = Buffer.concat([kept, chunk]);
    while (kept.length >= 5) {
      const end = 5 + kept.readUInt32BE(1);
      if (kept.length < end) return;
      onFrame(kept[0], kept.subarray(5, end));
      kept = kept.subarray(end);
    }
  };
}

/** Of trailers, or of headers where there is no more than them. */
export function toGrpcEnd(fields: Readonly<Record<string, string | string[] | undefined>>): Ended {
  const bytes = fields["grpc-status-details-bin"];
  const status = bytes === undefined ? undefined : decodeStatus(Buffer.from(String(bytes), "base64"));
  const trailers = Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => name.startsWith("x-"))
      .map(([name, value]) => [name, toTexts(name, String(value))] as const)
      .map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
  const code = fields["grpc-status"] === undefined ? undefined : Number(fields["grpc-status"]);
  const message = decodeURIComponent(String(fields["grpc-message"] ?? ""));
  return { code, message, details: status?.details, trailers, how: "grpc-status" };
}

function toTexts(name: string, value: string): string[] {
  return name.endsWith("-bin") ? value.split(",").map((text) => text.trim().replace(/=+$/, "")) : value.split(", ");
}

class GrpcJsonStream implements StreamHandle {
  readonly #received = new Received();
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #takesOne: boolean;

  constructor({ host, port }: Endpoint, kind: Kind, { timeoutMs, bearer }: OpenOptions) {
    this.#session = connect(`http://${host}:${port}`);
    this.#session.on("error", () => {});
    this.#takesOne = kind === "unary" || kind === "server-streaming";
    this.#stream = this.#session.request({
      ":method": "POST",
      ":path": `/streams.Streams/${methods[kind]}`,
      "content-type": "application/grpc+json",
      te: "trailers",
      ...(timeoutMs === undefined ? {} : { "grpc-timeout": `${timeoutMs}m` }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    });
    let end: Ended = { code: undefined, how: "cut" };
    const note = (fields: IncomingHttpHeaders): void => {
      if (fields["grpc-status"] !== undefined) end = toGrpcEnd(fields);
    };
    // Trailers may be there before the messages are read.
    const finish = (): void => {
      this.#received.end(end);
      this.#session.destroy();
    };
    this.#stream.on("response", note);
    this.#stream.on("trailers", note);
    this.#stream.on(
      "data",
      createFrameReader((_, payload) => this.#received.push(JSON.parse(payload.toString()) as Answer)),
    );
    this.#stream.on("error", () => {});
    this.#stream.on("end", finish);
    this.#stream.on("close", finish);
  }

  get messages() {
    return this.#received.messages;
  }

  get ended() {
    return this.#received.ended;
  }

  get unsentBytes(): number {
    return this.#stream.writableLength;
  }

  until(count: number): Promise<void> {
    return this.#received.until(count);
  }

  send(ask: Ask): void {
    if (this.#stream.writable) this.#stream.write(toFrame(Buffer.from(JSON.stringify(ask))));
    if (this.#takesOne) this.#stream.end();
  }

  end(): void {
    if (!this.#takesOne) this.#stream.end();
  }

  cancel(): void {
    // grpc.CANCELLED for the client itself, which hears no more of it.
    this.#received.end({ code: 1, message: "cancelled by the client", how: "grpc-status" });
    this.#stream.close(8);
  }

  hold(): void {
    this.#stream.pause();
  }

  release(): void {
    this.#stream.resume();
  }
}

export const grpcJson: StreamTransport = {
  name: "gRPC with JSON",
  way: { kind: "grpc" },
  lacks: {},
  open: async (endpoint, kind, options = {}) => new GrpcJsonStream(endpoint, kind, options),
};
