// A unary call on the native transport: one message out with the head, one message back.
import type { Reply, UnaryCall } from "../call.ts";
import { compressedForm, compressMessage, type MessageEncoding } from "../compression.ts";
import { writeFrame } from "../grpc-frame.ts";
import type { Http2Stream } from "../http2/contract.ts";
import type { Metadata } from "../metadata.ts";
import { GatewayError } from "../status.ts";
import { type CallHost, NativeCall } from "./native-call.ts";
import { checkSize, upstreamProtocolError } from "./upstream-status.ts";

/** Of a longer reply the peer gets credit while it comes; the end of the stream settles the rest. */
const consumedBytes = 16_384;

export function runUnary(host: CallHost, call: UnaryCall): Promise<Reply> {
  return new Promise((resolve, reject) => {
    new UnaryRun(host, call, resolve, reject).start();
  });
}

class UnaryRun extends NativeCall {
  protected readonly canBeginAgain = true;
  readonly #request: Uint8Array;
  readonly #resolve: (reply: Reply | Promise<Reply>) => void;
  readonly #reject: (error: GatewayError) => void;
  #message: Uint8Array | undefined = undefined;
  #isCompressed = false;
  #unconsumed = 0;

  constructor(
    host: CallHost,
    call: UnaryCall,
    resolve: (reply: Reply | Promise<Reply>) => void,
    reject: (error: GatewayError) => void,
  ) {
    super(host, call);
    this.#request = call.message;
    this.#resolve = resolve;
    this.#reject = reject;
    this.encoding = encodingFor(host, call.message);
  }

  override start(): void {
    try {
      checkSize(this.#request, this.host.limits.maxMessageBytes);
    } catch (error) {
      this.cancel(GatewayError.from(error));
      return;
    }
    super.start();
  }

  protected begin(stream: Http2Stream): void {
    if (this.encoding === undefined) {
      writeFrame(stream, this.#request, false, true);
      return;
    }
    const bytes = compressMessage(this.#request, this.encoding);
    if (bytes instanceof Uint8Array) {
      writeFrame(stream, bytes, true, true);
      return;
    }
    bytes.then(
      (compressed) => writeFrame(stream, compressed, true, true),
      (error: unknown) => this.fail(GatewayError.from(error)),
    );
  }

  protected received(bytes: number): void {
    this.#unconsumed += bytes;
    if (this.#unconsumed < consumedBytes) return;
    this.stream?.consume(this.#unconsumed);
    this.#unconsumed = 0;
  }

  protected onReplyHeaders(): void {}

  onMessage(message: Uint8Array, isCompressed: boolean): void {
    if (this.isEnded) return;
    if (this.#message !== undefined) {
      this.fail(upstreamProtocolError("the upstream answered a unary call with more than one message"));
      return;
    }
    this.#message = message;
    this.#isCompressed = isCompressed;
  }

  protected finish(error: GatewayError | undefined, headers: Metadata, trailers: Metadata): GatewayError | undefined {
    const message = this.#message;
    if (error !== undefined || message === undefined) {
      const outcome = error ?? upstreamProtocolError("the upstream answered OK without a message");
      this.#reject(outcome);
      return outcome;
    }
    this.#resolve(this.#isCompressed ? this.#expanded(message, headers, trailers) : { message, headers, trailers });
    return undefined;
  }

  async #expanded(message: Uint8Array, headers: Metadata, trailers: Metadata): Promise<Reply> {
    return { message: await this.expand(message), headers, trailers };
  }
}

/** A message that came compressed goes on as it came, if the backend reads that. */
function encodingFor(host: CallHost, message: Uint8Array): MessageEncoding | undefined {
  if (host.compression !== undefined) return host.compression;
  if (host.accepted === "") return undefined;
  for (const encoding of ["gzip", "deflate"] as const) {
    if (compressedForm(message, encoding) !== undefined && host.accepted.includes(encoding)) return encoding;
  }
  return undefined;
}
