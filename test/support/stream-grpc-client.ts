// Streams over gRPC with grpc-js: the reference of all other transports.
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { ClientDuplexStream, StatusObject } from "@grpc/grpc-js";
import type { Endpoint } from "./raw-http.ts";
import { decodeAnswer, decodeStatus, encodeAsk, methods } from "./stream-backend.ts";
import type { Ask, Kind } from "./stream-backend.ts";
import { Received } from "./stream-client.ts";
import type { Ended, OpenOptions, StreamHandle, StreamTransport } from "./stream-client.ts";

const asIs = (bytes: Buffer): Buffer => bytes;

class GrpcStream implements StreamHandle {
  readonly #received = new Received();
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #takesOne: boolean;
  #lastBytes = 0;

  constructor({ host, port }: Endpoint, kind: Kind, { timeoutMs, bearer }: OpenOptions) {
    this.#client = new Client(`${host}:${port}`, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": -1,
      "grpc.enable_retries": 0,
    });
    this.#takesOne = kind === "unary" || kind === "server-streaming";
    const deadline = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    const metadata = new Metadata();
    if (bearer !== undefined) metadata.set("authorization", `Bearer ${bearer}`);
    const path = `/streams.Streams/${methods[kind]}`;
    this.#call = this.#client.makeBidiStreamRequest(path, asIs, asIs, metadata, deadline);
    this.#call.on("error", () => {});
    this.#call.on("data", (bytes: Buffer) => this.#received.push(decodeAnswer(bytes)));
    this.#call.on("status", (status) => {
      this.#received.end(toEnded(status));
      this.#client.close();
    });
  }

  get messages() {
    return this.#received.messages;
  }

  get ended() {
    return this.#received.ended;
  }

  get unsentBytes(): number {
    // A stream of messages counts messages.
    return this.#call.writableLength * this.#lastBytes;
  }

  until(count: number): Promise<void> {
    return this.#received.until(count);
  }

  send(ask: Ask): void {
    const message = encodeAsk(ask);
    this.#lastBytes = message.length;
    this.#call.write(message);
    if (this.#takesOne) this.#call.end();
  }

  end(): void {
    if (!this.#takesOne) this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }

  hold(): void {
    this.#call.pause();
  }

  release(): void {
    this.#call.resume();
  }
}

/** As it is on the wire, without padding. Node joins what came in several headers of one name. */
function toTexts(value: string | Buffer): string[] {
  return typeof value === "string" ? value.split(", ") : [value.toString("base64").replace(/=+$/, "")];
}

function toEnded({ code, details, metadata }: StatusObject): Ended {
  const bytes = metadata.get("grpc-status-details-bin")[0];
  const status = Buffer.isBuffer(bytes) ? decodeStatus(bytes) : undefined;
  const trailers = Object.fromEntries(
    Object.entries(metadata.toJSON())
      .filter(([name]) => name.startsWith("x-"))
      .map(([name, values]) => [name, values.flatMap(toTexts)] as const)
      .map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
  return { code, message: details, details: status?.details, trailers, how: "grpc-status" };
}

export const grpc: StreamTransport = {
  name: "gRPC",
  way: { kind: "grpc" },
  lacks: {},
  open: async (endpoint, kind, options = {}) => new GrpcStream(endpoint, kind, options),
};
