// The frames a client of the multiplexed mode sends, in both forms (docs/websocket.md), and its reading of the two it hears.
import { clientFrame } from "./frame-scanner.ts";
import { opcodes } from "./socket-speech.ts";

export interface MuxOpen {
  readonly method: string;
  readonly credit: number;
  /** Of a flood. */
  readonly count: number;
}

/** A message: the bytes between, for the stream with that id. */
export interface MuxMessage {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

export interface MuxForm {
  readonly protocol: string;
  readonly encoding: "json" | "proto";
  init(): Buffer;
  open(id: number, open: MuxOpen): Buffer;
  credit(id: number, messages: number): Buffer;
  /** Undefined for a frame of another type. */
  readMessage(bytes: Buffer, start: number, end: number): MuxMessage | undefined;
  /** Of the frames that are no message: whether it tells the end of a stream; throws when that is not a good one. */
  isEnd(bytes: Buffer, start: number, end: number): boolean;
}

/** Behind `{"t":"msg","id":`. */
const jsonIdAt = 16;

export const jsonForm: MuxForm = {
  protocol: "sluice.mux.v1.json",
  encoding: "json",
  init: () => text({ t: "init" }),
  open: (id, { method, credit, count }) => text({ t: "open", id, method, credit, m: { count }, end: true }),
  credit: (id, n) => text({ t: "credit", id, n }),
  readMessage(bytes, start, end) {
    // The `m` of msg, where other types have another letter.
    if (bytes[start + 6] !== 0x6d) return undefined;
    let at = start + jsonIdAt;
    let id = 0;
    for (; bytes[at] >= 0x30 && bytes[at] <= 0x39; at++) id = id * 10 + bytes[at] - 0x30;
    // `,"m":` before the message, `}` behind it.
    return { id, start: at + 5, end: end - 1 };
  },
  isEnd(bytes, start, end) {
    const frame = JSON.parse(bytes.toString("utf8", start, end)) as { readonly t: string; readonly code?: number };
    if (frame.t === "status" && frame.code !== 0) throw new Error(`a stream failed: ${JSON.stringify(frame)}`);
    return frame.t === "status";
  },
};

const types = { init: 1, open: 3, msg: 5, credit: 6, status: 9 } as const;
/** Tags of the fields of sluice.mux.v1.Frame that are used here. */
const tags = { method: (4 << 3) | 2, credit: 6 << 3, m: (8 << 3) | 2, n: 9 << 3, end: 10 << 3, count: 1 << 3 } as const;

export const protoForm: MuxForm = {
  protocol: "sluice.mux.v1.proto",
  encoding: "proto",
  init: () => binary(types.init, 0, []),
  open(id, { method, credit, count }) {
    const request = count === 0 ? [] : [tags.count, ...varint(count)];
    const name = Buffer.from(method);
    const target = [tags.method, ...varint(name.length), ...name];
    const first = [tags.m, ...varint(request.length), ...request];
    return binary(types.open, id, [...target, tags.credit, ...varint(credit), ...first, tags.end, 1]);
  },
  credit: (id, n) => binary(types.credit, id, [tags.n, ...varint(n)]),
  readMessage(bytes, start, end) {
    if (bytes[start] !== types.msg) return undefined;
    let at = start + 1;
    let id = 0;
    for (let shift = 0; ; shift += 7) {
      id |= (bytes[at] & 127) << shift;
      if (bytes[at++] < 128) break;
    }
    return { id, start: at, end };
  },
  isEnd(bytes, start, end) {
    if (bytes[start] !== types.status) return false;
    let at = start + 1;
    while (bytes[at++] >= 128);
    // A good end has nothing to say.
    if (at < end) throw new Error(`a stream failed: ${bytes.toString("latin1", at, end)}`);
    return true;
  },
};

function text(frame: object): Buffer {
  return clientFrame(opcodes.text, Buffer.from(JSON.stringify(frame)));
}

function binary(type: number, id: number, payload: readonly number[]): Buffer {
  return clientFrame(opcodes.binary, Buffer.from([type, ...varint(id), ...payload]));
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
