// One call on a multiplexed socket: its messages both ways, each way by credit, and its one end.
import { Call } from "../../call.ts";
import { Cancellation } from "../../cancellation.ts";
import type { Chain } from "../../call.ts";
import type { Identity, Peer, RequestSource } from "../../caller.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import type { ReplyMetadata } from "../reply-metadata.ts";
import { toNamedError } from "../named-error.ts";
import { endStream, openStream } from "../stream/census.ts";
import { Inbox } from "../stream/inbox.ts";
import { Pump } from "../stream/pump.ts";
import type { MessageSink } from "../stream/pump.ts";
import { startCall } from "../stream/start-call.ts";
import { StreamClock } from "../stream/stream-clock.ts";
import type { Sweep } from "../stream/sweep.ts";
import { largestInteger } from "./mux-frame.ts";
import type { Caller } from "./mux-credentials.ts";
import type { MuxCodec } from "./mux-frame.ts";
import type { MuxTarget } from "./mux-plan.ts";
import type { TurnTaker, Turns } from "./mux-turns.ts";

/** Messages a client may send on a new stream. */
export const upCredit = 32;
/** Granted again in portions of this size. */
const portion = upCredit / 2;
/** Or of this part of what a stream may have waiting: a client that counts its bytes waits with credit left. */
const partOfBytes = 16;
/** What the streams of a socket may have waiting together, in streams. */
const streamsOfBytes = 4;

/** What a stream needs of its socket. */
export interface StreamHost {
  readonly codec: MuxCodec;
  readonly turns: Turns;
  readonly chain: Chain;
  readonly sweep: Sweep;
  readonly replyMetadata: ReplyMetadata;
  readonly peer: Peer;
  /** The handshake. */
  readonly source: RequestSource;
  readonly maxReplyBytes: number;
  /** Bytes of messages of one stream that may wait for its backend. */
  readonly upBytes: number;
  /** Bytes of messages that wait for backends, of all its streams. */
  waitingBytes: number;
  send(frame: Uint8Array): void;
  /** The end of a stream, `error` undefined for OK. */
  sendStatus(id: number, error: GatewayError | undefined, trailers: Metadata, call?: Call): void;
  /** The stream has ended, and is to be forgotten. */
  onStreamEnd(stream: MuxStream): void;
}

export class MuxStream implements TurnTaker, MessageSink {
  readonly id: number;
  turn = 0;
  turnMessages = 0;
  turnBytes = 0;
  isWaiting = false;
  readonly #host: StreamHost;
  readonly #target: MuxTarget;
  readonly #call: Call;
  /** It was opened as the socket's, not with credentials of its own. */
  readonly #isOfSocket: boolean;
  readonly #prefix: Uint8Array;
  readonly #inbox: Inbox;
  readonly #clock: StreamClock;
  #pump: Pump | undefined;
  /** Messages that may be sent to the client. */
  #credit: number;
  /** Messages that the client may send, and those taken since it was last told. */
  #upCredit = upCredit;
  #owed = 0;
  #owedBytes = 0;
  /** Messages taken that cost no credit: the one in `open`. */
  #free = 0;
  #received = 0;
  #isEnded = false;
  #isDone = false;

  constructor(host: StreamHost, id: number, credit: number, { target, caller }: StreamCallOptions) {
    const { plan } = target;
    this.id = id;
    this.#host = host;
    this.#target = target;
    this.#credit = credit;
    const startedAt = performance.now();
    this.#call = new Call({
      method: plan.method,
      front: "websocket",
      source: host.source,
      ...caller,
      peer: host.peer,
      deadline: startedAt + target.timeoutMs,
      startedAt,
      cancellation: new Cancellation(),
    });
    this.#isOfSocket = caller.identity !== undefined;
    this.#prefix = host.codec.messagePrefix(id);
    this.#inbox = new Inbox((bytes) => this.#onTaken(bytes));
    this.#clock = new StreamClock(host.sweep, plan.times, (error) => this.fail(error));
    openStream(plan.tally);
  }

  /** To be called once the stream is known to its socket: it may end at once. */
  start(first: Uint8Array | undefined, isEnd: boolean): void {
    const { takes } = this.#target.plan;
    if (takes === "many") this.#begin();
    if (first !== undefined) {
      this.#free = 1;
      this.#accept(first);
    } else if (takes === "none") this.#take(() => this.#target.readFirst(undefined));
    if (isEnd) this.end();
  }

  /** A message of the client. False: it had no credit for it. */
  receive(message: Uint8Array): boolean {
    if (this.#upCredit === 0) return false;
    this.#upCredit--;
    this.#accept(message);
    this.#grantOwed();
    return true;
  }

  #accept(message: Uint8Array): void {
    const { takes, readNext } = this.#target.plan;
    const isFirst = this.#received++ === 0;
    if (this.#isEnded) this.fail(unexpected(`a message after "end"`));
    else if (takes === "none") this.fail(unexpected("a message, and its rule has no body"));
    else if (takes === "one" && !isFirst) this.fail(unexpected("a second message, and the method takes one"));
    else this.#take(() => (isFirst ? this.#target.readFirst(message) : readNext(message)));
  }

  /** What is judged from now on is judged by the socket's new credentials; of a call that is nobody's it stays so. */
  renew(identity: Identity): void {
    if (this.#isOfSocket && this.#call.identity !== undefined) this.#call.identity = identity;
  }

  /** Half-close. */
  end(): void {
    if (this.#isEnded || this.#isDone) return;
    this.#isEnded = true;
    const isMissing = this.#target.plan.takes === "one" && this.#received === 0;
    if (isMissing) this.#take(() => this.#target.readFirst(undefined));
    else this.#inbox.end();
  }

  /** A message on its way to the backend; where there is only one, it is also the start and the end. */
  #take(read: () => Uint8Array): void {
    let message: Uint8Array;
    try {
      message = read();
      this.#checkRoom(message.length);
    } catch (error) {
      this.fail(GatewayError.from(error));
      return;
    }
    const { plan } = this.#target;
    plan.tally.messagesIn++;
    this.#call.countIn(message.length);
    this.#clock.touch();
    if (plan.takes !== "many") this.#begin();
    this.#host.waitingBytes += message.length;
    this.#inbox.push(message);
    if (plan.takes !== "many") this.#inbox.end();
  }

  #checkRoom(bytes: number): void {
    const { upBytes, waitingBytes } = this.#host;
    const isFull = this.#inbox.waiting > 0 && this.#inbox.waitingBytes + bytes > upBytes;
    if (!isFull && waitingBytes + bytes <= upBytes * streamsOfBytes) return;
    throw new GatewayError(
      Code.RESOURCE_EXHAUSTED,
      `more than ${isFull ? upBytes : upBytes * streamsOfBytes} bytes of messages wait for the backend; send no more than "credit" has shown to be taken`,
      { reason: "STREAM_BACKLOG" },
    );
  }

  #begin(): void {
    if (this.#isDone) return;
    this.#pump = new Pump({
      reply: startCall(this.#host.chain, this.#call, this.#inbox),
      sink: this,
      tally: this.#target.plan.tally,
      sweep: this.#host.sweep,
      overflow: this.#target.plan.overflow,
      onHead: (headers) => this.#sendHead(headers),
      onEnd: (error, trailers) => this.#finish(error, trailers),
    });
    this.#pump.start();
  }

  #onTaken(bytes: number): void {
    if (this.#isDone) return;
    const host = this.#host;
    host.waitingBytes -= bytes;
    if (this.#target.plan.takes !== "many") return;
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    this.#owed++;
    this.#owedBytes += bytes;
    this.#grantOwed();
  }

  /** In portions, of messages or of bytes; at once to a client that has none left. */
  #grantOwed(): void {
    const n = this.#owed;
    const isMuch = n >= portion || this.#owedBytes * partOfBytes >= this.#host.upBytes;
    const isDue = isMuch || (this.#upCredit === 0 && n > 0);
    if (!isDue || this.#isEnded || this.#isDone) return;
    this.#owed = 0;
    this.#owedBytes = 0;
    this.#upCredit += n;
    this.#host.send(this.#host.codec.credit(this.id, n));
  }

  get hasRoom(): boolean {
    if (this.#credit > 0 && this.#host.turns.allows(this)) return true;
    this.#target.plan.tally.waits++;
    return false;
  }

  send(message: Uint8Array): void {
    const { codec, turns, maxReplyBytes } = this.#host;
    const { tally, write } = this.#target.plan;
    const shown = write(message);
    if (shown.length > maxReplyBytes) throw tooLarge(shown.length, maxReplyBytes);
    this.#credit--;
    tally.messagesOut++;
    this.#call.countOut(message.length);
    this.#clock.touch();
    turns.sent(this, shown.length);
    this.#host.send(codec.message(this.#prefix, shown));
  }

  #sendHead(headers: Metadata): void {
    const shown = [...this.#host.replyMetadata(headers), ...this.#call.replyHeaders];
    if (shown.length > 0) this.#host.send(this.#host.codec.head(this.id, shown));
  }

  /** False: the client has granted more than there is. */
  grant(n: number): boolean {
    if (this.#credit + n > largestInteger) return false;
    this.#credit += n;
    this.#clock.touch();
    this.resume();
    return true;
  }

  resume(): void {
    if (this.#isDone) return;
    try {
      this.#pump?.resume();
    } catch (error) {
      this.fail(GatewayError.from(error));
    }
  }

  /** Ends the call, here and at the backend, with what the client is told. */
  fail(error: GatewayError): void {
    this.#pump?.stop();
    this.#finish(error, error.backendTrailers);
  }

  /** As `fail`, for a client that is told nothing any more. */
  abandon(error: GatewayError): void {
    this.#pump?.stop();
    this.#close(error);
  }

  #finish(error: GatewayError | undefined, trailers: Metadata): void {
    if (!this.#close(error)) return;
    const host = this.#host;
    const told = error && toNamedError(error, this.#call.requestId);
    host.sendStatus(this.id, told, trailers, this.#call);
    host.onStreamEnd(this);
  }

  /** False: it was closed already. */
  #close(error: GatewayError | undefined): boolean {
    if (this.#isDone) return false;
    this.#isDone = true;
    this.#clock.stop();
    const { tally } = this.#target.plan;
    tally.dropped += this.#pump?.dropped ?? 0;
    endStream(tally, error?.code ?? Code.OK);
    this.#host.waitingBytes -= this.#inbox.waitingBytes;
    if (error === undefined) this.#inbox.end();
    else {
      this.#inbox.fail(error);
      this.#call.cancellation.cancel(error);
    }
    this.#call.end(error?.code ?? Code.OK, error);
    return true;
  }
}

export interface StreamCallOptions {
  readonly target: MuxTarget;
  readonly caller: Caller;
}

function unexpected(what: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, `the client sent ${what}`, { reason: "MESSAGE_COUNT" });
}

function tooLarge(bytes: number, most: number): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, `the reply has ${bytes} bytes, more than the ${most} allowed`, {
    reason: "REPLY_TOO_LARGE",
  });
}
