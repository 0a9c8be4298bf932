// A gRPC backend by hand on node:http2, for what a gRPC server would not do.
import http2 from "node:http2";
import type { AddressInfo } from "node:net";

export type OnStream = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders, sessions: number) => void;

export interface Http2Backend {
  readonly target: string;
  /** Every session there ever was. */
  readonly sessions: readonly http2.ServerHttp2Session[];
  close(): Promise<void>;
}

export async function serveHttp2(onStream: OnStream, settings: http2.Settings = {}): Promise<Http2Backend> {
  const server = http2.createServer({ settings, maxSessionMemory: 1000, maxSendHeaderBlockLength: 1_000_000 });
  const sessions: http2.ServerHttp2Session[] = [];
  server.on("session", (session) => {
    sessions.push(session);
    session.on("error", () => {});
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    onStream(stream, headers, sessions.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

export const grpcHead = { ":status": 200, "content-type": "application/grpc" };

export function frame(message: string | Uint8Array, isCompressed = false): Buffer {
  const bytes = Buffer.from(message as Uint8Array);
  const head = Buffer.of(isCompressed ? 1 : 0, 0, 0, 0, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Head, body, trailers. */
export function answer(
  stream: http2.ServerHttp2Stream,
  body: Uint8Array,
  headers: http2.OutgoingHttpHeaders = grpcHead,
  trailers: http2.OutgoingHttpHeaders = { "grpc-status": "0" },
): void {
  stream.respond({ ...grpcHead, ...headers }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end(body);
}

/** Everything the client sends, when it has ended. */
export function bodyOf(stream: http2.ServerHttp2Stream): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => resolve(Buffer.concat(chunks)));
  });
}
