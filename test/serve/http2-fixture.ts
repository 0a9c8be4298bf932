// HTTP/2 connections as the listener serves them, without a listener: the test is the front, the client is node:http2 or frames by hand.
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Exchange, Front } from "../../src/front/front.ts";
import { HpackDecoder } from "../../src/http2/hpack-decode.ts";
import { FrameType } from "../../src/http2/protocol.ts";
import type { ServedConnection } from "../../src/serve/connection.ts";
import { PacedBodies } from "../../src/serve/paced-bodies.ts";
import { serveHttp2 } from "../../src/serve/http2-connection.ts";
import { writePlainError } from "../../src/serve/listen-error.ts";
import type { ErrorWriter } from "../../src/serve/listen-error.ts";
import { defaultListenerLimits } from "../../src/serve/listen-limits.ts";
import type { ListenerLimits } from "../../src/serve/listen-limits.ts";
import { clientHello, frame, literals, RawPeer, settingsAck } from "../http2/support/raw-peer.ts";
import type { RawFrame } from "../http2/support/raw-peer.ts";

export interface Http2FixtureOptions {
  readonly limits?: Partial<ListenerLimits>;
  readonly front?: Front;
  readonly writeError?: ErrorWriter;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders | undefined;
}

export interface Http2Fixture {
  readonly port: number;
  /** The connections accepted so far, as a listener watches them. */
  readonly served: readonly ServedConnection[];
  /** The next exchange no `exchange` has answered yet; without a front of the test's own. */
  exchange(): Promise<Exchange>;
  /** Has said hello. */
  raw(): Promise<RawPeer>;
  client(): Promise<ClientHttp2Session>;
  close(): void;
}

export async function serveExchanges({
  limits,
  front,
  writeError = writePlainError,
}: Http2FixtureOptions = {}): Promise<Http2Fixture> {
  const exchanges: Exchange[] = [];
  const waiting: ((exchange: Exchange) => void)[] = [];
  const sockets = new Set<Socket | ClientHttp2Session>();
  const served: ServedConnection[] = [];
  const collect: Front = (exchange) => {
    const resolve = waiting.shift();
    if (resolve === undefined) exchanges.push(exchange);
    else resolve(exchange);
  };
  const context = {
    limits: { ...defaultListenerLimits, ...limits },
    front: front ?? collect,
    writeError,
    reading: new PacedBodies<never>(),
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    served.push(serveHttp2(socket, undefined, context));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    served,
    exchange: () => {
      const known = exchanges.shift();
      return known === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(known);
    },
    async raw() {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      sockets.add(socket);
      const peer = new RawPeer(socket);
      peer.send(clientHello, settingsAck);
      return peer;
    },
    async client() {
      const session = connectHttp2(`http://127.0.0.1:${port}`);
      session.on("error", () => {});
      sockets.add(session);
      await once(session, "remoteSettings");
      return session;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Rejects when the stream ends without an answer. */
export async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const chunks: Buffer[] = [];
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders | undefined;
  stream.on("response", (received) => (headers = received));
  stream.on("trailers", (received) => (trailers = received));
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(stream, "close");
  if (stream.rstCode !== 0) throw new Error(`the stream was reset with ${stream.rstCode}`);
  return { status: Number(headers[":status"]), headers, body: Buffer.concat(chunks), trailers };
}

/** The whole request at once. */
export function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: Uint8Array): Promise<Answer> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
}

export function headBlock(path: string, ...fields: readonly string[]): Buffer {
  return literals(":method", "POST", ":scheme", "http", ":path", path, ":authority", "a", ...fields);
}

const END_STREAM = 1;
const END_HEADERS = 4;
const maxFrameBytes = 16_384;

/** In as many frames as it takes. */
export function headers(id: number, block: Uint8Array, isLast = false): Buffer {
  const end = isLast ? END_STREAM : 0;
  const first = block.subarray(0, maxFrameBytes);
  const frames = [frame(FrameType.HEADERS, end + (first.length === block.length ? END_HEADERS : 0), id, first)];
  for (let at = maxFrameBytes; at < block.length; at += maxFrameBytes) {
    const isWhole = at + maxFrameBytes >= block.length;
    frames.push(frame(FrameType.CONTINUATION, isWhole ? END_HEADERS : 0, id, block.subarray(at, at + maxFrameBytes)));
  }
  return Buffer.concat(frames);
}

export function data(id: number, bytes: Uint8Array, isLast = false): Buffer {
  return frame(FrameType.DATA, isLast ? END_STREAM : 0, id, bytes);
}

/** The head of the answer by name; undefined where the connection ends without one. */
export async function headOf(peer: RawPeer, id: number): Promise<ReadonlyMap<string, string> | undefined> {
  const found = await peer.next(FrameType.HEADERS, (candidate) => candidate.id === id);
  return found === undefined ? undefined : toMap(found);
}

/** Of the frame that ended the answer, where it had trailers. */
export async function trailersOf(peer: RawPeer, id: number): Promise<ReadonlyMap<string, string> | undefined> {
  const isLast = ({ flags }: RawFrame): boolean => (flags & END_STREAM) !== 0;
  const found = await peer.next(FrameType.HEADERS, (candidate) => candidate.id === id && isLast(candidate));
  return found === undefined ? undefined : toMap(found);
}

/** What has come of the body so far. */
export function bodyOf(peer: RawPeer, id: number): Buffer {
  const frames = peer.frames.filter((candidate) => candidate.type === FrameType.DATA && candidate.id === id);
  return Buffer.concat(frames.map(({ payload }) => payload));
}

/** The engine adds nothing to the table of its peer: every block can be read by itself. */
function toMap({ payload }: RawFrame): ReadonlyMap<string, string> {
  const decoder = new HpackDecoder({ maxHeaderListBytes: 65_536, maxHeaderFields: 1000, headerTableBytes: 4096 });
  const { headers: list } = decoder.decode(payload, 0, payload.length);
  const entries = new Map<string, string>();
  for (let at = 0; at < list.length; at += 2) entries.set(list[at], list[at + 1]);
  return entries;
}
