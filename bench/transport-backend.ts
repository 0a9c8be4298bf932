// A gRPC backend that costs next to nothing, for bench/transport.ts: echoes unary calls, leaves streams open. Prints its port.
import { createServer } from "node:net";
import { createHttp2Connection } from "../src/http2/connection.ts";
import type { Http2Stream, StreamHandlers } from "../src/http2/contract.ts";
import { compileHeaders } from "../src/http2/hpack-encode.ts";

const head = compileHeaders(
  Object.entries({
    ":status": "200",
    "content-type": "application/grpc",
    "grpc-accept-encoding": "identity,deflate,gzip",
  }).flat(),
);
const ok = compileHeaders(["grpc-status", "0"]);

function echo(stream: Http2Stream): StreamHandlers {
  stream.sendHeaders(head, false);
  return {
    onData: (chunk) => {
      stream.consume(chunk.length);
      stream.sendData(chunk, false);
    },
    onEnd: () => stream.sendTrailers(ok),
    onReset: () => {},
  };
}

function hang(stream: Http2Stream): StreamHandlers {
  stream.sendHeaders(head, false);
  return { onData: (chunk) => stream.consume(chunk.length), onEnd: () => {}, onReset: () => {} };
}

const server = createServer((socket) => {
  createHttp2Connection(
    socket,
    { role: "server", limits: { maxConcurrentStreams: 10_000, streamIdleTimeoutMs: 0 } },
    { onStream: (stream, headers) => (headers.includes("/t.S/Echo") ? echo(stream) : hang(stream)), onClose: () => {} },
  );
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" && address !== null ? address.port : 0);
});
process.stdin.on("end", () => process.exit(0)).resume();
