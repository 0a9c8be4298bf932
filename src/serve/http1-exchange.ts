// One HTTP/1.1 request and its answer as the neutral Exchange that fronts see.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Peer } from "../call.ts";
import type { BodyReceiver, Exchange, HeaderList, RequestHeaders, ResponseWriter } from "../front/front.ts";
import { Code, GatewayError } from "../status.ts";
import type { CheckedHead } from "./http1-head.ts";

/** A body left unread is read away up to this size to keep the connection; a longer one costs the client its connection. */
const maxDrainBytes = 64 * 1024;
/** How much, and for how long, is read after an answer that closes: a reset would eat the answer before the client reads it. */
const maxLingerBytes = 1024 * 1024;
const lingerMs = 1000;

/** What a receiver may owe before the client is held back. */
const maxUnconsumed = 64 * 1024;

const emptyBody = Buffer.alloc(0);

/** What an exchange asks of its connection. */
export interface ExchangeHost {
  readonly peer: Peer;
  readonly secure: boolean;
  /** The connection ends after this answer. */
  readonly isClosing: boolean;
  /** The parser has failed: nothing more can be read. */
  readonly isBroken: boolean;
  close(): void;
  destroy(): void;
  answered(): void;
  /** Exchanges whose body is on its way are watched for their pace. */
  readonly reading: Set<Http1Exchange>;
}

/** A request as Node hands it over. */
export interface Received {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly awaitsContinue: boolean;
}

export class Http1Exchange implements Exchange {
  readonly httpVersion: "1.0" | "1.1";
  readonly method: string;
  readonly target: string;
  readonly headers: RequestHeaders;
  readonly rawHeaders: readonly string[];
  readonly secure: boolean;
  readonly peer: Peer;
  readonly #host: ExchangeHost;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #awaitsContinue: boolean;
  #isDone = false;
  #abortListener: (() => void) | undefined;
  #failRead: ((error: GatewayError) => void) | undefined;
  #readBytes = 0;
  #unconsumed = 0;
  #readSince = 0;

  constructor(host: ExchangeHost, { request, response, awaitsContinue }: Received, head: CheckedHead) {
    this.httpVersion = request.httpVersionMinor === 0 ? "1.0" : "1.1";
    this.method = request.method ?? "GET";
    this.target = head.target;
    this.headers = head.headers;
    this.rawHeaders = head.rawHeaders;
    this.secure = host.secure;
    this.peer = host.peer;
    this.#host = host;
    this.#request = request;
    this.#response = response;
    this.#awaitsContinue = awaitsContinue;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  onAbort(listener: () => void): void {
    this.#abortListener = listener;
  }

  readBody(limit: number): Promise<Buffer> {
    const length = this.headers["content-length"];
    if (length === undefined ? this.headers["transfer-encoding"] === undefined : length === "0")
      return Promise.resolve(emptyBody);
    if (length !== undefined && Number(length) > limit) return Promise.reject(bodyTooLarge(limit));
    if (this.#awaitsContinue) {
      this.#awaitsContinue = false;
      this.#response.writeContinue();
    }
    return new Promise((resolve, reject) => this.#collect(limit, resolve, reject));
  }

  receiveBody(receiver: BodyReceiver): void {
    const request = this.#request;
    if (this.#awaitsContinue) {
      this.#awaitsContinue = false;
      this.#response.writeContinue();
    }
    const stop = (): void => {
      this.#host.reading.delete(this);
      this.#failRead = undefined;
    };
    this.#failRead = (error) => {
      stop();
      request.pause();
      if (!this.#isDone) receiver.onFail(error);
    };
    request.on("data", (chunk: Buffer) => {
      this.#readBytes += chunk.length;
      this.#unconsumed += chunk.length;
      if (this.#unconsumed > maxUnconsumed) request.pause();
      if (!this.#isDone) receiver.onChunk(chunk);
    });
    request.on("end", () => {
      if (this.#failRead === undefined) return;
      stop();
      receiver.onEnd();
    });
    request.on("error", () => this.#failRead?.(clientGone()));
    this.#readSince = performance.now();
    this.#host.reading.add(this);
  }

  consumed(bytes: number): void {
    this.#unconsumed -= bytes;
    if (this.#unconsumed <= maxUnconsumed && this.#failRead !== undefined) this.#request.resume();
  }

  discardBody(): void {
    const request = this.#request;
    if (request.complete || this.#awaitsContinue) return;
    let bytes = 0;
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= maxLingerBytes) return;
      request.off("data", onData);
      request.pause();
    };
    request.on("data", onData);
    request.on("error", () => {});
  }

  #collect(limit: number, resolve: (body: Buffer) => void, reject: (error: GatewayError) => void): void {
    const request = this.#request;
    const chunks: Buffer[] = [];
    const onData = (chunk: Buffer): void => {
      this.#readBytes += chunk.length;
      if (this.#readBytes > limit) this.#failRead?.(bodyTooLarge(limit));
      else chunks.push(chunk);
    };
    const stop = (): void => {
      this.#host.reading.delete(this);
      this.#failRead = undefined;
      request.off("data", onData);
    };
    this.#failRead = (error) => {
      stop();
      request.pause();
      reject(error);
    };
    request.on("data", onData);
    request.on("end", () => {
      if (this.#failRead === undefined) return;
      stop();
      resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    });
    // A listener keeps Node from dropping the error; what it means is known from the connection, see `abort`.
    request.on("error", () => this.#failRead?.(clientGone()));
    this.#readSince = performance.now();
    this.#host.reading.add(this);
  }

  /** Ends a body that comes in slower than `minBytesPerSecond` after the first `graceMs`. */
  checkPace(now: number, graceMs: number, minBytesPerSecond: number): void {
    const elapsed = now - this.#readSince;
    if (elapsed < graceMs || this.#readBytes >= (elapsed / 1000) * minBytesPerSecond) return;
    this.failBody(
      new GatewayError(Code.DEADLINE_EXCEEDED, "the request body comes in too slowly", {
        reason: "BODY_TOO_SLOW",
        httpStatus: 408,
      }),
    );
  }

  /** The body cannot be read to its end. Returns whether somebody was reading it and will answer. */
  failBody(error: GatewayError): boolean {
    if (this.#failRead === undefined) return false;
    this.#failRead(error);
    return true;
  }

  /** The client has gone. */
  abort(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    const listener = this.#abortListener;
    this.#abortListener = undefined;
    listener?.();
    this.failBody(clientGone());
  }

  respond(status: number, headers: HeaderList, body: Uint8Array | undefined, trailers?: HeaderList): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#abortListener = undefined;
    this.failBody(clientGone());
    const lingers = this.#mustLinger();
    const response = this.#response;
    const chunked =
      trailers !== undefined && trailers.length > 0 && this.httpVersion === "1.1" && this.method !== "HEAD";
    try {
      response.writeHead(status, this.#head(status, headers, body, chunked ? trailers : undefined));
    } catch {
      // A header Node refuses to send: fronts check theirs, so this is a defect, and half an answer is worse than none.
      this.#host.destroy();
      return;
    }
    if (chunked) {
      if (body !== undefined && body.length > 0) response.write(body);
      response.addTrailers(toPairs(trailers));
      this.#end(lingers, undefined);
    } else {
      this.#end(lingers, status === 204 || status === 304 ? undefined : body);
    }
    this.#host.answered();
  }

  startResponse(status: number, headers: HeaderList, onDrain: () => void): ResponseWriter {
    const response = this.#response;
    if (this.#isDone) return { write: () => true, end: () => {} };
    try {
      response.writeHead(status, [...headers, ...(this.#host.isClosing ? ["connection", "close"] : [])]);
    } catch {
      this.reset(0);
    }
    response.on("drain", () => {
      if (!this.#isDone) onDrain();
    });
    return {
      write: (chunk) => this.#isDone || response.write(chunk),
      end: (trailers = []) => {
        if (this.#isDone) return;
        this.#isDone = true;
        this.#abortListener = undefined;
        this.failBody(clientGone());
        if (trailers.length > 0) response.addTrailers(toPairs(trailers));
        this.#end(this.#mustLinger(), undefined);
        this.#host.answered();
      },
    };
  }

  reset(_code: number): void {
    this.#isDone = true;
    this.#abortListener = undefined;
    this.#host.destroy();
  }

  #head(status: number, headers: HeaderList, body: Uint8Array | undefined, trailers: HeaderList | undefined): string[] {
    const head = headers.slice();
    if (trailers !== undefined) head.push("trailer", trailers.filter((_, index) => index % 2 === 0).join(", "));
    else if (status !== 204 && status !== 304)
      head.push("content-length", String(body === undefined ? 0 : body.length));
    if (this.#host.isClosing) head.push("connection", "close");
    return head;
  }

  #end(lingers: boolean, body: Uint8Array | undefined): void {
    const response = this.#response;
    if (!lingers || this.method === "HEAD") {
      response.end(body);
      return;
    }
    if (body !== undefined) response.write(body);
    this.#linger(() => response.end());
  }

  /** Whether more of the request is coming than is worth reading away; the connection then closes. */
  #mustLinger(): boolean {
    const request = this.#request;
    if (request.complete || this.#host.isBroken) return false;
    const length = this.headers["content-length"];
    if (length === undefined && this.headers["transfer-encoding"] === undefined) return false;
    if (this.#awaitsContinue) {
      // The client may send its body all the same; the next bytes would be neither here nor there.
      this.#host.close();
      return false;
    }
    if (length !== undefined && Number(length) <= maxDrainBytes) {
      request.resume();
      return false;
    }
    this.#host.close();
    return true;
  }

  #linger(done: () => void): void {
    const request = this.#request;
    let bytes = 0;
    let timer: NodeJS.Timeout | undefined = setTimeout(() => finish(), lingerMs);
    timer.unref();
    const finish = (): void => {
      if (timer === undefined) return;
      clearTimeout(timer);
      timer = undefined;
      done();
    };
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxLingerBytes) finish();
    });
    request.on("end", finish);
    request.on("close", finish);
    request.on("error", finish);
    request.resume();
  }
}

function toPairs(list: HeaderList): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < list.length; i += 2) pairs.push([list[i], list[i + 1]]);
  return pairs;
}

function bodyTooLarge(limit: number): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, `the request body is larger than ${limit} bytes`, {
    reason: "BODY_TOO_LARGE",
    httpStatus: 413,
  });
}

function clientGone(): GatewayError {
  return new GatewayError(Code.CANCELLED, "the client closed the connection", { reason: "CLIENT_GONE" });
}
