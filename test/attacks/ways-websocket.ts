// WebSockets by hand: simple mode, multiplexed mode, each in JSON and in protobuf, and grpc-websockets.
import { randomBytes } from "node:crypto";
import { toMessage } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { openRaw } from "../support/raw-http.ts";
import { decodeProto, encodeProto } from "../support/stream-mux-client.ts";
import { toCode } from "./attempt.ts";
import type { Attempt, Outcome } from "./attempt.ts";
import { latin1, toTarget } from "./ways-http.ts";

type Form = "json" | "proto";

const textFrame = 1;
const binaryFrame = 2;
const closeFrame = 8;

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

function clientFrame({ opcode, payload }: Frame): Buffer {
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

const text = (payload: string): Frame => ({ opcode: textFrame, payload: Buffer.from(payload) });
const binary = (payload: Buffer): Frame => ({ opcode: binaryFrame, payload });

/** What the server said, as far as it is there whole. */
function readFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
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
    at = from + length;
    if (at <= bytes.length) frames.push({ opcode, payload: bytes.subarray(from, at) });
  }
  return frames;
}

interface Handshake {
  readonly target: string;
  readonly headers?: Attempt["headers"];
  readonly protocol: string;
  readonly frames: readonly Frame[];
  /** The frame after which nothing more is waited for. */
  readonly isLast?: (frame: Frame) => boolean;
}

interface Answered {
  readonly status: number;
  readonly head: string;
  readonly frames: readonly Frame[];
  /** Where it was no handshake. */
  readonly body: string;
}

async function overWebSocket(
  gateway: GatewayFixture,
  { target, headers = [], protocol, frames, isLast = () => false }: Handshake,
): Promise<Answered> {
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
      const seen = readFrames(received.subarray(endOfHead(received)));
      if (seen.some((frame) => frame.opcode === closeFrame || isLast(frame))) resolve();
    });
    void connection.closed.then(resolve);
  });
  connection.send(Buffer.concat([latin1(`${lines.join("\r\n")}\r\n\r\n`), ...frames.map(clientFrame)]));
  await done;
  connection.close();
  const end = endOfHead(received);
  const head = received.subarray(0, end).toString("latin1");
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? Number.NaN);
  const rest = received.subarray(end);
  return status === 101
    ? { status, head, frames: readFrames(rest), body: "" }
    : { status, head, frames: [], body: rest.toString("latin1") };
}

function endOfHead(bytes: Buffer): number {
  const at = bytes.indexOf("\r\n\r\n");
  return at < 0 ? bytes.length : at + 4;
}

function closeOf(frames: readonly Frame[]): number | undefined {
  const close = frames.find(({ opcode }) => opcode === closeFrame);
  return close === undefined ? undefined : close.payload.length >= 2 ? close.payload.readUInt16BE(0) : 1005;
}

/** All of it, to be searched. */
function toText({ head, frames, body }: Answered): string {
  return [head + body, ...frames.map(({ payload }) => payload.toString("latin1"))].join("\n");
}

export async function simple(gateway: GatewayFixture, base: string, attempt: Attempt, form: Form): Promise<Outcome> {
  const { message, headers } = attempt;
  const answered = await overWebSocket(gateway, {
    target: toTarget(base, attempt),
    headers,
    protocol: `sluice.v1.${form}`,
    frames:
      message === undefined
        ? []
        : [form === "json" ? text(message) : binary(toMessage(gateway.schema, "t.M", message))],
  });
  if (answered.status !== 101) return { code: toCode(answered.status, answered.body), text: toText(answered) };
  const close = closeOf(answered.frames);
  const code = close === 1000 ? 0 : close !== undefined && close >= 4001 && close <= 4016 ? close - 4000 : undefined;
  return { code, text: toText(answered) };
}

/** Headers are metadata of the frame that opens the call; `handshake` has those of HTTP. */
export async function mux(
  gateway: GatewayFixture,
  base: string,
  attempt: Attempt,
  handshake: Attempt["headers"] = [],
): Promise<Outcome> {
  const { message, headers = [] } = attempt;
  // Names that repeat stay what they are: this is no JSON.stringify of an object.
  const metadata = headers.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",");
  const body = message === undefined ? "" : `,"m":${message},"end":true`;
  const path = JSON.stringify(toOpened(base, attempt));
  const open = `{"t":"open","id":1,"path":${path},"credit":9,"metadata":{${metadata}}${body}}`;
  const answered = await overWebSocket(gateway, {
    target: "/-/stream",
    headers: handshake,
    protocol: "sluice.mux.v1.json",
    frames: [text('{"t":"init"}'), text(open)],
    isLast: ({ payload }) => payload.includes('"t":"status"'),
  });
  const all = toText(answered);
  if (answered.status !== 101) return { code: toCode(answered.status, all), text: all };
  const last = answered.frames.find(({ payload }) => payload.includes('"t":"status"'));
  return { code: last && Number(/"code":(\d+)/.exec(last.payload.toString())?.[1] ?? Number.NaN), text: all };
}

const toOpened = (base: string, attempt: Attempt): string =>
  `${attempt.message === undefined ? "GET" : "POST"} ${toTarget(base, attempt)}`;

const statusByte = 9;

/** The same, in protobuf. */
export async function muxProto(gateway: GatewayFixture, base: string, attempt: Attempt): Promise<Outcome> {
  const { message, headers = [] } = attempt;
  const metadata = headers.map(([name, value]) => ({ name, value }));
  const body = message === undefined ? {} : { m: toMessage(gateway.schema, "t.M", message), end: true };
  const open = encodeProto({ t: "open", id: 1, path: toOpened(base, attempt), credit: 9, metadata, ...body });
  const answered = await overWebSocket(gateway, {
    target: "/-/stream",
    protocol: "sluice.mux.v1.proto",
    frames: [binary(encodeProto({ t: "init" })), binary(open)],
    isLast: ({ opcode, payload }) => opcode === binaryFrame && payload[0] === statusByte,
  });
  const all = toText(answered);
  if (answered.status !== 101) return { code: toCode(answered.status, all), text: all };
  const last = answered.frames.find(({ opcode, payload }) => opcode === binaryFrame && payload[0] === statusByte);
  return { code: last && Number(decodeProto(last.payload)["code"]), text: all };
}

/** A target is the path of a method; headers are lines of the first frame. */
export async function grpcWebSockets(gateway: GatewayFixture, attempt: Attempt): Promise<Outcome> {
  const { target = "", headers = [], message = "{}" } = attempt;
  const lines = [["content-type", "application/grpc-web+proto"], ...headers].map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const bytes = toMessage(gateway.schema, "t.M", message);
  const answered = await overWebSocket(gateway, {
    target: target === "" ? "/t.S/Push" : target,
    protocol: "grpc-websockets",
    frames: [
      binary(latin1(lines.join(""))),
      binary(Buffer.concat([Buffer.from([0, 0]), number(bytes.length), bytes])),
      binary(Buffer.from([1])),
    ],
  });
  const all = toText(answered);
  if (answered.status !== 101) return { code: toCode(answered.status, all), text: all };
  const status = /grpc-status: (\d+)/.exec(all);
  return { code: status === null ? undefined : Number(status[1]), text: all };
}
