// Clients of an echo on every way to call, which cut what they send anywhere and read it with pauses: each gives what came back.
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { expect } from "chai";
import { WebSocket } from "ws";
import { fromMessage, toMessage } from "./gateway.ts";
import { schemaOf } from "./schema.ts";

export const echoProtos = `
  syntax = "proto3";
  package echo;
  import "google/api/annotations.proto";
  message Note { string text = 1; }
  service Echo {
    rpc Say(Note) returns (Note) { option (google.api.http) = { post: "/v1/say" body: "*" }; }
    rpc Hear(Note) returns (stream Note) { option (google.api.http) = { post: "/v1/hear" body: "*" }; }
    rpc Talk(stream Note) returns (stream Note) { option (google.api.http) = { post: "/v1/talk" body: "*" }; }
  }
`;
const schema = schemaOf(echoProtos);
const note = schema.message("echo.Note")!;
const encode = (text: string): Buffer => toMessage(schema, "echo.Note", JSON.stringify({ text }));
export const decode = (bytes: Uint8Array): string =>
  (JSON.parse(fromMessage(schema, note, bytes)) as { text: string }).text;
/** A header of the answer, which is another for each. */
export const tagOf = (text: string): string => text.slice(0, 20);

/** The same in every run. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 12345;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export interface Place {
  readonly authority: string;
  readonly port: number;
  /** Undefined in plain text. */
  readonly ca: Buffer | undefined;
}

type Way = (place: Place, client: string, texts: readonly string[]) => Promise<string[]>;

export function openSocket({ port, ca }: Place): Socket {
  const socket =
    ca === undefined
      ? connectTcp(port, "127.0.0.1")
      : connectTls({ host: "127.0.0.1", port, ca, servername: "localhost" });
  socket.on("error", () => {});
  return socket;
}

export const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** All requests one after the other without waiting, cut anywhere; the reader stops now and then. */
const pipelined: Way = async (place, client, texts) => {
  const socket = openSocket(place);
  const random = randomOf(texts.length + client.length);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (random(4) > 0) return;
    socket.pause();
    setImmediate(() => socket.resume());
  });
  const ended = once(socket, "end");
  const bytes = Buffer.concat(
    texts.map((text, at) => {
      const body = Buffer.from(JSON.stringify({ text }));
      const last = at === texts.length - 1 ? "Connection: close\r\n" : "";
      const head = `POST /v1/say HTTP/1.1\r\nHost: x\r\n${last}Content-Length: ${body.length}\r\n\r\n`;
      return Buffer.concat([Buffer.from(head), body]);
    }),
  );
  for (let at = 0; at < bytes.length;) {
    const length = random(3) === 0 ? 1 + random(9) : 1 + random(60_000);
    const hasRoom = socket.write(bytes.subarray(at, at + length));
    at += length;
    if (!hasRoom) await Promise.race([once(socket, "drain"), ended]);
    else if (random(3) === 0) await pause();
  }
  await ended;
  socket.destroy();
  return readAnswers(Buffer.concat(chunks));
};

function readAnswers(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf("\r\n\r\n", at) + 4;
    const head = bytes.toString("latin1", at, end);
    expect(head.slice(0, 15)).to.equal("HTTP/1.1 200 OK");
    const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1]);
    const { text } = JSON.parse(bytes.toString("utf8", end, end + length)) as { text: string };
    expect(/\r\nx-tag: (.*)\r\n/i.exec(head)?.[1]).to.equal(tagOf(text));
    texts.push(text);
    at = end + length;
  }
  return texts;
}

async function ask(session: ClientHttp2Session, path: string, text: string, accept: string): Promise<string> {
  const stream = session.request({ ":path": path, ":method": "POST", "content-type": "application/json", accept });
  const body = Buffer.from(JSON.stringify({ text }));
  stream.write(body.subarray(0, 5));
  stream.end(body.subarray(5));
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function openHttp2({ authority, ca }: Place): ClientHttp2Session {
  const session = connectHttp2(`${ca === undefined ? "http" : "https"}://${authority}`, {
    ca,
    servername: "localhost",
  });
  session.on("error", () => {});
  return session;
}

const multiplexed: Way = async (place, _client, texts) => {
  const session = openHttp2(place);
  const bodies = await Promise.all(texts.map((text) => ask(session, "/v1/say", text, "application/json")));
  session.close();
  return bodies.map((body) => (JSON.parse(body) as { text: string }).text);
};

/** Each note comes three times. */
const events: Way = async (place, _client, texts) => {
  const session = openHttp2(place);
  const bodies = await Promise.all(texts.map((text) => ask(session, "/v1/hear", text, "text/event-stream")));
  session.close();
  return bodies.map((body) => {
    const lines = body.split("\n").filter((line) => line.startsWith('data: {"text"'));
    const heard = lines.map((line) => (JSON.parse(line.slice(6)) as { text: string }).text);
    expect(heard).to.have.length(3);
    return new Set(heard).size === 1 ? heard[0] : heard.join(" and ");
  });
};

const openGrpc = ({ authority, ca }: Place): Client =>
  new Client(authority, ca === undefined ? credentials.createInsecure() : credentials.createSsl(ca), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.ssl_target_name_override": "localhost",
    "grpc.default_authority": "localhost",
  });

const grpcUnary: Way = async (place, _client, texts) => {
  const client = openGrpc(place);
  const say = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest("/echo.Echo/Say", encode, decode, text, (error, reply) =>
        error === null ? resolve(reply!) : reject(error),
      );
    });
  const replies = await Promise.all(texts.map(say));
  client.close();
  return replies;
};

const grpcBidi: Way = async (place, _client, texts) => {
  const client = openGrpc(place);
  const call = client.makeBidiStreamRequest("/echo.Echo/Talk", encode, decode, new Metadata());
  for (const text of texts) call.write(text);
  call.end();
  const got: string[] = [];
  for await (const text of call as AsyncIterable<string>) {
    got.push(text);
    if (got.length % 3 === 0) await pause();
  }
  client.close();
  return got;
};

const webSocket: Way = async ({ authority, ca }, _client, texts) => {
  const url = `${ca === undefined ? "ws" : "wss"}://${authority}/v1/talk`;
  const socket = new WebSocket(url, { ...(ca !== undefined && { ca, servername: "localhost" }) });
  const got: string[] = [];
  const whole = new Promise<void>((resolve, reject) => {
    socket.on("message", (data: Buffer) => {
      got.push((JSON.parse(data.toString()) as { text: string }).text);
      if (got.length === texts.length) resolve();
    });
    socket.on("error", reject);
    socket.on("close", (code) => reject(new Error(`closed with ${code} after ${got.length}`)));
  });
  socket.on("open", () => {
    for (const text of texts) socket.send(JSON.stringify({ text }));
  });
  await whole;
  socket.terminate();
  return got;
};

export const ways: Readonly<Record<string, Way>> = { pipelined, multiplexed, events, grpcUnary, grpcBidi, webSocket };
