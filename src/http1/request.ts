// One request and its answer, as the user of the engine holds it; what it does on the wire is asked of its connection.
import {
  connectionLines,
  dateLine,
  hasNoBody,
  headerLines,
  headStart,
  statusLine,
  writeAnswer,
  writeChunk,
} from "./answer.ts";
import { ChunkReader } from "./chunked.ts";
import type { HeaderList, Http1Request, RequestHandlers } from "./contract.ts";
import type { Http1Failure } from "./failure.ts";
import type { FieldLimits } from "./fields.ts";
import { chunked } from "./header-block.ts";
import type { HeaderBlock } from "./header-block.ts";
import type { Input } from "./input.ts";
import type { Output } from "./output.ts";

/** A body left unread is read away up to this size to keep the connection; a longer one costs the client its connection. */
const maxDrainBytes = 64 * 1024;

/** What a request asks of its connection. */
export interface RequestHost {
  readonly output: Output;
  /** The answer to the current request is the last. */
  readonly isLastAnswer: boolean;
  readonly isBroken: boolean;
  readonly keepAliveLines: string;
  readonly limits: FieldLimits;
  closeAfter(): void;
  /** The body may go on. */
  advance(): void;
  /** The answer is complete; `isLast`: and said that it was the last. */
  answered(request: Request, isLast: boolean): void;
  destroy(): void;
}

/** `held`: nobody has asked for the body yet, or whoever did has paused it. */
type BodyMode = "held" | "read" | "discard";

/** How an answer of unknown length is written. */
type Framing = "chunked" | "until-close" | "none";

export interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly minor: 0 | 1;
}

export class Request implements Http1Request {
  readonly method: string;
  readonly target: string;
  readonly minorVersion: 0 | 1;
  readonly block: HeaderBlock;
  handlers: RequestHandlers | undefined;
  isEndless = false;
  isReceived: boolean;
  awaitsContinue: boolean;
  readonly #host: RequestHost;
  #left: number;
  #chunks: ChunkReader | undefined;
  #mode: BodyMode = "held";
  #discardLeft = 0;
  #failure: Http1Failure | undefined;
  #isDone = false;
  #framing: Framing | undefined;
  #isLast = false;

  constructor(host: RequestHost, { method, target, minor }: RequestLine, block: HeaderBlock) {
    this.#host = host;
    this.method = method;
    this.target = target;
    this.minorVersion = minor;
    this.block = block;
    this.#left = block.bodyLength;
    this.isReceived = block.bodyLength === 0;
    // RFC 9110 section 10.1.1: of a request without body, or of HTTP/1.0, it means nothing.
    this.awaitsContinue = block.expect === "continue" && minor === 1 && !this.isReceived;
  }

  get isBroken(): boolean {
    return this.#host.isBroken;
  }

  read(): void {
    if (this.#isDone || this.#mode === "read") return;
    if (this.#failure !== undefined) {
      this.handlers?.onFailure(this.#failure);
      return;
    }
    if (this.awaitsContinue) {
      this.awaitsContinue = false;
      this.#host.output.write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    this.#mode = "read";
    this.#host.advance();
  }

  pause(): void {
    if (this.#mode === "read") this.#mode = "held";
  }

  discard(maxBytes: number): void {
    if (this.isReceived || this.awaitsContinue) return;
    this.#mode = "discard";
    this.#discardLeft = maxBytes;
    this.#host.advance();
  }

  /** The connection's: as much of the body as is there and wanted. True when it is complete, false when not yet. */
  receive(input: Input): Http1Failure | boolean {
    while (this.#mode !== "held") {
      const step = this.block.bodyLength === chunked ? this.#nextChunk(input) : this.#nextPart(input);
      if (step === false) return false;
      if (step === true) {
        this.isReceived = true;
        if (this.#mode === "read" && !this.#isDone) this.handlers?.onEnd(this.#chunks?.trailers);
        return true;
      }
      if (!Buffer.isBuffer(step)) return step;
      this.#deliver(step);
    }
    return false;
  }

  #nextPart(input: Input): Buffer | boolean {
    if (this.#left === 0) return true;
    if (input.length === 0) return false;
    const part = input.take(Math.min(this.#left, input.length));
    this.#left -= part.length;
    return part;
  }

  #nextChunk(input: Input): Buffer | boolean | Http1Failure {
    this.#chunks ??= new ChunkReader(this.#host.limits);
    return this.#chunks.next(input);
  }

  #deliver(part: Buffer): void {
    if (this.#mode === "read" && !this.#isDone) {
      this.handlers?.onData(part);
      return;
    }
    this.#discardLeft -= part.length;
    if (this.#discardLeft < 0) this.#mode = "held";
  }

  /** The connection's: the rest of the body never comes. */
  fail(failure: Http1Failure): void {
    if (this.isReceived || this.#isDone) return;
    const wasRead = this.#mode === "read";
    this.#failure = failure;
    this.#mode = "held";
    if (wasRead) this.handlers?.onFailure(failure);
  }

  /** The connection's: the client has gone. */
  abort(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.handlers?.onGone();
  }

  /** The connection's: there is room for output. */
  drained(): void {
    if (!this.#isDone) this.handlers?.onDrain();
  }

  respond(status: number, headers: HeaderList, body: Uint8Array | undefined, trailers?: HeaderList): void {
    if (this.#isDone || this.#framing !== undefined) return;
    if (trailers !== undefined && trailers.length > 0 && this.#carriesTrailers(status)) {
      const names = trailers.filter((_, index) => index % 2 === 0).join(", ");
      this.start(status, [...headers, "Trailer", names]);
      if (body !== undefined && body.length > 0) this.write(body);
      this.end(trailers);
      return;
    }
    const lines = this.#headerLines(headers);
    if (lines === undefined) return;
    const isEmpty = hasNoBody(status);
    const length = isEmpty ? "" : `Content-Length: ${body === undefined ? 0 : body.length}\r\n`;
    const start = headStart({ status, lines, connection: this.#connectionLines() });
    this.#isDone = true;
    writeAnswer(this.#host.output, start, `${length}\r\n`, isEmpty || this.method === "HEAD" ? undefined : body);
    this.#finish();
  }

  start(status: number, headers: HeaderList): void {
    if (this.#isDone || this.#framing !== undefined) return;
    const lines = this.#headerLines(headers);
    if (lines === undefined) return;
    const isEmpty = hasNoBody(status) || this.method === "HEAD";
    this.#framing = isEmpty ? "none" : this.minorVersion === 1 ? "chunked" : "until-close";
    if (this.#framing === "until-close") this.closeAfter();
    const coding = this.minorVersion === 1 && !hasNoBody(status) ? "Transfer-Encoding: chunked\r\n" : "";
    this.#host.output.hold();
    this.#host.output.write(`${statusLine(status)}${lines}${coding}${dateLine()}${this.#connectionLines()}\r\n`);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isDone || this.#framing === "none" || chunk.length === 0) return true;
    const { output } = this.#host;
    output.hold();
    return this.#framing === "chunked" ? writeChunk(output, chunk) : output.write(chunk);
  }

  end(trailers: HeaderList = []): void {
    if (this.#isDone) return;
    const lines = this.#framing === "chunked" ? this.#headerLines(trailers) : "";
    if (lines === undefined) return;
    this.#isDone = true;
    if (this.#framing === "chunked") this.#host.output.write(`0\r\n${lines}\r\n`);
    this.#finish();
  }

  reset(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#host.destroy();
  }

  closeAfter(): void {
    this.#host.closeAfter();
  }

  #carriesTrailers(status: number): boolean {
    return this.minorVersion === 1 && this.method !== "HEAD" && !hasNoBody(status);
  }

  /** Half an answer is worse than none: a list that cannot be sent cuts the connection. */
  #headerLines(headers: HeaderList): string | undefined {
    const lines = headerLines(headers);
    if (lines === undefined) this.reset();
    return lines;
  }

  /** What is said here holds: nothing said later opens the connection again. */
  #connectionLines(): string {
    if (!this.isReceived && !this.isBroken && this.#mustClose()) this.closeAfter();
    this.#isLast = this.#host.isLastAnswer;
    return connectionLines(this.#isLast, this.#host.keepAliveLines);
  }

  /** Whether more of the body is to come than is worth reading away. */
  #mustClose(): boolean {
    // Who waits for 100 Continue may send its body all the same: the next bytes would be neither here nor there.
    return this.awaitsContinue || this.block.bodyLength === chunked || this.block.bodyLength > maxDrainBytes;
  }

  #finish(): void {
    if (!this.isReceived) {
      this.#mode = "discard";
      this.#discardLeft = maxDrainBytes;
    }
    this.#host.answered(this, this.#isLast);
  }
}
