// Stands in for the backend in Go where Go is missing: the same answers from node:http2. `node node-backend.js PORT`
import { createServer } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import { framed, itemRest, watchMethod } from "../corpus/load-messages.ts";

function answer(stream: ServerHttp2Stream, path: string, request: Buffer): void {
  const message = request.subarray(5);
  const reply = path.endsWith("/EchoOrder") ? message : Buffer.concat([message, itemRest]);
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  if (path === watchMethod) stream.write(framed(reply));
  else stream.end(framed(reply));
}

createServer()
  .on("stream", (stream, headers) => {
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("error", () => stream.destroy());
    stream.on("end", () => answer(stream, headers[":path"] ?? "", Buffer.concat(parts)));
  })
  .listen(Number(process.argv[2]), "127.0.0.1");
