// A binary frame of the multiplexed protocol → what it says: type, stream id, and a `Frame` of protos/sluice/stream.proto or a message as it is.
import { isUtf8 } from "node:buffer";
import { emptyMetadata } from "../../metadata.ts";
import { GatewayError } from "../../status.ts";
import { WireReader } from "../../translate/wire/wire-reader.ts";
import { FrameFault, largestInteger, longestAuth, longestPing } from "./mux-frame.ts";
import type { ClientFrame, OpenFrame } from "./mux-frame.ts";

/** The byte a frame begins with. */
export const FrameType = {
  init: 1,
  ready: 2,
  open: 3,
  head: 4,
  msg: 5,
  credit: 6,
  end: 7,
  cancel: 8,
  status: 9,
  auth: 10,
  expiring: 11,
  goaway: 12,
  ping: 13,
  pong: 14,
} as const;

/** A varint has at most five bytes here. */
const longestId = 5;

export function readProtoFrame(bytes: Buffer): ClientFrame {
  if (bytes.length < 2) throw new FrameFault("a frame is a byte for its type, a varint for the stream, and a payload");
  let id = 0;
  let pos = 1;
  for (let place = 1; ; place *= 0x80) {
    if (pos > longestId || pos === bytes.length) throw new FrameFault("the stream id is no varint of at most 5 bytes");
    const byte = bytes[pos++];
    id += (byte & 0x7f) * place;
    if (byte < 0x80) break;
  }
  if (id > largestInteger) throw new FrameFault(`the stream id must be at most ${largestInteger}`);
  try {
    return toFrame(bytes[0], id, bytes, pos);
  } catch (error) {
    if (error instanceof GatewayError) throw new FrameFault(`the payload is no sluice.mux.v1.Frame: ${error.message}`);
    throw error;
  }
}

function toFrame(type: number, id: number, bytes: Buffer, pos: number): ClientFrame {
  switch (type) {
    case FrameType.msg:
      return { kind: "msg", id: ofStream(id), message: bytes.subarray(pos) };
    case FrameType.credit:
      return { kind: "credit", id: ofStream(id), n: readCredit(new WireReader(bytes, pos, bytes.length)) };
    case FrameType.open:
      return readOpen(ofStream(id), new WireReader(bytes, pos, bytes.length));
    case FrameType.end:
      return { kind: "end", id: ofStream(id) };
    case FrameType.cancel:
      return { kind: "cancel", id: ofStream(id) };
    case FrameType.init: {
      const { auth, metadata } = readInit(new WireReader(bytes, pos, bytes.length));
      return { kind: "init", auth: auth === "" ? undefined : auth, metadata };
    }
    case FrameType.auth:
      return { kind: "auth", auth: readInit(new WireReader(bytes, pos, bytes.length)).auth };
    case FrameType.ping:
      return { kind: "ping", d: readEcho(new WireReader(bytes, pos, bytes.length)) };
    case FrameType.pong:
      return { kind: "pong" };
    default:
      throw new FrameFault(`${type} is the type of no frame of a client; docs/websocket.md has them`);
  }
}

function ofStream(id: number): number {
  if (id === 0) throw new FrameFault("a frame about a stream needs its id, from 1 on");
  return id;
}

/** `n` (9). */
function readCredit(reader: WireReader): number {
  let n = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x48) n = integer(reader, "n");
    else reader.skip(tag);
  }
  if (n === 0) throw new FrameFault(`"n" must be an integer from 1 to ${largestInteger}`);
  return n;
}

/** `auth` (1), `metadata` (2). */
function readInit(reader: WireReader): { readonly auth: string; readonly metadata: readonly string[] } {
  let auth = "";
  const metadata: string[] = [];
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) auth = text(reader, "auth");
    else if (tag === 0x12) readMetadata(reader, metadata);
    else reader.skip(tag);
  }
  if (auth.length > longestAuth) throw new FrameFault(`"auth" is longer than ${longestAuth} characters`);
  return { auth, metadata };
}

/** `metadata` (2), `method` (4), `path` (5), `credit` (6), `timeout` (7), `m` (8), `end` (10). */
function readOpen(id: number, reader: WireReader): OpenFrame {
  const metadata: string[] = [];
  let method: string | undefined;
  let path: string | undefined;
  let timeout: string | undefined;
  let message: Uint8Array | undefined;
  let credit = 1;
  let end = false;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0x12) readMetadata(reader, metadata);
    else if (tag === 0x22) method = text(reader, "method");
    else if (tag === 0x2a) path = text(reader, "path");
    else if (tag === 0x30) credit = integer(reader, "credit");
    else if (tag === 0x3a) timeout = text(reader, "timeout");
    else if (tag === 0x42) message = range(reader);
    else if (tag === 0x50) end = integer(reader, "end") !== 0;
    else reader.skip(tag);
  }
  return {
    kind: "open",
    id,
    // An empty text is one that is not there (proto3).
    method: method === "" ? undefined : method,
    path: path === "" ? undefined : path,
    credit,
    metadata: metadata.length === 0 ? emptyMetadata : metadata,
    timeout: timeout === "" ? undefined : timeout,
    message,
    end,
  };
}

/** `Metadata`: name (1), value (2). */
function readMetadata(reader: WireReader, metadata: string[]): void {
  const end = reader.lengthEnd();
  const entry = new WireReader(reader.bytes, reader.pos, end);
  let name = "";
  let value = "";
  while (entry.pos < entry.end) {
    const tag = entry.tag();
    if (tag === 0x0a) name = text(entry, "metadata");
    else if (tag === 0x12) value = text(entry, "metadata");
    else entry.skip(tag);
  }
  metadata.push(name, value);
  reader.pos = end;
}

/** `d` (29), copied: it may be kept longer than the frame. */
function readEcho(reader: WireReader): Uint8Array | undefined {
  let d: Uint8Array | undefined;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 0xea) d = range(reader);
    else reader.skip(tag);
  }
  if (d === undefined || d.length === 0) return undefined;
  if (d.length > longestPing) throw new FrameFault(`"d" is longer than ${longestPing} bytes`);
  return Uint8Array.from(d);
}

function integer(reader: WireReader, key: string): number {
  reader.varint64();
  if (reader.hi !== 0 || reader.lo < 0) throw new FrameFault(`"${key}" must be at most ${largestInteger}`);
  return reader.lo;
}

function text(reader: WireReader, key: string): string {
  const bytes = range(reader);
  if (!isUtf8(bytes)) throw new FrameFault(`"${key}" is not UTF-8`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

function range(reader: WireReader): Uint8Array {
  const end = reader.lengthEnd();
  const bytes = reader.bytes.subarray(reader.pos, end);
  reader.pos = end;
  return bytes;
}
