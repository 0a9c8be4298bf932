// A gRPC backend that answers with exactly the bytes it is told, and shows exactly those it got: for what no gRPC library would let through.
import { once } from "node:events";
import { createServer } from "node:http2";
import type { Http2Session, IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";

export interface ByteAnswer {
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  readonly trailers?: OutgoingHttpHeaders;
}

export interface ByteRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface ByteBackend {
  readonly target: string;
  readonly requests: readonly ByteRequest[];
  close(): void;
}

export async function startByteBackend(answer: (request: ByteRequest) => ByteAnswer): Promise<ByteBackend> {
  const requests: ByteRequest[] = [];
  const sessions = new Set<Http2Session>();
  const server = createServer();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    void serve(stream, headers);
  });
  const serve = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(stream, "end");
    const request = { headers, body: Buffer.concat(chunks) };
    requests.push(request);
    const { headers: head, body, trailers = { "grpc-status": "0" } } = answer(request);
    stream.respond({ ":status": 200, "content-type": "application/grpc", ...head }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end(body);
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

/** A message with its prefix. */
export function frameOf(message: Uint8Array, flag = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}
