// The protocol of @improbable-eng/grpc-web over WebSocket, for pages that still speak it: one gRPC call, framed as gRPC-Web frames it.
import { Call } from "../../call.ts";
import { Cancellation } from "../../cancellation.ts";
import type { Chain } from "../../call.ts";
import type { Peer, RequestHeaders, RequestSource } from "../../caller.ts";
import { FrameReader, joinFrame } from "../../grpc-frame.ts";
import type { MessageSink as FrameSink } from "../../grpc-frame.ts";
import type { Metadata } from "../../metadata.ts";
import type { Method, Schema } from "../../schema/descriptor.ts";
import { Code, GatewayError } from "../../status.ts";
import { compileTimeout } from "../deadline.ts";
import { toNamedError } from "../named-error.ts";
import { compileReplyMetadata } from "../reply-metadata.ts";
import type { ReplyMetadata } from "../reply-metadata.ts";
import { endStream, openStream } from "../stream/census.ts";
import type { Census, StreamTally } from "../stream/census.ts";
import { Inbox } from "../stream/inbox.ts";
import { Pump } from "../stream/pump.ts";
import type { MessageSink } from "../stream/pump.ts";
import { startCall } from "../stream/start-call.ts";
import { StreamClock } from "../stream/stream-clock.ts";
import { compileStreamPolicy, streamRuleOf, toStreamTimes } from "../stream/stream-policy.ts";
import type { Sweep } from "../stream/sweep.ts";
import { CloseCode } from "./close-codes.ts";
import { readBlock, toGrpcTrailers, writeBlock } from "./grpc-block.ts";
import { compileOverlay, overlayHeaders } from "./mux-metadata.ts";
import type { OverlayMetadata } from "./mux-metadata.ts";
import type { WebSocketOptions } from "./options.ts";
import type { SocketEvents, StreamSocket } from "./socket.ts";

export interface GrpcWebSocketsContext {
  readonly schema: Schema;
  readonly chain: Chain;
  readonly options: WebSocketOptions;
  readonly sweep: Sweep;
  readonly census: Census;
}

export interface GrpcHandshake {
  readonly metadata: Metadata;
  readonly headers: RequestHeaders;
  readonly source: RequestSource;
  readonly peer: Peer;
}

export interface GrpcWebSockets {
  /** By the path of the URL. Throws GatewayError (12). */
  prepare(path: string): (socket: StreamSocket, handshake: GrpcHandshake) => GrpcSession;
  /** The frames before the close code of a handshake that is refused. */
  writeRefusal(socket: StreamSocket, error: GatewayError): void;
}

interface SessionContext extends GrpcWebSocketsContext {
  readonly overlay: OverlayMetadata;
  readonly replyMetadata: ReplyMetadata;
}

export function createGrpcWebSockets(context: GrpcWebSocketsContext): GrpcWebSockets {
  const shared = {
    ...context,
    overlay: compileOverlay(context.options),
    replyMetadata: compileReplyMetadata(context.options),
  };
  const methods = new Map<string, Method>();
  for (const service of context.schema.services)
    for (const method of service.methods)
      if (streamRuleOf(method, context.options).webSocket) methods.set(method.path, method);
  return {
    prepare(path) {
      const method = methods.get(path);
      if (method !== undefined) return (socket, handshake) => new GrpcSession(shared, method, handshake, socket);
      throw new GatewayError(Code.UNIMPLEMENTED, "no method has this path; /package.Service/Method is expected", {
        reason: "METHOD_UNKNOWN",
      });
    },
    writeRefusal(socket, error) {
      socket.sendBinary(writeBlock([]));
      socket.sendBinary(writeBlock(toGrpcTrailers(error, [])));
    },
  };
}

/** Bytes of messages that may wait for the backend before the client is held back. */
const mostWaiting = 64 * 1024;
/** The first byte of a client's frame. */
const dataFrame = 0;
const endFrame = 1;

export class GrpcSession implements SocketEvents, MessageSink, FrameSink {
  readonly #context: SessionContext;
  readonly #method: Method;
  readonly #handshake: GrpcHandshake;
  readonly #socket: StreamSocket;
  readonly #frames: FrameReader;
  readonly #inbox = new Inbox(() => this.#onTaken());
  readonly #clock: StreamClock;
  readonly #tally: StreamTally;
  readonly #cancellation = new Cancellation();
  /** Undefined until the first frame, which has its metadata. */
  #call: Call | undefined;
  #pump: Pump | undefined;
  #hasHead = false;
  #isPaused = false;
  #isDone = false;

  constructor(context: SessionContext, method: Method, handshake: GrpcHandshake, socket: StreamSocket) {
    const { options, census, sweep } = context;
    this.#context = context;
    this.#method = method;
    this.#handshake = handshake;
    this.#socket = socket;
    this.#frames = new FrameReader(this, options.socket.maxMessageBytes);
    this.#tally = census.tallyOf(method, "websocket");
    const times = toStreamTimes(streamRuleOf(method, options), options);
    this.#clock = new StreamClock(sweep, times, (error) => this.#fail(error));
    openStream(this.#tally);
  }

  onText(): void {
    if (!this.#close(Code.INVALID_ARGUMENT)) return;
    this.#cancel(gone());
    this.#socket.close(CloseCode.UNSUPPORTED_DATA, "the frames of grpc-websockets are binary");
  }

  onBinary(bytes: Buffer): void {
    if (this.#isDone) return;
    this.#clock.touch();
    try {
      if (this.#pump === undefined) this.#begin(readBlock(bytes));
      else if (bytes.length === 1 && bytes[0] === endFrame) this.#end();
      else if (bytes.length > 1 && bytes[0] === dataFrame) this.#frames.read(bytes.subarray(1));
      else throw malformed("a frame must begin with 0 and go on, or be the byte 1");
    } catch (error) {
      this.#fail(GatewayError.from(error));
    }
  }

  #begin(headers: readonly string[]): void {
    const { chain, options, overlay, sweep } = this.#context;
    const at = headers.indexOf("grpc-timeout");
    const timeout = at >= 0 && at % 2 === 0 ? { "grpc-timeout": headers[at + 1] } : {};
    const method = this.#method;
    const { metadata, headers: base, source, peer } = this.#handshake;
    const startedAt = performance.now();
    // Judges the headers, before anything is made of them.
    const own = overlay(metadata, headers);
    const call = new Call({
      method,
      front: "websocket",
      source,
      headers: overlayHeaders(base, headers),
      peer,
      metadata: own,
      deadline: startedAt + compileTimeout(method, options)(timeout, undefined),
      startedAt,
      cancellation: this.#cancellation,
    });
    this.#call = call;
    const { overflow } = compileStreamPolicy(method, options);
    this.#pump = new Pump({
      reply: startCall(chain, call, this.#inbox),
      sink: this,
      tally: this.#tally,
      sweep,
      overflow,
      onHead: (head) => this.#sendHead(head),
      onEnd: (error, trailers) => this.#finish(error, trailers),
    });
    this.#pump.start();
  }

  onMessage(message: Uint8Array, isCompressed: boolean): void {
    if (isCompressed) throw malformed("compressed messages are not read here", Code.UNIMPLEMENTED);
    if (this.#inbox.isEnded) throw malformed("a message after the end");
    this.#tally.messagesIn++;
    this.#call?.countIn(message.length);
    this.#inbox.push(message);
    if (this.#isPaused || this.#inbox.waitingBytes < mostWaiting) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  #onTaken(): void {
    if (!this.#isPaused || this.#inbox.waitingBytes >= mostWaiting) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  #end(): void {
    if (!this.#frames.isBetweenMessages) throw malformed("the messages end in the middle of one");
    this.#inbox.end();
  }

  get hasRoom(): boolean {
    if (!this.#socket.hasRoom) this.#tally.waits++;
    return this.#socket.hasRoom;
  }

  send(message: Uint8Array): void {
    this.#clock.touch();
    this.#tally.messagesOut++;
    this.#call?.countOut(message.length);
    this.#socket.sendBinary(joinFrame(message, false));
  }

  onRoom(): void {
    try {
      this.#pump?.resume();
    } catch (error) {
      this.#fail(GatewayError.from(error));
    }
  }

  onClose(): void {
    if (this.#close(Code.CANCELLED)) this.#cancel(gone());
  }

  drain(): void {
    this.#fail(new GatewayError(Code.UNAVAILABLE, "the gateway is stopping; call again", { reason: "SHUTTING_DOWN" }));
  }

  #sendHead(headers: Metadata): void {
    this.#hasHead = true;
    this.#socket.sendBinary(writeBlock([...this.#context.replyMetadata(headers), ...(this.#call?.replyHeaders ?? [])]));
  }

  #fail(error: GatewayError): void {
    this.#finish(error, error.backendTrailers);
  }

  /** The first block is always the head to these clients, so there is one. */
  #finish(error: GatewayError | undefined, trailers: Metadata): void {
    if (!this.#close(error?.code ?? Code.OK, error)) return;
    if (error?.cause !== undefined) this.#context.options.report(error, this.#call);
    this.#cancel(error ?? gone());
    if (!this.#hasHead) this.#sendHead([]);
    const told = error && toNamedError(error, this.#call?.requestId ?? this.#handshake.source.requestId);
    this.#socket.sendBinary(writeBlock(toGrpcTrailers(told, this.#context.replyMetadata(trailers))));
    this.#socket.close(CloseCode.OK, "");
  }

  /** False: it was closed before. */
  #close(code: Code, error?: GatewayError): boolean {
    if (this.#isDone) return false;
    this.#isDone = true;
    this.#clock.stop();
    this.#tally.dropped += this.#pump?.dropped ?? 0;
    endStream(this.#tally, code);
    if (this.#call !== undefined) this.#call.end(code, error);
    else if (error !== undefined) this.#miss(error);
    return true;
  }

  /** The first frame made no call. */
  #miss(error: GatewayError): void {
    const { headers, peer, source } = this.#handshake;
    const method = this.#method;
    this.#context.chain.onMiss?.({ front: "websocket", method, source, headers, peer, error });
  }

  #cancel(error: GatewayError): void {
    this.#pump?.stop();
    this.#inbox.fail(error);
    this.#cancellation.cancel(error);
  }
}

function gone(): GatewayError {
  return new GatewayError(Code.CANCELLED, "the client closed the WebSocket", { reason: "CLIENT_GONE" });
}

function malformed(message: string, code: Code = Code.INVALID_ARGUMENT): GatewayError {
  return new GatewayError(code, message, { reason: "MESSAGE_FRAME_INVALID" });
}
