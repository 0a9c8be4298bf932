// A streaming call on the native transport: messages go out as the backend takes them, and come in as the reader does.
import type { StreamCall, StreamReply } from "../call.ts";
import { compressMessage } from "../compression.ts";
import { writeFrame } from "../grpc-frame.ts";
import type { Http2Stream } from "../http2/contract.ts";
import type { Metadata } from "../metadata.ts";
import { GatewayError } from "../status.ts";
import { createDeferred } from "./deferred.ts";
import { MessageQueue } from "./message-queue.ts";
import { type CallHost, NativeCall } from "./native-call.ts";
import { checkSize } from "./upstream-status.ts";

/** Received and not yet read, beside what the stream's window lets the backend send: who reads has read that within the turn. */
const readAheadBytes = 8192;
/** A client that does not read makes both wait here: with what waits on its own socket that shall be no more than 512 KiB. */
const maxWindowBytes = 98_304;
/** Where there are more streams than these, each is fast enough with the window it begins with, and all of them hold less that nobody reads. */
const fewStreams = 32;
/** What HTTP/2 begins with. */
const firstWindowBytes = 65_535;
/** Sent messages are kept for another attempt up to this, until the backend answers. */
const keptBytes = 65_536;
/** What one takes beside its bytes: those without any would be kept for ever. */
const overhead = 64;

const nothing = new Uint8Array(0);

export function runStream(host: CallHost, call: StreamCall): StreamReply {
  const run = new StreamRun(host, call);
  run.start();
  return run.reply;
}

class StreamRun extends NativeCall {
  readonly reply: StreamReply;
  readonly #call: StreamCall;
  readonly #queue: MessageQueue;
  readonly #headers = createDeferred<Metadata>();
  readonly #trailers = createDeferred<Metadata>();
  #unconsumed = 0;
  /** Frames' messages and whether they are compressed, from the first on; undefined when the call cannot begin again. */
  #kept: KeptMessage[] | undefined = [];
  #keptBytes = 0;
  #hasAll = false;
  #wantsRoom = false;
  /** Lets the pump go on. */
  #wake: (() => void) | undefined = undefined;

  constructor(host: CallHost, call: StreamCall) {
    super(host, call);
    this.#call = call;
    this.encoding = host.compression;
    this.#queue = new MessageQueue({
      window: readAheadBytes,
      onRoom: () => this.#consume(),
      expand: (bytes) => this.#expandOrFail(bytes),
    });
    this.reply = { headers: this.#headers.promise, messages: this.#queue, trailers: this.#trailers.promise };
  }

  override start(): void {
    this.host.openStreams++;
    super.start();
    if (!this.isEnded) void this.#pump();
  }

  protected get canBeginAgain(): boolean {
    return this.#kept !== undefined;
  }

  protected begin(stream: Http2Stream): void {
    stream.maxWindowBytes = this.host.openStreams > fewStreams ? firstWindowBytes : maxWindowBytes;
    for (const { bytes, isCompressed } of this.#kept ?? []) writeFrame(stream, bytes, isCompressed, false);
    if (this.#hasAll) stream.sendData(nothing, true);
    this.onDrain();
  }

  onDrain(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  protected onReplyHeaders(headers: Metadata): void {
    this.#kept = undefined;
    this.#headers.resolve(headers);
  }

  onMessage(message: Uint8Array, isCompressed: boolean): void {
    if (!this.isEnded) this.#queue.push(message, isCompressed);
  }

  protected received(bytes: number): void {
    this.#unconsumed += bytes;
    if (this.#queue.hasRoom) this.#consume();
  }

  protected finish(
    error: GatewayError | undefined,
    headers: Metadata,
    trailers: Metadata,
    isLocal: boolean,
  ): GatewayError | undefined {
    this.host.openStreams--;
    this.#kept = undefined;
    this.onDrain();
    if (error === undefined) {
      this.#headers.resolve(headers);
      this.#trailers.resolve(trailers);
      this.#queue.end();
      return undefined;
    }
    this.#headers.reject(error);
    this.#trailers.reject(error);
    if (isLocal) this.#queue.abort(error);
    else this.#queue.end(error);
    return error;
  }

  #consume(): void {
    this.stream?.consume(this.#unconsumed);
    this.#unconsumed = 0;
  }

  /** The client's messages, one after the other, never one more than the backend has room for. */
  async #pump(): Promise<void> {
    const { maxMessageBytes } = this.host.limits;
    try {
      for (;;) {
        const message = await this.#call.messages.read();
        if (this.isEnded) return;
        if (message === undefined) break;
        checkSize(message, maxMessageBytes);
        const bytes = this.encoding === undefined ? message : await compressMessage(message, this.encoding);
        // While connecting and between two attempts there is no stream; there will be.
        while (this.stream === undefined && !this.isEnded) await this.#woken();
        this.#send({ bytes, isCompressed: this.encoding !== undefined });
        if (this.#wantsRoom) await this.#woken();
        if (this.isEnded) return;
      }
      this.#hasAll = true;
      this.stream?.sendData(nothing, true);
    } catch (error) {
      this.cancel(GatewayError.from(error));
    }
  }

  #send(message: KeptMessage): void {
    const { stream } = this;
    if (stream === undefined) return;
    this.#keep(message);
    this.#wantsRoom = !writeFrame(stream, message.bytes, message.isCompressed, false) && !stream.isClosed;
  }

  #keep(message: KeptMessage): void {
    if (this.#kept === undefined) return;
    this.#keptBytes += message.bytes.length + overhead;
    if (this.#keptBytes > keptBytes) this.#kept = undefined;
    else this.#kept.push(message);
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #expandOrFail(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    try {
      const message = this.expand(bytes);
      if (message instanceof Uint8Array) return message;
      return message.catch((error: unknown) => {
        this.cancel(GatewayError.from(error));
        throw error;
      });
    } catch (error) {
      this.cancel(GatewayError.from(error));
      throw error;
    }
  }
}

interface KeptMessage {
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
}
