// The frames in their proto form, sub-protocol sluice.mux.v1.proto: type, stream id, then the message as it is or a Frame of
// protos/sluice/stream.proto.
import type { Metadata } from "./contract.ts";
import type { ClientFrame, Codec, ServerFrame } from "./frames.ts";
import { wireBytes, WireReader, WireWriter } from "./wire.ts";

/** By their number on the wire. */
const types = [
  "",
  "init",
  "ready",
  "open",
  "head",
  "msg",
  "credit",
  "end",
  "cancel",
  "status",
  "auth",
  "expiring",
  "goaway",
  "ping",
  "pong",
];

/** A google.protobuf.Any, as ConnectError has them; RetryInfo also in the form that the client looks for. */
export interface BinaryDetail {
  /** Without the part before the last slash. */
  readonly type: string;
  readonly value: Uint8Array;
}

export const protoCodec: Codec = {
  protocol: "sluice.mux.v1.proto",
  encode(frame) {
    const writer = new WireWriter().varint(types.indexOf(frame.t)).varint("id" in frame ? frame.id : 0);
    if (frame.t === "msg") writer.raw(frame.m as Uint8Array);
    else if (frame.t === "pong") {
      if (frame.d !== undefined) writer.bytes(29, frame.d as Uint8Array);
    } else writeFields(writer, frame);
    return writer.finish();
  },
  decode(data) {
    if (typeof data === "string") throw new TypeError("text, where frames are binary");
    const reader = new WireReader(new Uint8Array(data as ArrayBuffer));
    const t = types[reader.varint()];
    const id = reader.varint();
    if (t === "msg") return { t, id, m: reader.rest() };
    return { t, id, ...readFields(reader) } as ServerFrame;
  },
};

function writeFields(writer: WireWriter, frame: Exclude<ClientFrame, { t: "msg" }>): void {
  switch (frame.t) {
    case "init":
      if (frame.auth !== undefined) writer.text(1, frame.auth);
      writeMetadata(writer, frame.metadata);
      if (frame.client !== undefined) writer.bytes(3, pair(frame.client.name, frame.client.version));
      return;
    case "open":
      writeMetadata(writer, frame.metadata);
      writer.text(4, frame.method).number(6, frame.credit);
      if (frame.timeout !== undefined) writer.text(7, frame.timeout);
      if (frame.m !== undefined) writer.bytes(8, frame.m as Uint8Array);
      if (frame.end === true) writer.number(10, 1);
      return;
    case "credit":
      writer.number(9, frame.n);
      return;
    case "cancel":
      if (frame.reason !== undefined) writer.text(11, frame.reason);
      return;
    case "auth":
      writer.text(1, frame.auth);
      return;
    default:
  }
}

function writeMetadata(writer: WireWriter, metadata: Metadata = {}): void {
  for (const [name, values] of Object.entries(metadata))
    for (const value of [values].flat()) writer.bytes(2, pair(name, value));
}

function pair(first: string, second: string): Uint8Array {
  return new WireWriter().text(1, first).text(2, second).finish();
}

/** Field number → key and how to read it. Those the client does not look at are skipped. */
const numbers: Readonly<Record<number, string>> = {
  9: "n",
  12: "code",
  17: "maxStreams",
  18: "maxMessage",
  19: "upCredit",
  20: "upBytes",
  26: "lastId",
  28: "retryAfterMs",
};
const texts: Readonly<Record<number, string>> = { 13: "message", 24: "what" };

function readFields(reader: WireReader): Record<string, unknown> {
  const details: BinaryDetail[] = [];
  const trailers: Record<string, string[]> = {};
  const metadata: Record<string, string[]> = {};
  // A number that is zero is not on the wire.
  const found: Record<string, unknown> = { code: 0, lastId: 0, retryAfterMs: 0, details, trailers, metadata };
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    const field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (wireType === 0 && field in numbers) found[numbers[field]] = reader.varint();
    else if (wireType !== wireBytes) reader.skip(wireType);
    else if (field in texts) found[texts[field]] = reader.text();
    else if (field === 29) found["d"] = reader.bytes();
    else if (field === 2) readEntry(reader.bytes(), metadata);
    else if (field === 15) readEntry(reader.bytes(), trailers);
    else if (field === 14) details.push(readDetail(reader.bytes()));
    else reader.skip(wireType);
  }
  return found;
}

function readEntry(bytes: Uint8Array, into: Record<string, string[]>): void {
  const [name, value] = readPair(bytes).map((part) => new TextDecoder().decode(part));
  if (!Object.hasOwn(into, name)) Object.defineProperty(into, name, { value: [], enumerable: true });
  into[name].push(value);
}

function readPair(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  const reader = new WireReader(bytes);
  const found: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    if (tag === 10 || tag === 18) found[tag === 10 ? 0 : 1] = reader.bytes();
    else reader.skip(tag % 8);
  }
  return found;
}

function readDetail(bytes: Uint8Array): BinaryDetail {
  const [typeUrl, value] = readPair(bytes);
  const url = new TextDecoder().decode(typeUrl);
  const type = url.slice(url.lastIndexOf("/") + 1);
  if (type !== "google.rpc.RetryInfo") return { type, value };
  return Object.assign({ type, value }, { "@type": url, retryDelay: `${readDelay(value)}s` });
}

/** google.rpc.RetryInfo: seconds of the google.protobuf.Duration in field 1. */
function readDelay(bytes: Uint8Array): number {
  const [duration] = readPair(bytes);
  const reader = new WireReader(duration);
  let seconds = 0;
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    if (tag === 8) seconds += reader.varint();
    else if (tag === 16) seconds += reader.varint() / 1e9;
    else reader.skip(tag % 8);
  }
  return seconds;
}
