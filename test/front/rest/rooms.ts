// Streaming methods in front of a real backend, and clients of HTTP/1.1 and HTTP/2 that read and write piece by piece.
import { methodRulesOf } from "../../support/method-rules.ts";
import { composeChain } from "../../../src/chain/compose.ts";
import { once } from "node:events";
import { request as requestHttp1 } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect as connectHttp2, constants } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import type { Duplex, Readable, Writable } from "node:stream";
import type { Handler } from "../../../src/call.ts";
import type { RedeemTicket } from "../../../src/front/redeem-ticket.ts";
import { createRestFront } from "../../../src/front/rest/rest.ts";
import { grpcGatewayRest, strictRest } from "../../../src/front/rest/options.ts";
import type { RestOptions } from "../../../src/front/rest/options.ts";
import { Census } from "../../../src/front/stream/census.ts";
import { Sweep } from "../../../src/front/stream/sweep.ts";
import { createRouter } from "../../../src/route/router.ts";
import type { Schema } from "../../../src/schema/descriptor.ts";
import { serveHttp2 } from "../../../src/serve/http2-connection.ts";
import { createListener } from "../../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../../src/serve/listen-limits.ts";
import type { ListenerLimits } from "../../../src/serve/listen-limits.ts";
import { createNativeTransport } from "../../../src/upstream/native.ts";
import { createUpstreams } from "../../../src/upstream/upstreams.ts";
import { startBackend } from "../../support/backend.ts";
import type { Backend, BackendHandlers } from "../../support/backend.ts";
import { fromMessage, toMessage } from "../../support/gateway.ts";
import { bindingsOf, schemaOf } from "./library.ts";

const source = `
syntax = "proto3";
package rooms;
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
import "google/protobuf/struct.proto";
import "google/rpc/error_details.proto";
import "google/rpc/status.proto";
import "sluice/annotations.proto";

service Rooms {
  rpc Watch(WatchRequest) returns (stream Note) {
    option (google.api.http) = {
      get: "/v1/rooms/{room}:watch"
      additional_bindings { post: "/v1/rooms:watch" body: "*" }
      additional_bindings { get: "/v1/rooms/{room}/texts" response_body: "text" }
      additional_bindings { get: "/v1/rooms/{room}/labels" response_body: "labels" }
    };
    option (sluice.stream) = { resume_from: "after" resume_token: "text" };
  }
  rpc Values(WatchRequest) returns (stream google.protobuf.Value) {
    option (google.api.http) = { get: "/v1/rooms/{room}/values" };
  }
  rpc Plain(WatchRequest) returns (stream Note) {
    option (google.api.http) = { get: "/v1/rooms/{room}/plain" };
    option (sluice.stream) = { sse: false ndjson: false };
    option (sluice.timeout) = "5s";
  }
  rpc Latest(WatchRequest) returns (stream Note) {
    option (google.api.http) = { get: "/v1/rooms/{room}/latest" };
    option (sluice.stream) = { overflow: DROP_OLDEST keep: 4 };
  }
  rpc Strict(WatchRequest) returns (stream Note) {
    option (google.api.http) = { get: "/v1/rooms/{room}/strict" };
    option (sluice.stream) = { overflow: DISCONNECT };
  }
  rpc Gather(stream Note) returns (Note) {
    option (google.api.http) = {
      post: "/v1/rooms/{room}:gather"
      body: "*"
      additional_bindings { post: "/v1/rooms/{room}/details" body: "detail" }
      additional_bindings { get: "/v1/rooms/{room}:gather" }
    };
    option (sluice.http) = { status: 201 location: "text" };
  }
  rpc Chat(stream Note) returns (stream Note) {
    option (google.api.http) = {
      post: "/v1/rooms/{room}:chat"
      body: "*"
      additional_bindings { get: "/v1/rooms/{room}:chat" }
    };
  }
  rpc Download(WatchRequest) returns (stream google.api.HttpBody) {
    option (google.api.http) = { get: "/v1/rooms/{room}/file" };
  }
  rpc Upload(stream UploadRequest) returns (Note) {
    option (google.api.http) = { post: "/v1/rooms/{room}/file" body: "content" };
  }
}

message WatchRequest { string room = 1; string after = 2; int32 limit = 3; }
message UploadRequest { string room = 1; google.api.HttpBody content = 2; }
message Detail { int64 size = 1; repeated string words = 2; }
message Note { string room = 1; string text = 2; int64 number = 3; Detail detail = 4; map<string, string> labels = 5; }
`;

export const roomsSchema: Schema = schemaOf(source);
const path = (method: string): string => `/rooms.Rooms/${method}`;

/** The message of a type of the schema; `Note` unless said otherwise. */
export function note(fields: object, type = "rooms.Note"): Buffer {
  return toMessage(roomsSchema, type, JSON.stringify(fields));
}

/** What a backend got, unset fields left out. */
export function shown(bytes: Uint8Array, type = "rooms.Note"): unknown {
  return JSON.parse(fromMessage(roomsSchema, roomsSchema.message(type)!, bytes));
}

export interface RoomsOptions extends Partial<RestOptions> {
  readonly limits?: Partial<ListenerLimits>;
  /** Instead of the backend. */
  readonly target?: string;
  readonly handler?: Handler;
  readonly redeemTicket?: RedeemTicket;
}

export interface Rooms {
  readonly host: string;
  readonly port: number;
  readonly backend: Backend;
  readonly sweep: Sweep;
  readonly census: Census;
  open(version: HttpVersion, request: StreamRequest): Promise<OpenRequest>;
  /** The whole answer to a whole request. */
  send(version: HttpVersion, request: StreamRequest, body?: string | Uint8Array): Promise<WholeAnswer>;
  close(): Promise<void>;
}

export type HttpVersion = "HTTP/1.1" | "HTTP/2";
export const versions: readonly HttpVersion[] = ["HTTP/1.1", "HTTP/2"];

export interface StreamRequest {
  /** `GET /v1/…` */
  readonly line: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The answer broke off. */
  readonly isCut: boolean;
  readonly trailers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface OpenRequest {
  /** Resolves when the bytes have left, or there is room again. */
  write(bytes: string | Uint8Array): Promise<void>;
  end(bytes?: string | Uint8Array): void;
  /** Goes away. */
  leave(): void;
  /** Resolves with the head. */
  answer(): Promise<OpenAnswer>;
}

export interface OpenAnswer extends Omit<WholeAnswer, "text" | "isCut" | "trailers"> {
  /** Everything from the start, when it ends with this text. */
  until(end: string): Promise<string>;
  whole(): Promise<WholeAnswer>;
  /** To be read by hand; nothing is read before. */
  readonly stream: Readable;
}

/** `handlers` by the method's short name. */
export async function startRooms(handlers: BackendHandlers, setup: RoomsOptions = {}): Promise<Rooms> {
  const { limits, target, handler, redeemTicket, ...given } = setup;
  const backend = await startBackend(
    Object.fromEntries(Object.entries(handlers).map(([method, serve]) => [path(method), serve])),
  );
  const rest = { ...(given.profile === "grpc-gateway" ? grpcGatewayRest : strictRest), ...given };
  const upstreams = createUpstreams({
    targets: { default: { target: target ?? backend.target, tls: undefined }, byService: new Map() },
    transport: createNativeTransport,
    limits: { maxMessageBytes: 4_194_304, maxMetadataBytes: 16_384, connectTimeoutMs: 60_000 },
  });
  const sweep = new Sweep(3_600_000);
  const census = new Census();
  const front = createRestFront({
    schema: roomsSchema,
    router: createRouter(bindingsOf(roomsSchema, rest.profile), {
      profile: rest.profile,
      urlUnescape: "except_reserved",
    }),
    chain: composeChain({ end: handler ?? upstreams.handler }),
    options: { ...rest, ...methodRulesOf(roomsSchema) },
    redeemTicket,
    sweep,
    census,
  });
  const listener = createListener({
    address: { host: "127.0.0.1", port: 0 },
    limits: { ...defaultListenerLimits, ...limits },
    front,
    http2: serveHttp2,
  });
  const { host, port } = await listener.listen();
  const sessions: ClientHttp2Session[] = [];
  const open = async (version: HttpVersion, request: StreamRequest): Promise<OpenRequest> => {
    if (version === "HTTP/1.1") return openHttp1(port, request);
    const session = connectHttp2(`http://${host}:${port}`);
    session.on("error", () => {});
    sessions.push(session);
    await once(session, "connect");
    return openHttp2(session, request);
  };
  return {
    host,
    port,
    backend,
    sweep,
    census,
    open,
    async send(version, request, body) {
      const opened = await open(version, request);
      opened.end(body);
      return (await opened.answer()).whole();
    },
    async close() {
      for (const session of sessions) session.destroy();
      sweep.stop();
      await Promise.all([listener.close(0), upstreams.close(), backend.close()]);
    },
  };
}

function openHttp1(port: number, { line, headers = {} }: StreamRequest): OpenRequest {
  const [method, target] = line.split(" ");
  const outgoing = requestHttp1({ host: "127.0.0.1", port, method, path: target, headers, agent: false });
  const answered = new Promise<OpenAnswer>((resolve, reject) => {
    outgoing.on("error", reject);
    outgoing.on("response", (incoming: IncomingMessage) => {
      resolve(toAnswer(incoming.statusCode ?? 0, incoming.headers, incoming, () => incoming.trailers));
    });
  });
  answered.catch(() => {});
  if (method === "POST") outgoing.flushHeaders();
  return {
    write: (bytes) => writeTo(outgoing, bytes),
    end: (bytes) => void (bytes === undefined ? outgoing.end() : outgoing.end(bytes)),
    leave: () => void outgoing.destroy(),
    answer: () => answered,
  };
}

function openHttp2(session: ClientHttp2Session, { line, headers = {} }: StreamRequest): OpenRequest {
  const [method, target] = line.split(" ");
  const stream = session.request({ ":method": method, ":path": target, ...headers }, { endStream: false });
  let trailers = {};
  stream.on("trailers", (received) => (trailers = received));
  const answered = new Promise<OpenAnswer>((resolve, reject) => {
    stream.on("error", reject);
    stream.on("response", (received) => resolve(toAnswer(received[":status"] ?? 0, received, stream, () => trailers)));
  });
  answered.catch(() => {});
  return {
    write: (bytes) => writeTo(stream, bytes),
    end: (bytes) => void (bytes === undefined ? stream.end() : stream.end(bytes)),
    leave: () => stream.close(constants.NGHTTP2_CANCEL),
    answer: () => answered,
  };
}

async function writeTo(target: Writable | Duplex, bytes: string | Uint8Array): Promise<void> {
  if (!target.write(bytes)) await once(target, "drain");
}

function toAnswer(
  status: number,
  headers: WholeAnswer["headers"],
  stream: Readable,
  trailersOf: () => WholeAnswer["trailers"],
): OpenAnswer {
  let received = "";
  let isCut = false;
  const end = { isOver: false };
  let isReading = false;
  let changed = (): void => {};
  const over = (): void => {
    end.isOver = true;
    changed();
  };
  stream.on("aborted", () => (isCut = true));
  stream.on("error", () => {
    isCut = true;
    over();
  });
  const read = (): void => {
    if (isReading) return;
    isReading = true;
    stream.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      changed();
    });
    stream.on("end", over);
    stream.on("close", over);
  };
  const waitFor = async (isThere: () => boolean): Promise<void> => {
    read();
    while (!isThere() && !end.isOver) await new Promise<void>((resolve) => (changed = resolve));
  };
  return {
    status,
    headers,
    stream,
    async until(last) {
      await waitFor(() => received.endsWith(last));
      if (!received.endsWith(last)) throw new Error(`the answer ended with ${JSON.stringify(received.slice(-200))}`);
      return received;
    },
    async whole() {
      await waitFor(() => false);
      return { status, headers, text: received, isCut, trailers: trailersOf() };
    },
  };
}
