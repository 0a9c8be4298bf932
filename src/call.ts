// What every part agrees on: a call as it goes down the chain, the reply as it comes back. Messages are protobuf bytes here, always.
import type { Peer, Identity, RequestHeaders, RequestSource } from "./caller.ts";
import type { Cancellation } from "./cancellation.ts";
import { isReplyHeader } from "./metadata.ts";
import type { Metadata } from "./metadata.ts";
import type { Method } from "./schema/descriptor.ts";
import { GatewayError } from "./status.ts";
import type { Code } from "./status.ts";

export type FrontName = "rest" | "websocket" | "grpc";

/**
 * Looks at a message as it passes, protobuf bytes; what it answers goes on in its place. Refuses by throwing, or rejecting with,
 * GatewayError, which ends the call.
 */
export type MessageTap = (
  message: Uint8Array,
) => Uint8Array | undefined | void | Promise<Uint8Array | undefined | void>;

/** Looks at what a call failed with, before its client hears of it; what it answers, or throws, is told in its place. */
export type FailureTap = (error: GatewayError) => GatewayError;

/** How a call ended, as its client was told. */
export interface CallEnd {
  readonly code: Code;
  /** Undefined for OK. */
  readonly error: GatewayError | undefined;
  /** Of the answer, where it had one: 0 when the client had gone, and for what was told in frames. */
  readonly httpStatus: number;
  /** What `performance.now()` said then: once for all who want to know how long the call took. */
  readonly endedAt: number;
}

/** Must not throw. Gets the call, too, so that one listener can serve all calls of a method. */
export type CallEndListener = (end: CallEnd, call: Call) => void;

/** Where a call stands in a trace (https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 of them: of the gateway's own span where it makes spans, else of the client's. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** What an interceptor has to say about a call. */
export interface Note {
  /** The interceptor's: `authorize`. */
  readonly name: string;
  readonly text: string;
}

export interface CallStart {
  readonly method: Method;
  readonly front: FrontName;
  readonly source: RequestSource;
  readonly headers: RequestHeaders;
  readonly peer: Peer;
  readonly metadata: Metadata;
  readonly deadline: number;
  readonly cancellation: Cancellation;
  /** What `performance.now()` said when the deadline was settled: to ask it again would be most of what a Call costs. */
  readonly startedAt: number;
  readonly identity?: Identity | undefined;
  /** The front ends the call itself when the identity ends or is revoked, as with all that is on its sockets. */
  readonly endsWithIdentity?: boolean;
}

const nothing: Metadata = Object.freeze([]);

/**
 * A call of any kind from its beginning, before any of its messages is read, to its end: what interceptors get. What they
 * may set is not readonly; what they want to hear of later they register here.
 */
export class Call {
  readonly method: Method;
  readonly front: FrontName;
  readonly source: RequestSource;
  /** As the client sent them, see AuthenticationRequest. */
  readonly headers: RequestHeaders;
  /** The client: the connection's other end, unless trusted proxies vouch for another. */
  readonly peer: Peer;
  readonly cancellation: Cancellation;
  readonly endsWithIdentity: boolean;
  /** In `performance.now()` milliseconds. */
  readonly startedAt: number;
  /** What the backend will see as request metadata. Never written into: replaced. */
  metadata: Metadata;
  /** Absolute, in `performance.now()` milliseconds; Infinity for none. */
  deadline: number;
  /** Undefined until somebody has said who it is, and for nobody in particular. */
  identity: Identity | undefined;
  /** What log lines and answers name the call by; undefined where nobody gives ids. */
  requestId: string | undefined = undefined;
  /** The chain has let it pass. */
  isAdmitted = false;
  /** Counted by the front, see `countIn`. */
  messagesIn = 0;
  messagesOut = 0;
  /** Of those messages: as protobuf, on gRPC streams as they came. */
  bytesIn = 0;
  bytesOut = 0;
  /** Set by what may answer in the place of all that comes after the chain; undefined for nobody. Of unary calls. */
  answer: AnswerUnary | undefined = undefined;
  /** The trace that it is part of; undefined where there is none. */
  trace: TraceContext | undefined = undefined;
  /** The name of the interceptor that did not let it pass. */
  refusedBy: string | undefined = undefined;
  /** Set where code of the user's own has to do with the call: what that does is then looked at, and what it throws too late told here. */
  reportFault: ReportFault | undefined = undefined;
  #notes: Note[] | undefined = undefined;
  #replyHeaders: Metadata = nothing;
  /** No backend hears of a stream before its first message has passed `requestTaps`, or it is known that there is none. */
  awaitsRequest = false;
  #requestTaps: MessageTap[] | undefined = undefined;
  #noRequestTaps: (() => void)[] | undefined = undefined;
  #replyTaps: MessageTap[] | undefined = undefined;
  #failureTaps: FailureTap[] | undefined = undefined;
  /** Most calls have one: a list would cost each of them more memory than all else here. */
  #endListener: CallEndListener | undefined = undefined;
  #endListeners: CallEndListener[] | undefined = undefined;
  #ended: CallEnd | undefined = undefined;

  constructor(start: CallStart) {
    this.method = start.method;
    this.front = start.front;
    this.source = start.source;
    this.headers = start.headers;
    this.peer = start.peer;
    this.cancellation = start.cancellation;
    this.endsWithIdentity = start.endsWithIdentity ?? false;
    this.startedAt = start.startedAt;
    this.metadata = start.metadata;
    this.deadline = start.deadline;
    this.identity = start.identity;
  }

  /** `[name, value, …]` for the client, whatever the answer will be: headers over HTTP, metadata over gRPC. */
  get replyHeaders(): Metadata {
    return this.#replyHeaders;
  }

  get requestTaps(): readonly MessageTap[] | undefined {
    return this.#requestTaps;
  }

  get noRequestTaps(): readonly (() => void)[] | undefined {
    return this.#noRequestTaps;
  }

  get replyTaps(): readonly MessageTap[] | undefined {
    return this.#replyTaps;
  }

  get failureTaps(): readonly FailureTap[] | undefined {
    return this.#failureTaps;
  }

  /** Whether anybody looks at what passes. */
  get isTapped(): boolean {
    return this.#requestTaps !== undefined || this.#replyTaps !== undefined || this.#failureTaps !== undefined;
  }

  /** For the log, in the order they were made. */
  get notes(): readonly Note[] | undefined {
    return this.#notes;
  }

  /** Tells the log, not the client: what a rule in shadow mode would have refused, say. A few of them are kept. */
  note(name: string, text: string): void {
    this.#notes ??= [];
    if (this.#notes.length < maxNotes) this.#notes.push({ name, text });
  }

  /** A message of the client, as protobuf. */
  countIn(bytes: number): void {
    this.messagesIn++;
    this.bytesIn += bytes;
  }

  /** A message for the client, as protobuf. */
  countOut(bytes: number): void {
    this.messagesOut++;
    this.bytesOut += bytes;
  }

  /** The name lower case, the value printable ASCII. Goes with the answer, also with an error. */
  addReplyHeader(name: string, value: string): void {
    if (this.reportFault !== undefined && !isReplyHeader(name, value))
      throw new TypeError(
        `${JSON.stringify(name)} is no header that can be added to an answer: a name in lower case that HTTP and the gateway leave free, and a value of printable ASCII are expected`,
      );
    this.addReplyHeaders([name, value]);
  }

  /** `[name, value, …]` of the gateway's own making, which nobody writes into any more. */
  addReplyHeaders(headers: Metadata): void {
    this.#replyHeaders = this.#replyHeaders.length === 0 ? headers : [...this.#replyHeaders, ...headers];
  }

  /** Every message of the client, in order, before it goes on; of a unary call the one there is. */
  onRequest(tap: MessageTap): void {
    (this.#requestTaps ??= []).push(tap);
  }

  /** Once, when the client ends its stream and no message has come; for those who tap messages. Refuses by throwing GatewayError. */
  onNoRequest(tap: () => void): void {
    (this.#noRequestTaps ??= []).push(tap);
  }

  /** Every message of the backend, in order, before the client gets it. */
  onReply(tap: MessageTap): void {
    (this.#replyTaps ??= []).push(tap);
  }

  /** What the call ends with where it does not end well: errors of the backend, and of whatever else stands behind the chain. */
  onFailure(tap: FailureTap): void {
    (this.#failureTaps ??= []).push(tap);
  }

  /** Called once, however it ends; at once when it has ended. A listener of the gateway's own must not throw. */
  onEnd(listener: CallEndListener): void {
    if (this.#ended !== undefined) this.#tell(listener, this.#ended);
    else if (this.#endListener === undefined) this.#endListener = listener;
    else if (this.#endListeners === undefined) this.#endListeners = [listener];
    else this.#endListeners.push(listener);
  }

  /** The front's, once it has answered. Idempotent. */
  end(code: Code, error?: GatewayError, httpStatus = 0): void {
    if (this.#ended !== undefined) return;
    const end = { code, error, httpStatus, endedAt: performance.now() };
    this.#ended = end;
    if (this.#endListener !== undefined) this.#tell(this.#endListener, end);
    if (this.#endListeners === undefined) return;
    for (const listener of this.#endListeners) this.#tell(listener, end);
  }

  /** Nobody waits for a call that is over: what code of the user's own throws would end the process. */
  #tell(listener: (end: CallEnd, call: Call) => unknown, end: CallEnd): void {
    const { reportFault } = this;
    if (reportFault === undefined) return void listener(end, this);
    const report = (cause: unknown): void => reportFault(GatewayError.from(cause), this);
    try {
      const pending = listener(end, this);
      if (pending instanceof Promise) pending.catch(report);
    } catch (cause) {
      report(cause);
    }
  }
}

const maxNotes = 16;

/**
 * What runs when a call begins, whatever kind of call it is and whichever front it came by, before any of its messages is read.
 * It lets the call pass by returning, or refuses it by throwing, or rejecting with, GatewayError. On the call it sets what goes
 * on to the backend and registers what it wants to hear of: messages, the end.
 */
export type Intercept = (call: Call) => void | Promise<void>;

/** Takes what a client only sees as an error without its cause; with the call where there is one. Must not throw. */
export type ReportFault = (error: GatewayError, call?: Call) => void;

/** A request that did not come to be a call: no route, a head that cannot be read. */
export interface Miss {
  readonly front: FrontName;
  /** Where it is known which was meant. */
  readonly method: Method | undefined;
  readonly source: RequestSource;
  readonly headers: RequestHeaders;
  readonly peer: Peer;
  /** Where it is known by then: of a socket, whose it is. */
  readonly identity?: Identity | undefined;
  readonly error: GatewayError;
}

/** The interceptors and what is behind them, as fronts see it. */
export interface Chain {
  /**
   * Whether the call may go on at all: to be asked before its messages are read. Throws, or rejects with, GatewayError. Once
   * for a call: asked again it says yes.
   */
  admit(call: Call): void | Promise<void>;
  /** Admits the call first, unless that was done. Never throws. */
  unary(call: Call, message: Uint8Array): Promise<Reply>;
  /** Admits the call first, unless that was done. Never throws. */
  stream(call: Call, messages: MessageReader): StreamReply;
  /** To be told of what came to nothing; undefined where nobody wants to know. */
  readonly onMiss: ((miss: Miss) => void) | undefined;
}

/** What backends get of a call. */
interface CallBase {
  readonly method: Method;
  /** What the backend will see as request metadata. */
  readonly metadata: Metadata;
  /** Absolute, in `performance.now()` milliseconds; Infinity for none. */
  readonly deadline: number;
  readonly cancellation: Cancellation;
  readonly peer: Peer;
  readonly identity?: Identity | undefined;
  /** The client's call that it is, or is a part of; undefined for what the gateway asks of its own accord. */
  readonly origin?: Call | undefined;
}

export interface UnaryCall extends CallBase {
  readonly kind: "unary";
  /** The request message; whoever holds the call may read it, nobody may write into it. */
  readonly message: Uint8Array;
}

/** A message source with backpressure: nothing is read ahead of `read` beyond one window. */
export interface MessageReader {
  /** The next message, or undefined at the end; rejects with GatewayError. */
  read(): Promise<Uint8Array | undefined>;
}

export interface StreamCall extends CallBase {
  readonly kind: "stream";
  readonly messages: MessageReader;
}

/** The answer to a unary call. A failed call rejects with GatewayError instead (see `headers`, `trailers` there). */
export interface Reply {
  readonly message: Uint8Array;
  readonly headers: Metadata;
  readonly trailers: Metadata;
  /** Names of its parts that could not be had; nobody may keep such a reply for later. Undefined for one that is whole. */
  readonly partial?: readonly string[] | undefined;
  /** Undefined for what no cache may keep. */
  readonly caching?: ReplyCaching | undefined;
}

/** What clients that keep an answer have to know. */
export interface ReplyCaching {
  /** Request headers, lower case, that the answer depends on. */
  readonly vary: readonly string[];
}

/** The answer to a streaming call. */
export interface StreamReply {
  /** Resolves with the header metadata, before the first message. */
  readonly headers: Promise<Metadata>;
  readonly messages: MessageReader;
  /** Resolves when `messages` has ended well; rejects with GatewayError otherwise. */
  readonly trailers: Promise<Metadata>;
}

export type UnaryHandler = (call: UnaryCall) => Promise<Reply>;
/** Asks `next`, or answers by itself. Rejects with GatewayError only. */
export type AnswerUnary = (call: UnaryCall, next: UnaryHandler) => Promise<Reply>;
export type StreamHandler = (call: StreamCall) => StreamReply;

/** Whatever answers calls: the chain, and at its end the upstream. */
export interface Handler {
  readonly unary: UnaryHandler;
  readonly stream: StreamHandler;
}
