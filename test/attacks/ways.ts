// Every way to call the gateway, by hand: what a client sends is exactly what is given, so that an attack can be tried on all of them.
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { clientHello, frame, literals, RawPeer } from "../http2/support/raw-peer.ts";
import { FrameType } from "../../src/http2/protocol.ts";
import { toMessage } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { openRaw } from "../support/raw-http.ts";

export const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M {
    string text = 1;
    int32 number = 2;
    M child = 3;
    map<string, string> labels = 4;
    double real = 5;
    int64 large = 6;
  }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/unary/{text}" }; }
    rpc Put(M) returns (M) { option (google.api.http) = { post: "/v1/unary" body: "*" }; }
    rpc Watch(M) returns (stream M) { option (google.api.http) = { get: "/v1/stream/{text}" }; }
    rpc Push(M) returns (stream M) { option (google.api.http) = { post: "/v1/stream" body: "*" }; }
  }
`;

export interface Attempt {
  /** Behind \`/v1/unary\` or \`/v1/stream\`: \`/a%2Fb?x=1\`; the whole target where it does not begin with a slash or a question mark. */
  readonly target?: string;
  /** Latin-1, as they are. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** A message as JSON; then it is a POST. */
  readonly message?: string;
}

export interface Outcome {
  /** Of gRPC; undefined where the client was only cut off. */
  readonly code: number | undefined;
  /** Everything the client got, headers too. */
  readonly text: string;
}

export interface Way {
  readonly name: string;
  /** Reads messages as JSON. */
  readonly readsJson: boolean;
  /** Has a target of the client's own; gRPC has the names of methods. */
  readonly hasTarget: boolean;
  try(gateway: GatewayFixture, attempt: Attempt): Promise<Outcome>;
}

const byStatus = new Map([
  [200, 0],
  [101, 0],
  [204, 0],
  [400, 3],
  [401, 16],
  [403, 7],
  [404, 5],
  [405, 12],
  [413, 8],
  [414, 3],
  [415, 3],
  [417, 3],
  [429, 8],
  [431, 3],
  [500, 13],
  [503, 14],
  [504, 4],
]);

/** The body says it where there is one. */
function toCode(status: number, text: string): number | undefined {
  const match = /"code":(\d+)/.exec(text);
  return status >= 400 && match !== null ? Number(match[1]) : byStatus.get(status);
}

function toTarget(base: string, { target = "" }: Attempt): string {
  return target === "" || target.startsWith("/") || target.startsWith("?") ? base + target : target;
}

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

/** One request, its answer read to the end of the connection. */
async function overHttp1(gateway: GatewayFixture, base: string, attempt: Attempt, accept: string): Promise<Outcome> {
  const { headers = [], message } = attempt;
  const body = Buffer.from(message ?? "");
  const lines = [
    `${message === undefined ? "GET" : "POST"} ${toTarget(base, attempt)} HTTP/1.1`,
    "Host: a",
    `Accept: ${accept}`,
  ];
  if (message !== undefined) lines.push("Content-Type: application/json", `Content-Length: ${body.length}`);
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  const connection = await openRaw(gateway);
  connection.send(Buffer.concat([latin1(`${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`), body]));
  await connection.closed;
  const text = (await connection.rest()).toString("latin1");
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? Number.NaN);
  return { code: Number.isNaN(status) ? undefined : toCode(status, text), text };
}

/** One request on frames of its own; header names and values go out as they are. */
async function overHttp2(
  gateway: GatewayFixture,
  head: readonly string[],
  body: Buffer,
): Promise<{ headers: Buffer; data: Buffer }> {
  const peer = new RawPeer(connect(gateway.port, gateway.host));
  const block = literals(...head);
  peer.send(clientHello, frame(FrameType.HEADERS, body.length === 0 ? 5 : 4, 1, block));
  // No more than the first window holds.
  for (let at = 0; at < body.length; at += 16_384)
    peer.send(frame(FrameType.DATA, at + 16_384 >= body.length ? 1 : 0, 1, body.subarray(at, at + 16_384)));
  await Promise.race([
    peer.next(FrameType.HEADERS, ({ id, flags }) => id === 1 && (flags & 1) !== 0),
    peer.next(FrameType.DATA, ({ id, flags }) => id === 1 && (flags & 1) !== 0),
    peer.next(FrameType.RST_STREAM),
    peer.next(FrameType.GOAWAY),
  ]);
  peer.socket.destroy();
  const of = (type: number) =>
    Buffer.concat(peer.frames.filter((one) => one.type === type).map(({ payload }) => payload));
  return { headers: of(FrameType.HEADERS), data: of(FrameType.DATA) };
}

async function restOverHttp2(gateway: GatewayFixture, base: string, attempt: Attempt): Promise<Outcome> {
  const { headers = [], message } = attempt;
  const head = [":method", message === undefined ? "GET" : "POST", ":scheme", "http", ":path", toTarget(base, attempt)];
  head.push(":authority", "a", "accept", "application/json");
  if (message !== undefined) head.push("content-type", "application/json");
  for (const [name, value] of headers) head.push(name.toLowerCase(), value);
  const { headers: block, data } = await overHttp2(gateway, head, Buffer.from(message ?? ""));
  const text = data.toString("latin1");
  // Without a decoder: an error is JSON, and whatever is not is a reply; where there is nothing, the stream was reset.
  const match = /"code":(\d+)/.exec(text);
  const isReset = block.length === 0;
  return { code: match === null ? (isReset ? undefined : 0) : Number(match[1]), text: block.toString("latin1") + text };
}

/** gRPC's status is in the trailers, whose text is not Huffman coded where it is asked for with a table of size 0 only: read by a client. */
async function grpc(gateway: GatewayFixture, attempt: Attempt): Promise<Outcome> {
  const { connect: connectHttp2 } = await import("node:http2");
  const session = connectHttp2(`http://${gateway.host}:${gateway.port}`);
  session.on("error", () => {});
  try {
    const path = attempt.target === undefined || attempt.target === "" ? "/t.S/Put" : attempt.target;
    const headers: Record<string, string> = {
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    };
    for (const [name, value] of attempt.headers ?? []) headers[name.toLowerCase()] = value;
    return await new Promise<Outcome>((resolve) => {
      let text = "";
      let code: number | undefined;
      const note = (received: Readonly<Record<string, unknown>>): void => {
        text += JSON.stringify(received);
        const status = received["grpc-status"];
        if (status !== undefined) code = Number(status);
        const http = Number(received[":status"] ?? 200);
        if (http !== 200) code ??= byStatus.get(http);
      };
      const stream = session.request(headers);
      stream.on("response", note);
      stream.on("trailers", note);
      stream.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
      stream.on("error", () => {});
      stream.on("close", () => resolve({ code, text }));
      const message = toMessage(gateway.schema, "t.M", attempt.message ?? "{}");
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(message.length, 1);
      stream.end(Buffer.concat([prefix, message]));
    });
  } finally {
    session.destroy();
  }
}

function clientFrame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const head =
    payload.length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | payload.length])
      : payload.length < 65_536
        ? Buffer.from([0x80 | opcode, 0xfe, payload.length >> 8, payload.length & 255])
        : Buffer.concat([Buffer.from([0x80 | opcode, 0xff, 0, 0, 0, 0]), number(payload.length)]);
  return Buffer.concat([head, mask, payload.map((byte, at) => byte ^ mask[at & 3])]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** What the server said in frames: texts one a line, and the close code. */
function readFrames(bytes: Buffer): { readonly texts: string[]; readonly close: number | undefined } {
  const texts: string[] = [];
  let close: number | undefined;
  for (let at = 0; at + 2 <= bytes.length;) {
    const opcode = bytes[at] & 15;
    let length = bytes[at + 1] & 127;
    let from = at + 2;
    if (length === 126) {
      length = bytes.readUInt16BE(from);
      from += 2;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(from));
      from += 8;
    }
    const payload = bytes.subarray(from, from + length);
    if (opcode === 1) texts.push(payload.toString());
    if (opcode === 8) close = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    at = from + length;
  }
  return { texts, close };
}

interface Handshake {
  readonly target: string;
  readonly headers?: Attempt["headers"];
  readonly protocol: string;
  readonly messages: readonly string[];
  /** The frame after which nothing more is waited for. */
  readonly isLast: (text: string) => boolean;
}

async function overWebSocket(gateway: GatewayFixture, { target, headers = [], protocol, messages, isLast }: Handshake) {
  const connection = await openRaw(gateway);
  const lines = [
    `GET ${target} HTTP/1.1`,
    "Host: a",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
  ];
  lines.push(`Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`, `Sec-WebSocket-Protocol: ${protocol}`);
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  let received = Buffer.alloc(0);
  const done = new Promise<void>((resolve) => {
    connection.socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const { texts, close } = readFrames(received.subarray(endOfHead(received)));
      if (close !== undefined || texts.some((text) => isLast(text))) resolve();
    });
    void connection.closed.then(resolve);
  });
  const frames = messages.map((text) => clientFrame(1, Buffer.from(text)));
  connection.send(Buffer.concat([latin1(`${lines.join("\r\n")}\r\n\r\n`), ...frames]));
  await done;
  connection.close();
  const end = endOfHead(received);
  const head = received.subarray(0, end).toString("latin1");
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? Number.NaN);
  return { status, head, rest: received.subarray(end) };
}

function endOfHead(bytes: Buffer): number {
  const at = bytes.indexOf("\r\n\r\n");
  return at < 0 ? bytes.length : at + 4;
}

async function simple(gateway: GatewayFixture, base: string, attempt: Attempt): Promise<Outcome> {
  const { status, head, rest } = await overWebSocket(gateway, {
    target: toTarget(base, attempt),
    headers: attempt.headers,
    protocol: "sluice.v1.json",
    messages: attempt.message === undefined ? [] : [attempt.message],
    isLast: () => false,
  });
  if (status !== 101) return { code: toCode(status, rest.toString("latin1")), text: head + rest.toString("latin1") };
  const { close, texts } = readFrames(rest);
  const code = close === 1000 ? 0 : close !== undefined && close >= 4001 && close <= 4016 ? close - 4000 : undefined;
  return { code, text: head + texts.join("\n") };
}

async function mux(
  gateway: GatewayFixture,
  base: string,
  attempt: Attempt,
  handshake: Attempt["headers"] = [],
): Promise<Outcome> {
  const { message, headers = [] } = attempt;
  const metadata = headers.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",");
  const path = `${message === undefined ? "GET" : "POST"} ${toTarget(base, attempt)}`;
  const body = message === undefined ? "" : `,"m":${message},"end":true`;
  const open = `{"t":"open","id":1,"path":${JSON.stringify(path)},"credit":9,"metadata":{${metadata}}${body}}`;
  const { status, head, rest } = await overWebSocket(gateway, {
    target: "/-/stream",
    headers: handshake,
    protocol: "sluice.mux.v1.json",
    messages: ['{"t":"init"}', open],
    isLast: (text) => text.includes('"t":"status"'),
  });
  const { texts, close } = readFrames(rest);
  const all = head + texts.join("\n");
  if (status !== 101) return { code: toCode(status, all), text: all };
  const last = texts.find((text) => text.includes('"t":"status"'));
  const code = last === undefined ? undefined : Number(/"code":(\d+)/.exec(last)?.[1] ?? Number.NaN);
  return { code: close === undefined ? code : (code ?? undefined), text: all };
}

export const ways: readonly Way[] = [
  {
    name: "REST over HTTP/1.1",
    readsJson: true,
    hasTarget: true,
    try: (gateway, attempt) => overHttp1(gateway, "/v1/unary", attempt, "application/json"),
  },
  {
    name: "REST over HTTP/2",
    readsJson: true,
    hasTarget: true,
    try: (gateway, attempt) => restOverHttp2(gateway, "/v1/unary", attempt),
  },
  {
    name: "a stream of events",
    readsJson: true,
    hasTarget: true,
    try: (gateway, attempt) => overHttp1(gateway, "/v1/stream", attempt, "text/event-stream"),
  },
  {
    name: "a WebSocket in simple mode",
    readsJson: true,
    hasTarget: true,
    try: (gateway, attempt) => simple(gateway, "/v1/stream", attempt),
  },
  {
    name: "a multiplexed WebSocket",
    readsJson: true,
    hasTarget: true,
    try: (gateway, attempt) => mux(gateway, "/v1/stream", attempt),
  },
  { name: "gRPC", readsJson: false, hasTarget: false, try: grpc },
];

/** The unary method of the protos above, `Get`, by its text, on every front; with WebSockets where the configuration lets them have it. */
export interface UnaryWay {
  readonly name: string;
  get(gateway: GatewayFixture, text: string, headers?: Attempt["headers"]): Promise<Outcome>;
}

const base = "/v1/unary";

export const unaryWays: readonly UnaryWay[] = [
  {
    name: "REST over HTTP/1.1",
    get: (gateway, text, headers = []) => overHttp1(gateway, base, { target: `/${text}`, headers }, "application/json"),
  },
  {
    name: "REST over HTTP/2",
    get: (gateway, text, headers = []) => restOverHttp2(gateway, base, { target: `/${text}`, headers }),
  },
  {
    name: "a WebSocket in simple mode",
    get: (gateway, text, headers = []) => simple(gateway, base, { target: `/${text}`, headers }),
  },
  {
    name: "a multiplexed WebSocket",
    get: (gateway, text, headers = []) => mux(gateway, base, { target: `/${text}` }, headers),
  },
  {
    name: "gRPC",
    get: (gateway, text, headers = []) =>
      grpc(gateway, { target: "/t.S/Get", message: JSON.stringify({ text }), headers }),
  },
];
