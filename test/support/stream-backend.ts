// A gRPC backend on node:http2 whose calls do what their first message asks for, or, at any time, their test: answer, fail, hang, reset
// the stream. For tests of streams, which need it to do what no gRPC server would.
import http2 from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { fromMessage, toMessage } from "./gateway.ts";
import { schemaOf } from "./schema.ts";

export const streamProto = `
  syntax = "proto3";
  package streams;
  import "buf/validate/validate.proto";
  import "google/api/annotations.proto";
  import "google/rpc/error_details.proto";
  import "google/rpc/status.proto";
  import "sluice/annotations.proto";
  import "sluice/stream.proto";

  // The first of a call says what its backend does.
  message Ask {
    // Under this name the test finds the call at the backend.
    string run = 1;
    // Answers to send at once.
    int32 count = 2;
    // Then the call ends with this status, unless it is 0.
    int32 code = 3;
    // What else: hang (it never ends), finish (at once, whatever the client does), stall (it reads no further).
    string next = 4;
    // Bytes of text in each answer.
    int32 size = 5;
    string text = 6;
    // The message after which a client stream fails; 0 for at its end.
    int32 after = 7;
    Tree tree = 8;
    // The first answer is the one after this.
    int32 start_after = 9 [(buf.validate.field).int32.gte = 0];
    // So many attempts fail with the code, before they answer; those after them are not asked to fail.
    int32 failures = 10;
  }

  message Tree { Tree tree = 1; }

  message Answer {
    string run = 1;
    int32 number = 2;
    // Beyond what a double holds.
    int64 large = 3;
    bytes data = 4;
    string text = 5;
    int32 received = 6;
  }

  service Streams {
    rpc Single(Ask) returns (Answer) { option (google.api.http) = { post: "/v1/single" body: "*" }; }
    rpc List(Ask) returns (stream Answer) {
      option (google.api.http) = { post: "/v1/list" body: "*" additional_bindings { get: "/v1/list" } };
      // (List)
    }
    rpc Follow(Ask) returns (stream Answer) {
      option (google.api.http) = { get: "/v1/follow" };
      option (sluice.stream) = { resume_token: "number" resume_from: "start_after" };
    }
    rpc Gather(stream Ask) returns (Answer) { option (google.api.http) = { post: "/v1/gather" body: "*" }; }
    rpc Chat(stream Ask) returns (stream Answer) { option (google.api.http) = { post: "/v1/chat" body: "*" }; }
  }
`;

export const streamSchema = schemaOf(streamProto);

export interface Ask {
  readonly run?: string;
  readonly count?: number;
  readonly code?: number;
  readonly next?: "hang" | "finish" | "stall";
  readonly size?: number;
  readonly text?: string;
  readonly after?: number;
  readonly startAfter?: number;
  readonly failures?: number;
}

export interface Answer {
  readonly run: string;
  readonly number: number;
  /** 64 bits: a string. */
  readonly large: string;
  readonly data: string;
  readonly text: string;
  readonly received: number;
}

export const kinds = ["unary", "server-streaming", "client-streaming", "bidi-streaming"] as const;
export type Kind = (typeof kinds)[number];

export const methods: Readonly<Record<Kind, string>> = {
  unary: "Single",
  "server-streaming": "List",
  "client-streaming": "Gather",
  "bidi-streaming": "Chat",
};

export function encodeAsk(ask: Ask): Buffer {
  return toMessage(streamSchema, "streams.Ask", JSON.stringify(ask));
}

const answerType = streamSchema.message("streams.Answer")!;
const statusType = streamSchema.message("google.rpc.Status")!;

/** With all fields, as a client of JSON gets it. */
export function decodeAnswer(bytes: Uint8Array): Answer {
  const empty: Answer = { run: "", number: 0, large: "0", data: "", text: "", received: 0 };
  return { ...empty, ...(JSON.parse(fromMessage(streamSchema, answerType, bytes)) as Partial<Answer>) };
}

export interface Status {
  readonly code: number;
  readonly message: string;
  readonly details: readonly unknown[];
}

/** The bytes of `grpc-status-details-bin`. */
export function decodeStatus(bytes: Uint8Array): Status {
  const status = JSON.parse(fromMessage(streamSchema, statusType, bytes)) as Partial<Status>;
  return { code: 0, message: "", details: [], ...status };
}

/** What every failing call says; not ASCII, so that somebody has to encode it. */
export const failure = {
  message: "room 7 is geschlossen: ✗ 100%",
  details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "CLOSED", domain: "streams.test" }],
  trailers: { "x-shard": "3", "x-tag": ["one", "two"], "x-key-bin": "AP8" },
} as const;

/** The answer that a call gives as its n-th. */
export function answerOf(run: string, number: number, { size = 0, received = 1 } = {}): Answer {
  const data = Buffer.of(0, 255, number & 255).toString("base64");
  const large = String(9_007_199_254_740_993n + BigInt(number));
  return { run, number, large, data, text: "x".repeat(size), received };
}

function encodeAnswer(answer: Answer): Buffer {
  const message = toMessage(streamSchema, "streams.Answer", JSON.stringify(answer));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

const grpcHead = { ":status": 200, "content-type": "application/grpc" };

/** A call as the backend sees it. */
export class StreamRun {
  readonly path: string;
  readonly metadata: http2.IncomingHttpHeaders;
  /** Resolves when the call has ended before the backend ended it. */
  readonly cancelled: Promise<void>;
  /** Resolves when the client has half-closed. */
  readonly halfClosed: Promise<void>;
  /** Messages of the client. */
  received = 0;
  /** Answers that went into the connection or its buffer. */
  sent = 0;
  readonly #stream: http2.ServerHttp2Stream;
  readonly #onFirst: (run: StreamRun, ask: Ask) => void;
  #bytes: Buffer = Buffer.alloc(0);
  #script: Ask | undefined;
  #isDone = false;
  #isHalfClosed = false;
  #goOn: (value?: unknown) => void = () => {};

  constructor(
    stream: http2.ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
    onFirst: (run: StreamRun, ask: Ask) => void,
  ) {
    this.path = String(headers[":path"]);
    this.metadata = headers;
    this.#stream = stream;
    this.#onFirst = onFirst;
    this.cancelled = new Promise((resolve) => {
      stream.once("close", () => {
        if (!this.#isDone) resolve();
      });
    });
    this.halfClosed = new Promise((resolve) => stream.once("end", resolve));
    stream.on("error", () => {});
    stream.on("drain", () => this.#goOn());
    stream.on("close", () => this.#goOn());
    stream.on("data", (chunk: Buffer) => this.#read(chunk));
    stream.once("end", () => this.#end());
  }

  get #kind(): Kind {
    return kinds.find((kind) => this.path.endsWith(`/${methods[kind]}`)) ?? "server-streaming";
  }

  /** Goes on after "stall". */
  release(): void {
    this.#stream.resume();
  }

  /** One answer more, of a call that hangs. */
  say(): void {
    const { run = "", startAfter = 0 } = this.#script ?? {};
    this.#send(answerOf(run, startAfter + this.sent + 1));
  }

  /** RST_STREAM with CANCEL. */
  reset(): void {
    this.#isDone = true;
    this.#stream.close(http2.constants.NGHTTP2_CANCEL);
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= 5) {
      const end = 5 + this.#bytes.readUInt32BE(1);
      if (this.#bytes.length < end) return;
      const message = this.#bytes.subarray(5, end);
      this.#bytes = this.#bytes.subarray(end);
      this.received++;
      this.#take(message);
    }
  }

  #take(message: Buffer): void {
    if (this.#isDone) return;
    if (this.#script === undefined) {
      const said = JSON.parse(fromMessage(streamSchema, streamSchema.message("streams.Ask")!, message)) as Ask;
      const ask = toAttempt(said, Number(this.metadata["grpc-previous-rpc-attempts"] ?? 0));
      this.#script = ask;
      this.#onFirst(this, ask);
      if (ask.next === "stall") this.#stream.pause();
      if (this.#kind !== "client-streaming") void this.#answer(ask);
    } else if (this.#kind === "bidi-streaming")
      this.#send(answerOf(this.#script.run ?? "", this.sent + 1, { received: this.received }));
    if (this.#kind !== "client-streaming") return;
    if (this.#script.next === "finish") {
      this.#send(answerOf(this.#script.run ?? "", 1, { received: this.received }));
      this.#finish();
    } else if (this.#script.after === this.received) this.#finish(this.#script.code);
  }

  /** As fast as the gateway takes them. */
  async #answer(ask: Ask): Promise<void> {
    const { run = "", size = 0, startAfter = 0, next } = ask;
    const count = this.#kind === "unary" ? Number((ask.code ?? 0) === 0 && next === undefined) : (ask.count ?? 0);
    for (let i = 0; i < count && !this.#stream.destroyed; i++) {
      const hasRoom = this.#send(answerOf(run, startAfter + i + 1, { size }));
      if (!hasRoom) await new Promise((resolve) => (this.#goOn = resolve));
    }
    if (this.#stream.destroyed) return;
    if ((ask.code ?? 0) !== 0 || next === "finish" || this.#isHalfClosed) this.#settle();
  }

  #send(answer: Answer): boolean {
    if (this.#stream.destroyed) return false;
    if (!this.#stream.headersSent) this.#stream.respond({ ...grpcHead, "x-shard": "head" }, { waitForTrailers: true });
    this.sent++;
    return this.#stream.write(encodeAnswer(answer));
  }

  #end(): void {
    this.#isHalfClosed = true;
    if (this.#isDone || this.#kind === "unary" || this.#kind === "server-streaming") {
      if (this.#script !== undefined) this.#settle();
      return;
    }
    if (this.#script?.next === "hang") return;
    if (this.#kind === "client-streaming" && (this.#script?.code ?? 0) === 0)
      this.#send(answerOf(this.#script?.run ?? "", 1, { received: this.received }));
    this.#settle();
  }

  /** When all answers asked for are out, and nothing is to be waited for. */
  #settle(): void {
    const script = this.#script ?? {};
    const isAnswered = this.#kind === "client-streaming" || this.sent >= (script.count ?? 0);
    if (isAnswered && script.next !== "hang") this.#finish(script.code);
  }

  #finish(code = 0): void {
    if (this.#isDone || this.#stream.destroyed) return;
    this.#isDone = true;
    const stream = this.#stream;
    const trailers = code === 0 ? { "grpc-status": "0", "x-shard": "3" } : toTrailers(code);
    if (!stream.headersSent) {
      stream.respond({ ...grpcHead, ...trailers }, { endStream: true });
      return;
    }
    stream.once("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end();
  }
}

function toAttempt(ask: Ask, previous: number): Ask {
  if (ask.failures === undefined) return ask;
  return previous < ask.failures ? { ...ask, count: 0 } : { ...ask, code: 0, after: 0 };
}

function toTrailers(code: number): http2.OutgoingHttpHeaders {
  const { message, details, trailers } = failure;
  const status = toMessage(streamSchema, "google.rpc.Status", JSON.stringify({ code, message, details }));
  return {
    "grpc-status": String(code),
    "grpc-message": encodeURI(message),
    "grpc-status-details-bin": status.toString("base64").replace(/=+$/, ""),
    ...trailers,
    "x-tag": [...trailers["x-tag"]],
  };
}

export interface StreamBackend {
  readonly target: string;
  /** Calls that a message has come of and that are not yet over. */
  readonly open: ReadonlySet<StreamRun>;
  /** Calls that came so far, with or without messages. */
  readonly asked: number;
  /** Resolves when the first message of that run has come, also before this was asked. */
  run(name: string): Promise<StreamRun>;
  /** Undefined when none of its messages has come so far. */
  reached(name: string): StreamRun | undefined;
  /** The next call of this name is another. */
  forget(name: string): void;
  /** Without a word on them. */
  loseConnections(): void;
  close(): Promise<void>;
}

/** Who tests cancels more calls than clients may: newer servers of Node end the connection for it, where they are not told otherwise. */
const patience = {
  settings: { maxConcurrentStreams: 10_000 },
  maxSessionMemory: 1000,
  streamResetBurst: 1_000_000,
  streamResetRate: 1_000_000,
};

export async function startStreamBackend(): Promise<StreamBackend> {
  const runs = new Map<string, StreamRun>();
  const waiting = new Map<string, (run: StreamRun) => void>();
  const open = new Set<StreamRun>();
  let asked = 0;
  const sockets = new Set<Socket>();
  const server = http2.createServer(patience);
  server.on("session", (session) => session.on("error", () => {}));
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const loseConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  server.on("stream", (stream, headers) => {
    asked++;
    const run = new StreamRun(stream, headers, (started, { run: name = "" }) => {
      runs.set(name, started);
      open.add(started);
      waiting.get(name)?.(started);
      waiting.delete(name);
    });
    stream.once("close", () => open.delete(run));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    open,
    get asked() {
      return asked;
    },
    run: (name) => {
      const run = runs.get(name);
      return run === undefined ? new Promise((resolve) => waiting.set(name, resolve)) : Promise.resolve(run);
    },
    reached: (name) => runs.get(name),
    forget: (name) => void runs.delete(name),
    loseConnections,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      loseConnections();
      await closed;
    },
  };
}
