// A backend whose streams do not end: small messages, as fast and as many as the gateway lets it send, counted stream by stream.
import http2 from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";

/** In each message, in protobuf as in JSON. */
export const mark = "~=~";
export const messageBytes = 200;
/** What node:http2 takes at most from a stream that has no room, of any version. */
export const ownBufferBytes = 80 * 1024;
/** Of messages that are not the same. */
export const keys = 100;
/** In one write. */
const together = 20;

export class Flood {
  /** Messages that went into the connection, or the buffer before it. */
  sent = 0;
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
    stream.on("error", () => {});
    stream.on("drain", () => this.#send());
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    this.#send();
  }

  #send(): void {
    let hasRoom = true;
    while (hasRoom && !this.#stream.destroyed) {
      hasRoom = this.#stream.write(writes[(this.sent / together) % writes.length]);
      this.sent += together;
    }
  }
}

/** `Ask` with one of a hundred ids, behind its length. */
function toFrame(number: number): Buffer {
  const id = `${mark}${number % keys}`.padEnd(messageBytes - 3, "x");
  const head = Buffer.from([0, 0, 0, 0, messageBytes, 0x0a, 0x80 | (id.length & 0x7f), id.length >> 7]);
  return Buffer.concat([head, Buffer.from(id)]);
}

const writes = Array.from({ length: keys / together }, (_, at) =>
  Buffer.concat(Array.from({ length: together }, (_message, i) => toFrame(at * together + i))),
);

export interface FloodBackend {
  readonly target: string;
  readonly floods: readonly Flood[];
  close(): Promise<void>;
}

/** Unary calls are answered with nothing. */
export async function startFloods(): Promise<FloodBackend> {
  const floods: Flood[] = [];
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = http2.createServer({ settings: { maxConcurrentStreams: 1000 } });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, { ":path": path = "" }) => {
    if (path !== "/t.Calls/Get") {
      floods.push(new Flood(stream));
      return;
    }
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.alloc(5));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    floods,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}
