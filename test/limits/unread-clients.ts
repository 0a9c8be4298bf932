// Clients that ask for a stream, on every front, and never read of it; what lies in the kernel for them is theirs when the gateway has died.
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { StreamWay } from "../../src/front/stream/census.ts";
import { clientPreface, FrameType } from "../../src/http2/protocol.ts";
import { frame, literals, number32, settings } from "../http2/support/raw-peer.ts";
import { request } from "../support/raw-http.ts";

/** A service's method, and its path over HTTP. */
export interface Asked {
  readonly method: string;
  readonly path: string;
}

export interface UnreadFront {
  readonly name: string;
  readonly way: StreamWay;
  /** All that its client ever says. */
  readonly opening: (asked: Asked) => readonly Uint8Array[];
}

const upgrade = (path: string, ...more: readonly string[]): Buffer =>
  request(`GET ${path}`, [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...more,
  ]);

const http1 = (accept: string) => {
  return ({ path }: Asked): Buffer[] => [request(`GET ${path}`, [`Accept: ${accept}`])];
};

/** A text frame, masked with zeros. */
function text(json: unknown): Buffer {
  const payload = Buffer.from(JSON.stringify(json));
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

const endStream = 1;
const endHeaders = 4;
const largestWindow = 2 ** 31 - 1;

/** With all the room that HTTP/2 can give. */
function http2(headers: readonly string[], body?: Buffer): Uint8Array[] {
  const block = literals(":scheme", "http", ":authority", "a", ...headers);
  const isLast = body === undefined ? endStream : 0;
  return [
    clientPreface,
    frame(FrameType.SETTINGS, 0, 0, settings([4, largestWindow])),
    frame(FrameType.WINDOW_UPDATE, 0, 0, number32(largestWindow - 65_535)),
    frame(FrameType.HEADERS, endHeaders | isLast, 1, block),
    ...(body === undefined ? [] : [frame(FrameType.DATA, endStream, 1, body)]),
  ];
}

/** So many streams on one socket, each with that much credit. */
export function multiplexed(streams: number, credit: number): UnreadFront["opening"] {
  return ({ path }) => [
    upgrade("/-/stream", "Sec-WebSocket-Protocol: sluice.mux.v1.json"),
    text({ t: "init" }),
    ...Array.from({ length: streams }, (_, i) => text({ t: "open", id: i + 1, path: `GET ${path}`, credit })),
  ];
}

export const unreadFronts: readonly UnreadFront[] = [
  { name: "WebSocket, simple", way: "websocket", opening: ({ path }) => [upgrade(path)] },
  {
    name: "WebSocket, multiplexed, with all the credit there is",
    way: "mux",
    opening: multiplexed(1, largestWindow),
  },
  { name: "server-sent events", way: "sse", opening: http1("text/event-stream") },
  { name: "NDJSON", way: "ndjson", opening: http1("application/x-ndjson") },
  { name: "a JSON array", way: "array", opening: http1("application/json") },
  {
    name: "NDJSON over HTTP/2",
    way: "ndjson",
    opening: ({ path }) => http2([":method", "GET", ":path", path, "accept", "application/x-ndjson"]),
  },
  {
    name: "gRPC",
    way: "grpc",
    opening: ({ method }) =>
      http2(
        [":method", "POST", ":path", `/${method}`, "content-type", "application/grpc", "te", "trailers"],
        Buffer.alloc(5),
      ),
  },
];

/** Nothing is read of it until `readRest`. */
export async function openUnread(base: string, opening: UnreadFront["opening"], asked: Asked): Promise<Socket> {
  const { hostname, port } = new URL(base);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  socket.on("error", () => {});
  await once(socket, "connect");
  for (const piece of opening(asked)) socket.write(piece);
  return socket;
}

/** All that came, to the end of the connection. */
export async function readRest(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const closed = once(socket, "close");
  socket.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
  await closed;
  return Buffer.concat(chunks);
}
