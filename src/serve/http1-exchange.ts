// One HTTP/1.1 request and its answer as the neutral Exchange that fronts see.
import type { ClientCertificate, Peer } from "../caller.ts";
import type { BodyReceiver, Exchange, HeaderList, RequestHeaders, ResponseWriter } from "../front/front.ts";
import type { Http1Request, RequestHandlers } from "../http1/contract.ts";
import type { Http1Failure } from "../http1/failure.ts";
import type { GatewayError } from "../status.ts";
import { withAdded } from "./added-headers.ts";
import { bodyTooLarge, bodyTooSlow, clientGone } from "./body-errors.ts";
import type { CertificateReader } from "./client-certificate.ts";
import type { ConnectionContext, Hurried } from "./connection.ts";
import type { CheckedHead } from "./http1-head.ts";
import { fromFailure } from "./listen-error.ts";

/** How much of a body nobody wants is read while its call is under way: the client's leaving is noticed only by reading. */
const maxDiscardBytes = 1024 * 1024;
/** What a receiver may owe before the client is held back. */
const maxUnconsumed = 64 * 1024;

const emptyBody = Buffer.alloc(0);

/** What the exchanges of a connection share. */
export interface Http1Client {
  readonly peer: Peer;
  readonly secure: boolean;
  readonly readCertificate: CertificateReader;
  readonly context: ConnectionContext;
}

export class Http1Exchange implements Exchange, RequestHandlers, Hurried {
  readonly httpVersion: "1.0" | "1.1";
  readonly method: string;
  readonly target: string;
  readonly headers: RequestHeaders;
  readonly rawHeaders: readonly string[];
  readonly secure: boolean;
  readonly peer: Peer;
  requestId: string | undefined = undefined;
  paceIndex = -1;
  readonly #client: Http1Client;
  readonly #request: Http1Request;
  #isDone = false;
  #added: HeaderList | undefined;
  #abortListener: (() => void) | undefined;
  #drainListener: (() => void) | undefined;
  /** Whoever gets the body; undefined once it has all, or is told why not. */
  #receiver: BodyReceiver | undefined;
  /** For `readBody`, whose promise must not stay open when the client goes. */
  #onLost: ((error: GatewayError) => void) | undefined;
  #unconsumed = 0;
  #readBytes = 0;
  #readSince: number | undefined;

  constructor(client: Http1Client, request: Http1Request, head: CheckedHead) {
    this.httpVersion = request.minorVersion === 0 ? "1.0" : "1.1";
    this.method = request.method;
    this.target = head.target;
    this.headers = head.headers;
    this.rawHeaders = head.rawHeaders;
    this.secure = client.secure;
    this.peer = client.peer;
    this.#client = client;
    this.#request = request;
    request.handlers = this;
  }

  get certificate(): ClientCertificate | undefined {
    return this.#client.readCertificate();
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  onAbort(listener: () => void): void {
    this.#abortListener = listener;
  }

  addAnswerHeaders(headers: HeaderList): void {
    this.#added = this.#added === undefined ? headers : [...this.#added, ...headers];
  }

  readBody(limit: number): Promise<Buffer> {
    const request = this.#request;
    if (this.#isDone) return Promise.reject(clientGone());
    if (request.block.bodyLength === 0) return Promise.resolve(emptyBody);
    if (request.block.bodyLength > limit) return Promise.reject(bodyTooLarge(limit));
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const onChunk = (chunk: Buffer): void => {
        this.#unconsumed = 0;
        bytes += chunk.length;
        if (bytes > limit) this.#failBody(bodyTooLarge(limit));
        else chunks.push(chunk);
      };
      const onEnd = (): void => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
      this.#onLost = reject;
      this.receiveBody({ onChunk, onEnd, onFail: reject }, true);
    });
  }

  receiveBody(receiver: BodyReceiver, isPaced: boolean): void {
    if (this.#isDone) return;
    const request = this.#request;
    this.#receiver = receiver;
    if (request.block.bodyLength === 0) {
      this.onEnd();
      return;
    }
    request.isEndless = !isPaced;
    request.read();
    // Most bodies come with their head, and need no watch.
    if (isPaced && !request.isReceived && this.#receiver === receiver) this.#client.context.reading.add(this);
  }

  consumed(bytes: number): void {
    this.#unconsumed -= bytes;
    if (this.#receiver !== undefined && this.#unconsumed <= maxUnconsumed) this.#request.read();
  }

  discardBody(): void {
    this.#request.discard(maxDiscardBytes);
  }

  onData(chunk: Buffer): void {
    this.#readBytes += chunk.length;
    this.#unconsumed += chunk.length;
    this.#receiver?.onChunk(chunk);
    if (this.#unconsumed > maxUnconsumed) this.#request.pause();
  }

  onEnd(): void {
    const receiver = this.#receiver;
    this.#release();
    receiver?.onEnd();
  }

  onFailure(failure: Http1Failure): void {
    this.#failBody(fromFailure(failure, this.#client.context.limits));
  }

  onGone(): void {
    this.#isDone = true;
    const abort = this.#abortListener;
    const lost = this.#onLost;
    this.#release();
    abort?.();
    lost?.(clientGone());
  }

  onDrain(): void {
    this.#drainListener?.();
  }

  respond(status: number, headers: HeaderList, body: Uint8Array | undefined, trailers?: HeaderList): void {
    if (this.#isDone) return;
    this.#finish();
    this.#request.respond(status, withAdded(headers, this.#added), body, trailers);
  }

  startResponse(status: number, headers: HeaderList, onDrain: () => void): ResponseWriter {
    const request = this.#request;
    this.#drainListener = onDrain;
    if (!this.#isDone) request.start(status, withAdded(headers, this.#added));
    return {
      write: (chunk) => request.write(chunk),
      end: (trailers) => {
        if (this.#isDone) return;
        this.#finish();
        request.end(trailers);
      },
    };
  }

  reset(_code: number): void {
    if (this.#isDone) return;
    this.#finish();
    this.#request.reset();
  }

  /** Ends a body that comes in slower than `minBytesPerSecond` after the first `graceMs`. */
  checkPace(now: number, graceMs: number, minBytesPerSecond: number): void {
    // The clock is read by the listener's timer only, not once a request.
    this.#readSince ??= now;
    const elapsed = now - this.#readSince;
    if (elapsed >= graceMs && this.#readBytes < (elapsed / 1000) * minBytesPerSecond) this.#failBody(bodyTooSlow());
  }

  #finish(): void {
    this.#isDone = true;
    const lost = this.#onLost;
    this.#abortListener = undefined;
    this.#release();
    lost?.(clientGone());
  }

  /** Nothing more is wanted of the body. */
  #failBody(error: GatewayError): void {
    const receiver = this.#receiver;
    this.#release();
    this.#request.pause();
    receiver?.onFail(error);
  }

  #release(): void {
    this.#receiver = undefined;
    this.#onLost = undefined;
    this.#client.context.reading.delete(this);
  }
}
