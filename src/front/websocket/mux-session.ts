// What the frames of a multiplexed socket do: the state of one client, from `init` to the close.
import { randomBytes } from "node:crypto";
import type { Call, Chain } from "../../call.ts";
import type { Peer, RequestSource } from "../../caller.ts";
import { emptyMetadata } from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import type { ReplyMetadata } from "../reply-metadata.ts";
import { toNamedError } from "../named-error.ts";
import type { Sweep } from "../stream/sweep.ts";
import { CloseCode, toCloseCode, toCloseReason } from "./close-codes.ts";
import type { MuxHandshake, SessionContext } from "./mux-context.ts";
import { MuxCredentials } from "./mux-credentials.ts";
import type { Caller } from "./mux-credentials.ts";
import { FrameFault } from "./mux-frame.ts";
import type { ClientFrame, InitFrame, MuxCodec, OpenFrame } from "./mux-frame.ts";
import { MuxLife } from "./mux-life.ts";
import type { LifeHost } from "./mux-life.ts";
import { MuxStream, upCredit } from "./mux-stream.ts";
import type { StreamHost } from "./mux-stream.ts";
import { MuxStreams } from "./mux-streams.ts";
import { Turns } from "./mux-turns.ts";
import type { WebSocketOptions } from "./options.ts";
import type { SocketEvents, StreamSocket } from "./socket.ts";

/** Refused in a row, in socketfuls, before the client is taken to be broken. */
const refusedSocketfuls = 10;
/** What an `open` and an `auth` cost of the client's rate beyond a message. */
const openCost = 3;
const authCost = 19;
const leastUpBytes = 4 * 1024 * 1024;

export class MuxSession implements SocketEvents, StreamHost, LifeHost {
  readonly codec: MuxCodec;
  readonly turns: Turns;
  readonly chain: Chain;
  readonly sweep: Sweep;
  readonly replyMetadata: ReplyMetadata;
  readonly peer: Peer;
  readonly source: RequestSource;
  readonly maxReplyBytes: number;
  readonly upBytes: number;
  waitingBytes = 0;
  readonly #context: SessionContext;
  readonly #options: WebSocketOptions;
  readonly #socket: StreamSocket;
  readonly #handshake: MuxHandshake;
  readonly streams = new MuxStreams();
  readonly #life: MuxLife;
  readonly #session = randomBytes(16).toString("base64url");
  readonly #credentials: MuxCredentials;
  /** Frames that wait until credentials are judged. */
  #held: Buffer[] | undefined;
  /** The pong that a full socket has to wait with. */
  #owedPong: Uint8Array | undefined;
  #refusedInRow = 0;
  #isClosed = false;

  constructor(context: SessionContext, handshake: MuxHandshake, socket: StreamSocket) {
    const { options, sweep } = context;
    this.#context = context;
    this.#options = options;
    this.#socket = socket;
    this.#handshake = handshake;
    this.#credentials = new MuxCredentials(context, handshake);
    this.codec = context.codec;
    this.turns = new Turns(socket);
    this.chain = context.chain;
    this.sweep = sweep;
    this.replyMetadata = context.replyMetadata;
    this.peer = handshake.peer;
    this.source = handshake.source;
    this.maxReplyBytes = options.maxReplyBytes;
    this.upBytes = Math.max(leastUpBytes, 2 * options.socket.maxMessageBytes);
    this.#life = new MuxLife(this, sweep, options);
  }

  onText(bytes: Buffer): void {
    if (this.codec.form === "json") this.#read(bytes);
    else this.close(CloseCode.UNSUPPORTED_DATA, "the frames of sluice.mux.v1.proto are binary messages");
  }

  onBinary(bytes: Buffer): void {
    if (this.codec.form === "proto") this.#read(bytes);
    else this.close(CloseCode.UNSUPPORTED_DATA, "the frames of sluice.mux.v1.json are text messages");
  }

  onRoom(): void {
    if (this.#owedPong !== undefined) this.send(this.#owedPong);
    this.#owedPong = undefined;
    this.turns.onRoom();
  }

  onClose(): void {
    this.#abandon();
  }

  #read(bytes: Buffer): void {
    if (this.#isClosed) return;
    if (this.#held !== undefined) {
      this.#held.push(bytes);
      return;
    }
    this.#life.touch();
    try {
      this.#take(this.codec.read(bytes));
    } catch (error) {
      if (error instanceof FrameFault) this.close(CloseCode.BAD_FRAME, error.message);
      else this.#break(error);
    }
  }

  #take(frame: ClientFrame): void {
    if (!this.#life.isReady) {
      if (frame.kind === "init") this.#init(frame);
      else this.close(CloseCode.BAD_INIT, `the first frame must be "init", not "${frame.kind}"`);
      return;
    }
    switch (frame.kind) {
      case "init":
        this.close(CloseCode.BAD_INIT, `a second "init"; new credentials come with "auth"`);
        break;
      case "auth":
        this.#socket.charge(authCost);
        this.#authenticate(frame.auth);
        break;
      case "open":
        this.#open(frame);
        break;
      case "ping":
        this.#pong(frame.d);
        break;
      case "pong":
        break;
      default:
        this.#takeOfStream(frame);
    }
  }

  #takeOfStream(frame: Extract<ClientFrame, { readonly kind: "msg" | "credit" | "end" | "cancel" }>): void {
    const { id } = frame;
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (id > this.streams.lastId)
        this.close(CloseCode.BAD_FRAME, `"${frame.kind}" for stream ${id}, which was never opened`);
      return;
    }
    if (frame.kind === "msg") {
      if (!stream.receive(frame.message))
        this.close(CloseCode.FLOW_CONTROL, `"msg" on stream ${id} without credit; wait for "credit"`);
    } else if (frame.kind === "credit") {
      if (!stream.grant(frame.n)) this.close(CloseCode.FLOW_CONTROL, `credit of stream ${id} above 2147483647`);
    } else if (frame.kind === "end") stream.end();
    else stream.fail(new GatewayError(Code.CANCELLED, "cancelled by the client", { reason: "CLIENT_GONE" }));
  }

  #init({ auth, metadata }: InitFrame): void {
    this.#life.initCame();
    try {
      this.#credentials.addMetadata(metadata);
    } catch (error) {
      this.#turnAway(error);
      return;
    }
    this.#authenticate(auth);
  }

  #authenticate(auth: string | undefined): void {
    try {
      this.#context.checkBan?.(this.peer.address);
      const judged = this.#credentials.judge(auth);
      const accepted = judged instanceof Promise ? judged.then((caller) => this.#accept(caller)) : this.#accept(judged);
      if (accepted instanceof Promise) this.#await(accepted);
    } catch (error) {
      this.#turnAway(error);
    }
  }

  #await(accepted: Promise<void>): void {
    this.#held = [];
    this.#socket.pause();
    const goOn = (): void => {
      if (!this.#isClosed) this.#release();
    };
    accepted.then(goOn).catch((error: unknown) => this.#turnAway(error));
  }

  /** Throws, or rejects with, GatewayError. */
  #accept(caller: Caller): void | Promise<void> {
    if (this.#isClosed) return undefined;
    const accepted = this.#credentials.accept(caller);
    return accepted instanceof Promise
      ? accepted.then((expiresAt) => this.#tellReady(caller, expiresAt))
      : this.#tellReady(caller, accepted);
  }

  #tellReady(caller: Caller, expiresAt: number | undefined): void {
    if (this.#isClosed) return;
    if (caller.identity !== undefined) this.streams.renew(caller.identity);
    this.#life.ready(expiresAt);
    this.send(
      this.codec.ready({
        session: this.#session,
        maxStreams: this.#options.maxStreamsPerSocket,
        maxMessage: this.#options.socket.maxMessageBytes,
        upCredit,
        upBytes: this.upBytes,
        pingMs: this.#options.socket.pingMs,
        lifetimeMs: this.#life.lifetimeMs,
        authExpiresAt: expiresAt,
      }),
    );
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const bytes of held) this.#read(bytes);
    if (this.#held === undefined) this.#socket.resume();
  }

  #open(frame: OpenFrame): void {
    const { id } = frame;
    if (id <= this.streams.lastId) {
      this.close(CloseCode.STREAM_ID, `"open" with id ${id} after ${this.streams.lastId}; ids must grow`);
      return;
    }
    this.#socket.charge(openCost);
    this.streams.lastId = id;
    try {
      this.#context.checkBan?.(this.peer.address);
      this.#checkRoom();
      const caller = this.#credentials.withOwn(frame.metadata);
      const target = this.#context.findTarget(frame);
      const stream = new MuxStream(this, id, frame.credit, { target, caller });
      this.#refusedInRow = 0;
      this.streams.add(stream);
      stream.start(frame.message, frame.end);
    } catch (cause) {
      const error = toNamedError(cause, this.source.requestId);
      this.#miss(error);
      this.sendStatus(id, error, emptyMetadata);
      if (this.#refusedInRow >= refusedSocketfuls * this.#options.maxStreamsPerSocket)
        this.close(CloseCode.TOO_MANY_STREAMS, `"open" ${this.#refusedInRow} times over maxStreams`);
    }
  }

  #checkRoom(): void {
    const { leaving } = this.#life;
    if (leaving !== undefined) throw leaving;
    const most = this.#options.maxStreamsPerSocket;
    if (this.streams.size < most) return;
    this.#refusedInRow++;
    throw new GatewayError(Code.RESOURCE_EXHAUSTED, `${most} streams are open on this socket; end one first`, {
      reason: "STREAM_LIMIT",
    });
  }

  /** To a client that takes nothing only the last one is owed. */
  #pong(d: Uint8Array | undefined): void {
    const pong = this.codec.pong(d);
    if (this.#socket.hasRoom) this.send(pong);
    else this.#owedPong = pong;
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.codec.form === "json") this.#socket.sendText(frame);
    else this.#socket.sendBinary(frame);
  }

  onStreamEnd(stream: MuxStream): void {
    this.streams.delete(stream);
    this.#life.onStreamEnd();
  }

  /** The gateway is stopping: no new streams, and so long for those that are open. */
  drain(): void {
    if (!this.#isClosed) this.#life.goAway("shutdown", this.#options.drainMs);
  }

  end(error: GatewayError, code: number, reason: string): void {
    if (this.#isClosed) return;
    for (const stream of this.streams.takeAll()) stream.fail(error);
    this.close(code, reason);
  }

  /** The streams that are open end with the error, then the socket. */
  revoke(error: GatewayError): number {
    const open = this.streams.takeAll();
    for (const stream of open) stream.fail(error);
    this.#refuse(error);
    return open.length;
  }

  sendStatus(id: number, error: GatewayError | undefined, trailers: Metadata, call?: Call): void {
    if (error?.cause !== undefined) this.#options.report(error, call);
    this.send(this.codec.status(id, error, this.replyMetadata(trailers)));
  }

  /** No call came of what the client sent: told like a request that none came of. */
  #miss(error: GatewayError): void {
    const { headers, peer, source } = this.#handshake;
    const { identity } = this.#credentials;
    this.chain.onMiss?.({ front: "websocket", method: undefined, source, headers, peer, identity, error });
  }

  #turnAway(cause: unknown): void {
    const error = GatewayError.from(cause);
    if (!this.#isClosed) this.#miss(error);
    this.#refuse(error);
  }

  /** The client's own fault, told by a status about the socket. */
  #refuse(cause: unknown): void {
    const error = GatewayError.from(cause);
    this.sendStatus(0, error, emptyMetadata);
    this.close(toCloseCode(error.code), toCloseReason(error));
  }

  #break(cause: unknown): void {
    this.#options.report(GatewayError.from(cause));
    this.close(CloseCode.INTERNAL, "internal error");
  }

  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#abandon();
    this.#socket.close(code, reason);
  }

  #abandon(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held = undefined;
    this.#life.stop();
    this.turns.stop();
    const gone = new GatewayError(Code.CANCELLED, "the client went away", { reason: "CLIENT_GONE" });
    for (const stream of this.streams.takeAll()) stream.abandon(gone);
  }
}
