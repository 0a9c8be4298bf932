// One HTTP/2 request as the exchange a front answers: what the stream calls back on one side, what the front calls on the other.
import type { ClientCertificate, Peer } from "../caller.ts";
import type { BodyReceiver, Exchange, HeaderList, RequestHeaders, ResponseWriter } from "../front/front.ts";
import type { Http2Stream, StreamHandlers } from "../http2/contract.ts";
import type { GatewayError } from "../status.ts";
import { withAdded } from "./added-headers.ts";
import { bodyTooLarge, bodyTooSlow, clientGone } from "./body-errors.ts";
import type { CertificateReader } from "./client-certificate.ts";
import { dateHeader } from "./date-header.ts";
import type { Http2Head } from "./http2-head.ts";
import type { ListenerLimits } from "./listen-limits.ts";
import type { PacedBodies, PacedBody } from "./paced-bodies.ts";

/** What of a request is read away once it is answered, so that a client still sending gets to see the answer. */
const maxDiscardBytes = 1024 * 1024;
/** An answered stream whose client neither sends on nor ends it. */
const lingerMs = 30_000;
const noError = 0;

const emptyBody = Buffer.alloc(0);
const continueHead = [":status", "100"];

/** What an exchange needs of its connection. */
export interface Http2Host {
  readonly peer: Peer;
  readonly secure: boolean;
  readonly readCertificate: CertificateReader;
  /** Exchanges whose body must keep a pace. */
  readonly reading: PacedBodies<Http2Exchange>;
}

export class Http2Exchange implements Exchange, StreamHandlers, ResponseWriter, PacedBody {
  readonly httpVersion = "2";
  readonly method: string;
  readonly target: string;
  readonly headers: RequestHeaders;
  readonly rawHeaders: readonly string[];
  requestId: string | undefined = undefined;
  paceIndex = -1;
  readonly #host: Http2Host;
  readonly #stream: Http2Stream;
  /** The client has sent everything. */
  #isComplete: boolean;
  #isDone = false;
  /** The client sends its body once it is told to, or has had no answer for long. */
  #awaitsContinue: boolean;
  #added: HeaderList | undefined;
  #receiver: BodyReceiver | undefined;
  /** What came before anybody asked for it; the windows bound it. */
  #early: Buffer[] | undefined;
  #readBytes = 0;
  #readSince = 0;
  #abortListener: (() => void) | undefined;
  #drainListener: (() => void) | undefined;

  constructor(host: Http2Host, stream: Http2Stream, head: Http2Head, isComplete: boolean) {
    this.#host = host;
    this.#stream = stream;
    this.method = head.method;
    this.target = head.target;
    this.headers = head.headers;
    this.rawHeaders = head.rawHeaders;
    this.#isComplete = isComplete;
    this.#awaitsContinue = !isComplete && head.headers["expect"] !== undefined;
  }

  get peer(): Peer {
    return this.#host.peer;
  }

  get secure(): boolean {
    return this.#host.secure;
  }

  get certificate(): ClientCertificate | undefined {
    return this.#host.readCertificate();
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  readBody(limit: number): Promise<Buffer> {
    if (this.#isDone) return Promise.reject(clientGone());
    if (this.#isComplete && this.#early === undefined) return Promise.resolve(emptyBody);
    const length = this.headers["content-length"];
    if (length !== undefined && Number(length) > limit) return Promise.reject(bodyTooLarge(limit));
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const onChunk = (chunk: Buffer): void => {
        this.consumed(chunk.length);
        bytes += chunk.length;
        if (bytes > limit) this.#failBody(bodyTooLarge(limit));
        else chunks.push(chunk);
      };
      const onEnd = (): void => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
      this.receiveBody({ onChunk, onEnd, onFail: reject }, true);
      this.#onGone = reject;
    });
  }

  /** For `readBody`, whose promise must not stay open when the client goes. */
  #onGone: ((error: GatewayError) => void) | undefined;

  receiveBody(receiver: BodyReceiver, isPaced: boolean): void {
    if (this.#isDone) return;
    this.#receiver = receiver;
    const early = this.#early;
    this.#early = undefined;
    if (!isPaced) this.#stream.idleTimeoutMs = 0;
    else if (!this.#isComplete) this.#startPace();
    // RFC 9110 section 10.1.1; whoever sends already waits for nothing.
    if (this.#awaitsContinue && !this.#isComplete && early === undefined) this.#stream.sendInformational(continueHead);
    this.#awaitsContinue = false;
    for (const chunk of early ?? []) {
      // Whatever a chunk led to, a receiver that was told of the end gets nothing more.
      if (this.#receiver === receiver) this.#pass(receiver, chunk);
    }
    if (this.#isComplete && this.#receiver === receiver) this.#endBody();
  }

  consumed(bytes: number): void {
    this.#stream.consume(bytes);
  }

  discardBody(): void {
    this.#readBytes = 0;
    this.#receiver = { onChunk: (chunk) => this.#discard(chunk.length), onEnd: () => {}, onFail: () => {} };
    const early = this.#early;
    this.#early = undefined;
    for (const chunk of early ?? []) this.#discard(chunk.length);
  }

  respond(status: number, headers: HeaderList, body: Uint8Array | undefined, trailers?: HeaderList): void {
    if (this.#isDone) return;
    const hasTrailers = trailers !== undefined && trailers.length > 0;
    const isBodyless = status === 204 || status === 304;
    const sent = this.method === "HEAD" || isBodyless || body === undefined || body.length === 0 ? undefined : body;
    const head = [":status", String(status), ...withAdded(headers, this.#added)];
    if (trailers === undefined) {
      head.push("date", dateHeader());
      if (!isBodyless) head.push("content-length", String(body === undefined ? 0 : body.length));
    }
    this.#stream.sendHeaders(head, sent === undefined && !hasTrailers);
    if (sent !== undefined) this.#stream.sendData(sent, !hasTrailers);
    if (hasTrailers) this.#stream.sendTrailers(trailers);
    this.#finish();
  }

  startResponse(status: number, headers: HeaderList, onDrain: () => void): ResponseWriter {
    if (this.#isDone) return this;
    this.#drainListener = onDrain;
    this.#awaitsContinue = false;
    this.#stream.idleTimeoutMs = 0;
    const hasBody = this.method !== "HEAD";
    const head = [":status", String(status), ...withAdded(headers, this.#added)];
    // As where it has trailers: no gRPC client looks at it.
    if (!isGrpc(headers)) head.push("date", dateHeader());
    this.#stream.sendHeaders(head, !hasBody);
    if (!hasBody) this.#finish();
    return this;
  }

  write(chunk: Uint8Array): boolean {
    return this.#isDone || this.#stream.sendData(chunk, false);
  }

  end(trailers?: HeaderList): void {
    if (this.#isDone) return;
    if (trailers === undefined || trailers.length === 0) this.#stream.sendData(emptyBody, true);
    else this.#stream.sendTrailers(trailers);
    this.#finish();
  }

  reset(code: number): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#release();
    this.#stream.reset(code);
  }

  onAbort(listener: () => void): void {
    this.#abortListener = listener;
  }

  addAnswerHeaders(headers: HeaderList): void {
    this.#added = this.#added === undefined ? headers : [...this.#added, ...headers];
  }

  onData(chunk: Buffer): void {
    const receiver = this.#receiver;
    if (this.#isDone) this.#discard(chunk.length);
    else if (receiver === undefined) (this.#early ??= []).push(chunk);
    else this.#pass(receiver, chunk);
  }

  /** Trailers of requests are read by nobody, on purpose: they come after everything was decided. */
  onEnd(): void {
    this.#isComplete = true;
    // From here on it is not the client that is waited for.
    this.#stream.idleTimeoutMs = 0;
    if (!this.#isDone && this.#receiver !== undefined) this.#endBody();
  }

  onReset(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    const abort = this.#abortListener;
    const gone = this.#onGone;
    this.#release();
    abort?.();
    gone?.(clientGone());
  }

  onDrain(): void {
    this.#drainListener?.();
  }

  /** Ends a body that comes in slower than `minBodyBytesPerSecond` after the first `bodyGraceMs`, or is not done after `requestTimeoutMs`. */
  checkPace(now: number, limits: ListenerLimits): void {
    const elapsed = now - this.#readSince;
    const isSlow = elapsed >= limits.bodyGraceMs && this.#readBytes < (elapsed / 1000) * limits.minBodyBytesPerSecond;
    if (isSlow || elapsed >= limits.requestTimeoutMs) this.#failBody(bodyTooSlow());
  }

  #startPace(): void {
    this.#readSince = performance.now();
    this.#host.reading.add(this);
  }

  #stopPace(): void {
    this.#host.reading.delete(this);
  }

  #pass(receiver: BodyReceiver, chunk: Buffer): void {
    this.#readBytes += chunk.length;
    receiver.onChunk(chunk);
  }

  #endBody(): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#onGone = undefined;
    this.#stopPace();
    receiver?.onEnd();
  }

  #failBody(error: GatewayError): void {
    const receiver = this.#receiver;
    this.#onGone = undefined;
    this.#stopPace();
    this.discardBody();
    receiver?.onFail(error);
  }

  #discard(bytes: number): void {
    this.#readBytes += bytes;
    if (this.#readBytes <= maxDiscardBytes) this.#stream.consume(bytes);
    // Only what is framed already survives a reset; an answer still waiting for room is worth more than the silence.
    else if (this.#isDone && this.#stream.bufferedBytes === 0) this.#stream.reset(noError);
  }

  /** The answer is complete. The client's side may still be open: what comes is read away, within bounds. */
  #finish(): void {
    this.#isDone = true;
    this.#release();
    if (this.#isComplete) return;
    this.#stream.idleTimeoutMs = lingerMs;
    this.#readBytes = 0;
    this.#early = undefined;
    // What a receiver had not dealt with yet nobody will.
    this.#stream.consume(Infinity);
  }

  #release(): void {
    this.#stopPace();
    this.#receiver = undefined;
    this.#onGone = undefined;
    this.#abortListener = undefined;
    this.#drainListener = undefined;
  }
}

function isGrpc([name, value]: HeaderList): boolean {
  return name === "content-type" && value.startsWith("application/grpc");
}
