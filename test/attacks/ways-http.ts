// Requests over HTTP/1.1 and HTTP/2 by hand: REST and its streams.
import { connect } from "node:net";
import { FrameType } from "../../src/http2/protocol.ts";
import { clientHello, frame, literals, RawPeer } from "../http2/support/raw-peer.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { openRaw } from "../support/raw-http.ts";
import { toCode } from "./attempt.ts";
import type { Attempt, Outcome } from "./attempt.ts";

/** The path of a method with what the attempt puts behind it. */
export function toTarget(base: string, { target = "" }: Attempt): string {
  return target === "" || target.startsWith("/") || target.startsWith("?") ? base + target : target;
}

export const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

/** One request, its answer read to the end of the connection. */
export async function overHttp1(
  gateway: GatewayFixture,
  base: string,
  attempt: Attempt,
  accept: string,
): Promise<Outcome> {
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
  const isCut = /^transfer-encoding: chunked/im.test(text) && !text.endsWith("\r\n0\r\n\r\n");
  return { code: Number.isNaN(status) || isCut ? undefined : toCode(status, text), text };
}

/** One request on frames of its own; header names and values go out as they are. */
async function exchangeFrames(
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

export async function overHttp2(
  gateway: GatewayFixture,
  base: string,
  attempt: Attempt,
  accept: string,
): Promise<Outcome> {
  const { headers = [], message } = attempt;
  const head = [":method", message === undefined ? "GET" : "POST", ":scheme", "http", ":path", toTarget(base, attempt)];
  head.push(":authority", "a", "accept", accept);
  if (message !== undefined) head.push("content-type", "application/json");
  for (const [name, value] of headers) head.push(name.toLowerCase(), value);
  const { headers: block, data } = await exchangeFrames(gateway, head, Buffer.from(message ?? ""));
  const text = data.toString("latin1");
  // Without a decoder: an error is JSON, and whatever is not is a reply; where there is nothing, the stream was reset.
  const match = /"code":(\d+)/.exec(text);
  const isReset = block.length === 0;
  return { code: match === null ? (isReset ? undefined : 0) : Number(match[1]), text: block.toString("latin1") + text };
}
