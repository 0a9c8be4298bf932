// Hostile bytes for every front, and as many that are not: what bounded.test.ts sends.
import { gzipSync } from "node:zlib";
import { clientHello, frame, literals } from "../http2/support/raw-peer.ts";

export const boundedProtos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M { string text = 1; int32 number = 2; M child = 3; map<string, string> labels = 4; repeated string list = 5; }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/unary" }; }
    rpc Put(M) returns (M) { option (google.api.http) = { post: "/v1/unary" body: "*" }; }
    rpc Chat(stream M) returns (stream M) { option (google.api.http) = { post: "/v1/chat" body: "*" }; }
  }
`;

export interface BoundedCase {
  readonly name: string;
  /** What one connection sends before it closes its side: about so many bytes. */
  readonly hostile: (size: number) => Buffer;
  readonly benign: (size: number) => Buffer;
  /** Of what is compressed, how much there is for each byte sent. */
  readonly expansion?: number;
}

const repeat = (unit: string, size: number): string => unit.repeat(Math.max(1, Math.floor(size / unit.length)));

/** A POST with a body of that size; the last of its connection. */
function post(
  body: string | Buffer,
  contentType = "application/json",
  path = "/v1/unary",
  ...more: readonly string[]
): Buffer {
  const bytes = Buffer.from(body as string);
  const lines = [
    `POST ${path} HTTP/1.1`,
    "Host: a",
    `Content-Type: ${contentType}`,
    `Content-Length: ${bytes.length}`,
    "Connection: close",
    ...more,
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), bytes]);
}

/** Pipelined, as many as there is room for. */
function requests(head: (index: number) => string, size: number): Buffer {
  const parts: string[] = [];
  for (let length = 0, i = 0; length < size && i < 120; i++) {
    parts.push(head(i));
    length += parts[i].length;
  }
  return Buffer.from(parts.join(""), "latin1");
}

const get = (target: string, ...headers: readonly string[]): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\n${headers.map((line) => `${line}\r\n`).join("")}\r\n`;

const benignJson = (size: number): Buffer => post(`{"text":"${"a".repeat(size)}"}`);
const benignGets = (size: number): Buffer => requests(() => get(`/v1/unary?text=${"a".repeat(500)}`), size);

const json = (name: string, body: (size: number) => string): BoundedCase => ({
  name: `REST, JSON: ${name}`,
  hostile: (size) => post(body(size)),
  benign: benignJson,
});

const toText = (text: string): string => Buffer.from(text).toString("base64url");
const jwt = (head: object, claims: string): string =>
  `${toText(JSON.stringify(head))}.${toText(claims)}.${"A".repeat(342)}`;

const token = (what: string, make: (at: number) => string): BoundedCase => ({
  name: `REST, a token ${what}`,
  hostile: (size) => requests((at) => get("/v1/unary", `Authorization: Bearer ${make(at)}`), size),
  benign: benignGets,
});

const open = literals(
  ":method",
  "POST",
  ":scheme",
  "http",
  ":path",
  "/t.S/Chat",
  ":authority",
  "a",
  "content-type",
  "application/grpc",
  "te",
  "trailers",
);

function data(id: number, payload: Buffer, size = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < payload.length; at += size) parts.push(frame(0, 0, id, payload.subarray(at, at + size)));
  return Buffer.concat(parts);
}

/** Within the first window. */
const window = 60_000;
const grpcCall = (payload: Buffer, size?: number): Buffer =>
  Buffer.concat([clientHello, frame(1, 4, 1, open), data(1, payload, size)]);

function grpcMessage(text: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, text]);
}

/** Of a size as people send. */
const usualText = "a".repeat(200);
const usualMessage = grpcMessage(Buffer.concat([Buffer.from([0x0a, 200, 1]), Buffer.from(usualText)]));

const benignGrpc = (size: number): Buffer =>
  grpcCall(many(() => usualMessage, Math.min(size, window) - usualMessage.length));

const http2 = (name: string, frames: (size: number) => Buffer): BoundedCase => ({
  name: `HTTP/2: ${name}`,
  hostile: (size) => Buffer.concat([clientHello, frames(size)]),
  benign: benignGrpc,
});

function many(unit: (index: number) => Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let length = 0, i = 0; length < size; i++) {
    parts.push(unit(i));
    length += parts[i].length;
  }
  return Buffer.concat(parts);
}

const handshake = (path: string, protocol: string): Buffer =>
  Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  );

/** Masked with zeros, which leaves it as it is. */
function webSocketFrame(first: number, payload: Buffer | string): Buffer {
  const bytes = Buffer.from(payload as string);
  const length =
    bytes.length < 126
      ? [0x80 | bytes.length]
      : bytes.length < 65_536
        ? [0xfe, bytes.length >> 8, bytes.length & 255]
        : [
            0xff,
            0,
            0,
            0,
            0,
            (bytes.length >>> 24) & 255,
            (bytes.length >> 16) & 255,
            (bytes.length >> 8) & 255,
            bytes.length & 255,
          ];
  return Buffer.concat([Buffer.from([first, ...length, 0, 0, 0, 0]), bytes]);
}

const text = 0x81;
const binary = 0x82;
const closeFrame = webSocketFrame(0x88, "");

const benignSimple = (size: number): Buffer =>
  Buffer.concat([
    handshake("/v1/chat", "sluice.v1.json"),
    many(() => webSocketFrame(text, `{"text":"${usualText}"}`), size),
    closeFrame,
  ]);

const simple = (name: string, frames: (size: number) => Buffer): BoundedCase => ({
  name: `WebSocket, simple: ${name}`,
  hostile: (size) => Buffer.concat([handshake("/v1/chat", "sluice.v1.json"), frames(size), closeFrame]),
  benign: benignSimple,
});

const init = webSocketFrame(text, '{"t":"init"}');
/** Calls of one message each, as many at once as there may be. */
const benignMux = (size: number): Buffer =>
  Buffer.concat([
    handshake("/-/stream", "sluice.mux.v1.json"),
    init,
    many(
      (at) =>
        webSocketFrame(text, `{"t":"open","id":${at + 1},"method":"t.S/Put","m":{"text":"${usualText}"},"end":true}`),
      size,
    ),
    closeFrame,
  ]);

const mux = (name: string, frames: (size: number) => Buffer): BoundedCase => ({
  name: `WebSocket, multiplexed: ${name}`,
  hostile: (size) => Buffer.concat([handshake("/-/stream", "sluice.mux.v1.json"), init, frames(size), closeFrame]),
  benign: benignMux,
});

const noise = (size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, at) => (at * 7919 + (at >> 3) * 104_729) & 255));

export const cases: readonly BoundedCase[] = [
  json("brackets without end", (size) => repeat("[", size)),
  json("objects without end", (size) => repeat('{"child":', size)),
  json("one name again and again", (size) => `{${repeat('"text":"",', size)}"text":""}`),
  json("unknown names", (size) => `{${repeat('"unknownName":1,', size)}"x":1}`),
  json(
    "many small entries of a map",
    (size) => `{"labels":{${Array.from({ length: size / 12 }, (_, at) => `"${at}":""`).join(",")}}}`,
  ),
  json("many empty elements", (size) => `{"list":[${repeat('"",', size)}""]}`),
  json("a number of many digits", (size) => `{"number":${repeat("9", size)}}`),
  json("escapes", (size) => `{"text":"${repeat("\\u0000", size)}"}`),
  json("white space", (size) => `${repeat(" ", size)}{}`),
  {
    name: "REST, form: many parameters",
    hostile: (size) => post(repeat("a.b.c=1&", size), "application/x-www-form-urlencoded"),
    benign: benignJson,
  },
  {
    name: "REST, form: percent signs",
    hostile: (size) => post(`text=${repeat("%41", size)}`, "application/x-www-form-urlencoded"),
    benign: benignJson,
  },
  {
    name: "REST, multipart: many parts",
    hostile: (size) => post(repeat("--b\r\n\r\n\r\n", size), "multipart/form-data; boundary=b"),
    benign: benignJson,
  },
  {
    name: "REST, multipart: nearly the boundary",
    hostile: (size) =>
      post(
        `--${"b".repeat(60)}\r\n\r\n${repeat(`\r\n--${"b".repeat(59)}`, size)}`,
        `multipart/form-data; boundary=${"b".repeat(60)}`,
      ),
    benign: benignJson,
  },
  {
    name: "REST, protobuf: empty groups and unknown fields",
    hostile: (size) => post(Buffer.alloc(size, 0x78), "application/x-protobuf"),
    benign: benignJson,
  },
  {
    name: "REST, query: many parameters",
    hostile: (size) => requests(() => get(`/v1/unary?${"list=&".repeat(1300)}`), size),
    benign: benignGets,
  },
  {
    name: "REST, query: long names",
    hostile: (size) => requests(() => get(`/v1/unary?${"child.".repeat(1300)}text=a`), size),
    benign: benignGets,
  },
  {
    name: "REST, path: many segments",
    hostile: (size) => requests(() => get("/a".repeat(4000)), size),
    benign: benignGets,
  },
  {
    name: "REST, headers: many, of one name",
    hostile: (size) => requests(() => get("/v1/unary", ...Array<string>(60).fill("Accept-Language: a,b;q=0.1")), size),
    benign: benignGets,
  },
  {
    name: "REST, headers: a token of 8 KiB",
    hostile: (size) => requests((at) => get("/v1/unary", `Authorization: Bearer ${"e30.".repeat(1900)}${at}`), size),
    benign: benignGets,
  },
  token("that is signed with nothing", (at) =>
    jwt({ alg: "RS256", kid: "one" }, `{"iss":"https://idp.example","n":${at},"x":"${"a".repeat(5000)}"}`),
  ),
  token("of a key there is none of", (at) => jwt({ alg: "RS256", kid: `k${at}` }, '{"iss":"https://idp.example"}')),
  token("whose claims are nested without end", (at) => jwt({ alg: "RS256", kid: "one" }, `${at}${"[".repeat(5000)}`)),
  token("whose head is nested without end", (at) => `${toText(`{"a":${"[".repeat(5000)}${at}`)}.e30.AAAA`),
  token("of dots", (at) => `${".".repeat(7000)}${at}`),
  {
    name: "REST, gzip: a bomb",
    hostile: (size) =>
      post(gzipSync(Buffer.alloc(size * 500, 32)), "application/json", "/v1/unary", "Content-Encoding: gzip"),
    benign: benignJson,
    // What there may be of it is bounded by server.max_body.
    expansion: (4 * 1024 * 1024) / 65_536,
  },
  {
    name: "REST, a body in chunks of one byte",
    hostile: (size) =>
      Buffer.from(
        `POST /v1/unary HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${repeat("1\r\n \r\n", size)}0\r\n\r\n`,
      ),
    benign: benignJson,
  },
  {
    name: "HTTP/1.1: bytes that are none",
    hostile: (size) => noise(size),
    benign: benignGets,
  },
  http2("PINGs", (size) => many(() => frame(6, 0, 0, Buffer.alloc(8)), size)),
  http2("SETTINGS", (size) => many(() => frame(4, 0, 0), size)),
  http2("streams that are reset at once", (size) =>
    many((at) => Buffer.concat([frame(1, 4, at * 2 + 1, open), frame(3, 0, at * 2 + 1, Buffer.alloc(4))]), size),
  ),
  http2("a header block without end", (size) =>
    Buffer.concat([frame(1, 0, 1, open), many(() => frame(9, 0, 1, literals("x-a", "b".repeat(1000))), size)]),
  ),
  http2("empty DATA", (size) => Buffer.concat([frame(1, 4, 1, open), many(() => frame(0, 0, 1), size)])),
  http2("window updates", (size) => many(() => frame(8, 0, 0, Buffer.from([0, 0, 0, 1])), size)),
  http2("priorities", (size) => many(() => frame(2, 0, 1, Buffer.alloc(5)), size)),
  http2("frames of types there are none of", (size) => many(() => frame(0x77, 0, 0, Buffer.alloc(1)), size)),
  {
    name: "gRPC: empty messages",
    hostile: (size) => grpcCall(Buffer.alloc(Math.min(size, window - (window % 5)))),
    benign: benignGrpc,
  },
  {
    name: "gRPC: a message in frames of one byte",
    hostile: (size) => grpcCall(grpcMessage(Buffer.alloc(Math.min(size, window) / 10)), 1),
    benign: benignGrpc,
  },
  {
    name: "gRPC: a message that is announced as huge",
    hostile: (size) =>
      grpcCall(Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]), Buffer.alloc(Math.min(size, window))])),
    benign: benignGrpc,
  },
  simple("empty fragments", (size) =>
    Buffer.concat([webSocketFrame(0x01, ""), many(() => webSocketFrame(0x00, ""), size)]),
  ),
  simple("pings", (size) => many(() => webSocketFrame(0x89, ""), size)),
  simple("messages that are no JSON", (size) => many(() => webSocketFrame(text, "x"), size)),
  simple("small messages", (size) => many(() => webSocketFrame(text, "{}"), size)),
  simple("one message that is nested without end", (size) => webSocketFrame(text, repeat('{"child":', size))),
  simple("noise", (size) => noise(size)),
  mux("streams that are opened and cancelled", (size) =>
    many(
      (at) =>
        webSocketFrame(
          text,
          at % 2 === 0
            ? `{"t":"open","id":${at / 2 + 1},"method":"t.S/Chat","credit":1}`
            : `{"t":"cancel","id":${(at + 1) / 2}}`,
        ),
      size,
    ),
  ),
  mux("streams of methods there are none of", (size) =>
    many((at) => webSocketFrame(text, `{"t":"open","id":${at + 1},"method":"t.S/No"}`), size),
  ),
  mux("pings", (size) => many(() => webSocketFrame(text, '{"t":"ping"}'), size)),
  mux("a frame that is nested without end", (size) =>
    webSocketFrame(text, `{"t":"msg","id":1,"m":${repeat('{"child":', size)}`),
  ),
  mux("a frame of many unknown names", (size) => webSocketFrame(text, `{"t":"open",${repeat('"x":1,', size)}"id":1}`)),
  {
    name: "WebSocket, multiplexed: protobuf frames that are noise",
    hostile: (size) =>
      Buffer.concat([
        handshake("/-/stream", "sluice.mux.v1.proto"),
        many((at) => webSocketFrame(binary, noise(20 + (at % 7))), size),
        closeFrame,
      ]),
    benign: benignMux,
  },
  mux("metadata of very many names", (size) => {
    const entries = repeat('"a":"b",', size);
    return webSocketFrame(text, `{"t":"open","id":1,"method":"t.S/Chat","metadata":{${entries}"c":"d"}}`);
  }),
  {
    name: "WebSocket, grpc-websockets: headers of very many names",
    hostile: (size) => {
      let lines = "";
      for (let at = 0; lines.length < size; at++) lines += `${at.toString(36)}:\r\n`;
      return Buffer.concat([handshake("/t.S/Chat", "grpc-websockets"), webSocketFrame(binary, lines), closeFrame]);
    },
    benign: benignMux,
  },
];
