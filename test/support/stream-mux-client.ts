// Streams over WebSocket in multiplexed mode, in both forms, written by docs/websocket.md alone: the client end of the protocol.
import type { WebSocket } from "ws";
import { fromMessage, toMessage } from "./gateway.ts";
import { schemaOf } from "./schema.ts";
import { decodeAnswer, encodeAsk, methods } from "./stream-backend.ts";
import type { Answer, Ask, Kind, Status } from "./stream-backend.ts";
import { Received } from "./stream-client.ts";
import type { Ended, OpenOptions, StreamHandle, StreamTransport } from "./stream-client.ts";
import { openSocket, Refused, toRefusedStream } from "./stream-websocket-client.ts";
import type { Encoding } from "./stream-websocket-client.ts";

const frames = schemaOf({
  "test.proto": 'syntax = "proto3"; import "sluice/stream.proto"; import "google/rpc/error_details.proto";',
});
const frameType = frames.message("sluice.mux.v1.Frame")!;

export interface MuxFrame {
  readonly t: string;
  readonly id?: number;
  readonly [key: string]: unknown;
}

const types: readonly string[] =
  "init ready open head msg credit end cancel status auth expiring goaway ping pong".split(" ");

type Entries = readonly { readonly name: string; readonly value: string }[];

/** Names in protobuf, in JSON of the protocol the same. */
function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** A frame as clients of `sluice.mux.v1.proto` send it. */
export function encodeProto({ t, id = 0, ...fields }: MuxFrame): Buffer {
  const head = Buffer.from([types.indexOf(t) + 1, ...varint(id)]);
  if (t === "msg") return Buffer.concat([head, fields["m"] as Buffer]);
  const payload = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      toSnake(name),
      Buffer.isBuffer(value) ? value.toString("base64") : value,
    ]),
  );
  return Buffer.concat([head, toMessage(frames, "sluice.mux.v1.Frame", JSON.stringify(payload))]);
}

export function decodeProto(bytes: Buffer): MuxFrame {
  let at = 1;
  let id = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[at++];
    id += (byte & 127) * factor;
    if (byte < 128) break;
  }
  const t = types[bytes[0] - 1] ?? `type ${bytes[0]}`;
  const payload = bytes.subarray(at);
  if (t === "msg") return { t, id, m: payload };
  const text = fromMessage(frames, frameType, payload);
  const fields = JSON.parse(text) as Record<string, unknown> & { trailers?: Entries };
  const trailers = fields.trailers === undefined ? {} : { trailers: toObject(fields.trailers) };
  return { t, id, ...(t === "status" ? { code: 0 } : {}), ...fields, ...trailers };
}

function toObject(entries: Entries): Record<string, unknown> {
  const values: Record<string, string | string[]> = {};
  for (const { name, value } of entries) values[name] = name in values ? [values[name], value].flat() : value;
  return values;
}

/** One socket, which has said hello and was answered. */
export class MuxConnection {
  readonly socket: WebSocket;
  readonly #encoding: Encoding;
  readonly #streams = new Map<number, MuxStream>();
  #lastId = 0;
  #waiting: { readonly t: string; readonly resolve: (frame: MuxFrame) => void }[] = [];

  private constructor(socket: WebSocket, encoding: Encoding) {
    this.socket = socket;
    this.#encoding = encoding;
    socket.on("message", (data: Buffer, isBinary) => this.#read(data, isBinary));
    socket.on("close", (code, reason) => {
      for (const stream of this.#streams.values())
        stream.onEnd({ code: undefined, how: `close ${code} ${reason.toString()}` });
    });
  }

  /** Rejects with Refused where the credentials are. */
  static async open(url: string, encoding: Encoding, bearer?: string): Promise<MuxConnection> {
    const connection = new MuxConnection(await openSocket(url, [`sluice.mux.v1.${encoding}`]), encoding);
    const ready = connection.next("ready");
    const refused = connection.next("status");
    connection.write({ t: "init", ...(bearer === undefined ? {} : { auth: `Bearer ${bearer}` }) });
    const first = await Promise.race([ready, refused]);
    if (first.t === "status") throw new Refused(toEnded(first));
    connection.#waiting = [];
    connection.upCredit = first["upCredit"] as number;
    return connection;
  }

  upCredit = 0;

  get encoding(): Encoding {
    return this.#encoding;
  }

  /** Resolves with the next frame of that type about the socket. */
  next(t: string): Promise<MuxFrame> {
    return new Promise((resolve) => this.#waiting.push({ t, resolve }));
  }

  write(frame: MuxFrame): void {
    this.socket.send(this.#encoding === "json" ? JSON.stringify(frame) : encodeProto(frame));
  }

  stream(kind: Kind, options: MuxOptions): MuxStream {
    const stream = new MuxStream(this, ++this.#lastId, kind, options);
    this.#streams.set(this.#lastId, stream);
    return stream;
  }

  #read(data: Buffer, isBinary: boolean): void {
    if (isBinary !== (this.#encoding === "proto")) throw new Error("a frame of the other kind");
    const frame = isBinary ? decodeProto(data) : (JSON.parse(data.toString()) as MuxFrame);
    const waiter = this.#waiting.find(({ t }) => t === frame.t);
    if (waiter !== undefined) {
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      waiter.resolve(frame);
    }
    const stream = this.#streams.get(frame.id ?? 0);
    if (stream === undefined) return;
    if (frame.t === "msg") stream.onMessage(isBinary ? decodeAnswer(frame["m"] as Buffer) : (frame["m"] as Answer));
    else if (frame.t === "credit") stream.onCredit(frame["n"] as number);
    else if (frame.t === "status") {
      this.#streams.delete(frame.id ?? 0);
      stream.onEnd(toEnded(frame));
    }
  }
}

function toEnded(frame: MuxFrame): Ended {
  const { code, message, details, trailers } = frame as MuxFrame & Status & { trailers?: Record<string, unknown> };
  return { code, message, details, trailers, how: "status frame" };
}

interface MuxOptions extends OpenOptions {
  /** By the path of its rule instead of by its name. */
  readonly byPath?: boolean;
  /** What is granted at first, and kept granted. */
  readonly window: number;
  /** Credentials of the call's own. */
  readonly ownBearer?: string;
  /** Stops reading the socket instead of granting. */
  readonly holdsSocket?: boolean;
}

class MuxStream implements StreamHandle {
  readonly #received = new Received();
  readonly #connection: MuxConnection;
  readonly #id: number;
  readonly #kind: Kind;
  readonly #options: MuxOptions;
  readonly #queue: Ask[] = [];
  #credit: number;
  #isOpened = false;
  #isEnding = false;
  #isHeld = false;
  #ungranted = 0;

  constructor(connection: MuxConnection, id: number, kind: Kind, options: MuxOptions) {
    this.#connection = connection;
    this.#id = id;
    this.#kind = kind;
    this.#options = options;
    this.#credit = connection.upCredit;
    if (kind === "client-streaming" || kind === "bidi-streaming") this.#open({});
  }

  get messages() {
    return this.#received.messages;
  }

  get ended() {
    return this.#received.ended;
  }

  get unsentBytes(): number {
    return this.#queue.reduce((sum, ask) => sum + (ask.text?.length ?? 0), this.#connection.socket.bufferedAmount);
  }

  until(count: number): Promise<void> {
    return this.#received.until(count);
  }

  #open(more: object): void {
    this.#isOpened = true;
    const method = methods[this.#kind];
    const target =
      this.#options.byPath === true
        ? { path: `POST /v1/${method.toLowerCase()}` }
        : { method: `streams.Streams/${method}` };
    const timeout = this.#options.timeoutMs === undefined ? {} : { timeout: `${this.#options.timeoutMs}ms` };
    const own = { ...this.#toMetadata(), ...timeout, ...more };
    this.#connection.write({ t: "open", id: this.#id, ...target, credit: this.#options.window, ...own });
  }

  #toMetadata(): object {
    const { ownBearer } = this.#options;
    if (ownBearer === undefined) return {};
    const value = `Bearer ${ownBearer}`;
    const isJson = this.#connection.encoding === "json";
    return { metadata: isJson ? { authorization: value } : [{ name: "authorization", value }] };
  }

  #toMessage(ask: Ask): unknown {
    return this.#connection.encoding === "json" ? ask : encodeAsk(ask);
  }

  send(ask: Ask): void {
    if (!this.#isOpened) this.#open({ m: this.#toMessage(ask), end: true });
    else {
      this.#queue.push(ask);
      this.#flush();
    }
  }

  #flush(): void {
    while (this.#credit > 0 && this.#queue.length > 0) {
      this.#credit--;
      this.#connection.write({ t: "msg", id: this.#id, m: this.#toMessage(this.#queue.shift()!) });
    }
    if (this.#isEnding && this.#queue.length === 0) {
      this.#isEnding = false;
      this.#connection.write({ t: "end", id: this.#id });
    }
  }

  end(): void {
    if (this.#kind === "unary" || this.#kind === "server-streaming") return;
    this.#isEnding = true;
    this.#flush();
  }

  cancel(): void {
    this.#connection.write({ t: "cancel", id: this.#id });
  }

  hold(): void {
    this.#isHeld = true;
    if (this.#options.holdsSocket === true) this.#connection.socket.pause();
  }

  release(): void {
    this.#isHeld = false;
    this.#connection.socket.resume();
    this.#grant();
  }

  onMessage(message: Answer): void {
    this.#ungranted++;
    this.#received.push(message);
    if (!this.#isHeld) this.#grant();
  }

  #grant(): void {
    if (this.#ungranted === 0 || this.#received.isEnded) return;
    this.#connection.write({ t: "credit", id: this.#id, n: this.#ungranted });
    this.#ungranted = 0;
  }

  onCredit(n: number): void {
    this.#credit += n;
    this.#flush();
  }

  onEnd(ended: Ended): void {
    this.#received.end(ended);
  }
}

function mux(name: string, encoding: Encoding, setup: MuxOptions): StreamTransport {
  const path = setup.byPath === true ? "/v1/chat" : "/-/stream";
  return {
    name,
    way: { kind: "mux" },
    lacks: {},
    async open({ host, port }, kind, options = {}) {
      try {
        const connection = await MuxConnection.open(`ws://${host}:${port}${path}`, encoding, options.bearer);
        const call = connection.stream(kind, { ...setup, ...options });
        // One socket for one call.
        void call.ended.then(() => connection.socket.close());
        return call;
      } catch (error) {
        return toRefusedStream(error);
      }
    },
  };
}

export const muxTransports: readonly StreamTransport[] = [
  mux("multiplexed WebSocket, JSON", "json", { window: 4 }),
  mux("multiplexed WebSocket, JSON, by path", "json", { window: 100_000, byPath: true, holdsSocket: true }),
  mux("multiplexed WebSocket, protobuf", "proto", { window: 4 }),
];
