// Stands in for the backend in Go where Go is missing: the same answers from node:http2. `node node-backend.js PORT`
import { createServer } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import { framed, itemRest, watchMethod } from "../corpus/load-messages.ts";
import { echoMethod, floodMethod, holdMethod, tickBytes } from "../corpus/stream-messages.ts";

const head = { ":status": 200, "content-type": "application/grpc" };
/** Of ticks that are written together. */
const batch = 64;

function begin(stream: ServerHttp2Stream): void {
  stream.respond(head, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
}

function answer(stream: ServerHttp2Stream, path: string, request: Buffer): void {
  // Its caller may have gone while it was read.
  if (stream.destroyed) return;
  const message = request.subarray(5);
  begin(stream);
  if (path === `/${floodMethod}`) {
    flood(stream, countOf(message), 1);
    return;
  }
  if (path === `/${holdMethod}`) {
    stream.write(framed(tickBytes(1)));
    return;
  }
  const reply = path.endsWith("/EchoOrder") ? message : Buffer.concat([message, itemRest]);
  if (path === watchMethod) stream.write(framed(reply));
  else stream.end(framed(reply));
}

/** FloodRequest.count: field 1, a varint; without it the flood has no end. */
function countOf(message: Buffer): number {
  let count = 0;
  for (let at = 1; at < message.length; at++) count += (message[at] & 127) * 2 ** (7 * (at - 1));
  return count === 0 ? Infinity : count;
}

function flood(stream: ServerHttp2Stream, count: number, from: number): void {
  if (stream.destroyed) return;
  const to = Math.min(count + 1, from + batch);
  const ticks = Array.from({ length: to - from }, (_, at) => framed(tickBytes(from + at)));
  const hasRoom = stream.write(Buffer.concat(ticks));
  if (to > count) stream.end();
  else if (hasRoom) setImmediate(flood, stream, count, to);
  else stream.once("drain", () => flood(stream, count, to));
}

createServer()
  .on("stream", (stream, headers) => {
    const path = headers[":path"] ?? "";
    stream.on("error", () => stream.destroy());
    if (path === `/${echoMethod}`) {
      begin(stream);
      stream.pipe(stream);
      return;
    }
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => answer(stream, path, Buffer.concat(parts)));
  })
  .listen(Number(process.argv[2]), "127.0.0.1");
