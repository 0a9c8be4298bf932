// One call on the wire: asks for a stream, reads head, messages and status off it, and ends once, whatever comes first.
import type { StreamCall, UnaryCall } from "../call.ts";
import { decompressMessage, isMessageEncoding, type MessageEncoding } from "../compression.ts";
import { FrameReader, type MessageSink } from "../grpc-frame.ts";
import type { Http2Connection, Http2Stream, StreamHandlers, StreamReset } from "../http2/contract.ts";
import { HeaderError } from "../http2/errors.ts";
import { emptyMetadata, type Metadata } from "../metadata.ts";
import { Code, deadlineExceeded, GatewayError } from "../status.ts";
import type { Deadlines, Timed } from "./deadlines.ts";
import type { Link } from "./native-link.ts";
import { type NativeChannel, shuttingDown, type Waiting } from "./native-channel.ts";
import type { ReplyHeaderReader, ReplyStatus } from "./reply-headers.ts";
import { callHeaders, type RequestHeaders } from "./request-headers.ts";
import type { AttemptWatch, TransportLimits } from "./transport.ts";
import {
  messageTooLargeError,
  metadataTooLargeError,
  noStatusError,
  resetError,
  toUpstreamError,
  upstreamProtocolError,
  upstreamUnavailable,
} from "./upstream-status.ts";
import { readRequestMetadata } from "./wire-metadata.ts";

/** What all calls of a transport share. */
export interface CallHost {
  readonly channel: NativeChannel;
  readonly limits: TransportLimits;
  readonly watch: AttemptWatch | undefined;
  readonly deadlines: Deadlines;
  readonly requestHeaders: RequestHeaders;
  readonly replyHeaders: ReplyHeaderReader;
  /** Compress every request message; undefined: only pass on those that came compressed and the backend takes so. */
  readonly compression: MessageEncoding | undefined;
  /** `grpc-accept-encoding` of the backend, as last seen. */
  accepted: string;
  /** Streaming calls under way. */
  openStreams: number;
}

/** RFC 9113 section 7. */
const noError = 0x0;
const cancelled = 0x8;

/** Timers of other programs run early by this much at most, theirs and ours rounded. */
const clockSlackMs = 5;

export abstract class NativeCall implements StreamHandlers, MessageSink, Timed, Waiting {
  readonly deadline: number;
  tick = -1;
  previous: Timed | undefined = undefined;
  next: Timed | undefined = undefined;
  protected readonly host: CallHost;
  /** While there is one. */
  protected stream: Http2Stream | undefined = undefined;
  protected isEnded = false;
  /** Of the request; decided before the head is sent. */
  protected encoding: MessageEncoding | undefined = undefined;
  readonly #call: UnaryCall | StreamCall;
  readonly #frames: FrameReader;
  #metadata: Metadata = emptyMetadata;
  #headers: Metadata = emptyMetadata;
  #status: ReplyStatus | undefined = undefined;
  #replyEncoding: string | undefined = undefined;
  #link: Link | undefined = undefined;
  /** Anything at all, from the server. */
  #hasHeard = false;
  #wasRetried = false;
  #hasRemoteEnded = false;
  /** In `performance.now()` milliseconds; -1 until then. */
  #startedAt = -1;

  constructor(host: CallHost, call: UnaryCall | StreamCall) {
    this.host = host;
    this.#call = call;
    this.deadline = call.deadline;
    this.#frames = new FrameReader(this, host.limits.maxMessageBytes);
  }

  /** Sends the request, or as much as there is of it, from its beginning. Must not throw. */
  protected abstract begin(stream: Http2Stream): void;
  /** Whether `begin` can be called once more. */
  protected abstract get canBeginAgain(): boolean;
  /** So many bytes have come and are read; they are to be consumed some time. */
  protected abstract received(bytes: number): void;
  protected abstract onReplyHeaders(headers: Metadata): void;
  abstract onMessage(message: Uint8Array, isCompressed: boolean): void;
  /**
   * Once, last; answers what the call has come to. `isLocal`: this side ended the call, what the backend sent is of no interest any
   * more.
   */
  protected abstract finish(
    error: GatewayError | undefined,
    headers: Metadata,
    trailers: Metadata,
    isLocal: boolean,
  ): GatewayError | undefined;

  /** Once, first. */
  start(): void {
    this.#startedAt = performance.now();
    this.host.watch?.began();
    const { cancellation, metadata } = this.#call;
    if (cancellation.error !== undefined) {
      this.cancel(cancellation.error);
      return;
    }
    try {
      this.#metadata = readRequestMetadata(metadata, this.host.limits.maxMetadataBytes);
    } catch (error) {
      this.cancel(GatewayError.from(error));
      return;
    }
    cancellation.onCancel((error) => this.cancel(error));
    if (this.deadline <= this.#startedAt) {
      this.cancel(deadlineExceeded());
      return;
    }
    if (this.deadline !== Infinity) this.host.deadlines.add(this);
    this.host.channel.start(this);
  }

  open(connection: Http2Connection, link: Link): void {
    const { host } = this;
    this.#link = link;
    try {
      const headers = host.requestHeaders.of(this.#call.method, this.encoding);
      const stream = connection.request(headers, this, false, callHeaders(this.deadline, this.#metadata));
      if (stream === undefined) {
        this.fail(upstreamUnavailable(new Error("the connection took no more streams")));
        return;
      }
      this.stream = stream;
      this.begin(stream);
    } catch (error) {
      this.fail(toRequestError(error));
    }
  }

  fail(error: GatewayError): void {
    this.#end(error, emptyMetadata, false);
  }

  cancel(error: GatewayError): void {
    this.#end(error, emptyMetadata, true);
  }

  expire(): void {
    const link = this.#link;
    if (link !== undefined && !this.#hasHeard) link.suspect();
    this.cancel(deadlineExceeded());
  }

  onHeaders(headers: readonly string[], endStream: boolean): void {
    this.#hasHeard = true;
    try {
      this.#readHead(headers, endStream);
    } catch (error) {
      this.cancel(GatewayError.from(error));
    }
  }

  #readHead(headers: readonly string[], endStream: boolean): void {
    const { host } = this;
    if (endStream) {
      const status = host.replyHeaders.status(headers);
      if (status.code !== undefined) {
        this.#status = status;
        return;
      }
    }
    const head = host.replyHeaders.head(headers);
    if (head.kind === "refused") {
      this.fail(head.createError());
      return;
    }
    this.#headers = head.metadata;
    this.#replyEncoding = head.encoding;
    if (host.accepted !== head.accepted && head.accepted !== "") host.accepted = head.accepted;
    this.onReplyHeaders(head.metadata);
  }

  onData(chunk: Buffer): void {
    if (this.isEnded) return;
    try {
      this.#frames.read(chunk);
    } catch (error) {
      this.fail(toReplyError(error));
      return;
    }
    this.received(chunk.length);
  }

  onEnd(trailers: readonly string[] | undefined): void {
    if (this.isEnded) return;
    this.#hasRemoteEnded = true;
    try {
      this.#readEnd(this.#status ?? (trailers === undefined ? undefined : this.host.replyHeaders.status(trailers)));
    } catch (error) {
      this.cancel(GatewayError.from(error));
    }
  }

  #readEnd(status: ReplyStatus | undefined): void {
    if (status?.code === undefined) {
      this.#end(noStatusError(), status?.metadata ?? emptyMetadata, false);
    } else if (status.code !== Code.OK) {
      this.#end(this.#backendError(status.code, status), status.metadata, false);
    } else if (!this.#frames.isBetweenMessages) {
      this.#end(
        upstreamProtocolError("the upstream ended the call in the middle of a message"),
        status.metadata,
        false,
      );
    } else {
      this.#end(undefined, status.metadata, false);
    }
  }

  onReset(reset: StreamReset): void {
    if (this.isEnded) return;
    this.stream = undefined;
    const { channel } = this.host;
    if (channel.state === "closed") this.fail(shuttingDown());
    else if (reset.isUnprocessed && !this.#hasHeard && !this.#wasRetried && this.canBeginAgain) {
      this.#wasRetried = true;
      channel.start(this);
    } else this.fail(this.#resetError(reset));
  }

  /** The message as it was before the backend compressed it. Throws, or rejects with, GatewayError. */
  protected expand(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const encoding = this.#replyEncoding;
    if (encoding === undefined || !isMessageEncoding(encoding)) {
      throw upstreamProtocolError(
        "the upstream's message could not be decompressed",
        new Error(`compressed with grpc-encoding ${encoding ?? "identity"}`),
      );
    }
    try {
      const message = decompressMessage(bytes, encoding, this.host.limits.maxMessageBytes);
      if (message instanceof Uint8Array) return message;
      return message.catch((error: unknown) => Promise.reject(toReplyError(error)));
    } catch (error) {
      throw toReplyError(error);
    }
  }

  #backendError(code: number, status: ReplyStatus): GatewayError {
    // Both ends keep the deadline; which of them is first shall make no difference.
    if (code === Code.DEADLINE_EXCEEDED && this.deadline <= performance.now() + clockSlackMs) return deadlineExceeded();
    return toUpstreamError({
      code,
      message: status.message,
      isFromBackend: true,
      isLate: false,
      statusBytes: status.statusBytes,
      headers: this.#headers,
      trailers: status.metadata,
    });
  }

  #resetError(reset: StreamReset): GatewayError {
    const cause = new Error(`${reset.message} (HTTP/2 error code ${reset.code})`);
    switch (reset.cause) {
      case "peer":
        return resetError(reset.code, this.deadline <= performance.now(), cause);
      case "violation":
        return upstreamProtocolError("the upstream broke the rules of HTTP/2", cause);
      case "limit":
        return metadataTooLargeError();
      default:
        return upstreamUnavailable(cause);
    }
  }

  #end(error: GatewayError | undefined, trailers: Metadata, isLocal: boolean): void {
    if (this.isEnded) return;
    this.isEnded = true;
    const { host, stream } = this;
    if (this.deadline !== Infinity) host.deadlines.remove(this);
    if (stream === undefined) host.channel.forget(this);
    else if (!stream.isClosed) stream.reset(this.#hasRemoteEnded ? noError : cancelled);
    this.stream = undefined;
    const outcome = this.finish(error, this.#headers, trailers, isLocal);
    if (this.#startedAt !== -1) host.watch?.ended(this.#startedAt, outcome?.code ?? Code.OK);
  }
}

/** Why the reply could not be read, as the client may know it. */
function toReplyError(error: unknown): GatewayError {
  if (!(error instanceof GatewayError)) return GatewayError.from(error);
  switch (error.reason) {
    case "MESSAGE_TOO_LARGE":
      return messageTooLargeError(error);
    case "MESSAGE_FRAME_INVALID":
      return upstreamProtocolError("the upstream's message is malformed", error);
    case "MESSAGE_ENCODING_INVALID":
      return upstreamProtocolError("the upstream's message could not be decompressed", error);
    default:
      return error;
  }
}

function toRequestError(error: unknown): GatewayError {
  if (!(error instanceof HeaderError)) return GatewayError.from(error);
  return new GatewayError(Code.INVALID_ARGUMENT, "the request's metadata cannot be sent", {
    reason: "METADATA_INVALID",
    cause: error,
  });
}
