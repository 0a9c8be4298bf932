// OPEN FIRST: one HTTP/1.1 connection, the server's end. Bytes in → heads and bodies → callbacks; answers → one write each.
import type { Duplex } from "node:stream";
import { dateLine, headerLines, statusLine, writeTogether } from "./answer.ts";
import type { Http1Connection, Http1Handlers, Http1Limits } from "./contract.ts";
import { failure } from "./failure.ts";
import type { Http1Failure } from "./failure.ts";
import { HeadReader } from "./head.ts";
import { Input } from "./input.ts";
import { Output } from "./output.ts";
import { Request } from "./request.ts";
import type { RequestHost } from "./request.ts";
import { StallWatch } from "./stall.ts";

/** Requests sent ahead of their answers wait here; more of them end the connection after those already taken. */
const maxPipelined = 128;
/** From here on nothing more is read until some are answered. */
const pausePipelined = 16;
/** Of a body nobody reads yet, and of requests behind it: enough is held. */
const maxHeldBytes = 64 * 1024;
/** A client that takes none of its answers gets no more of them. */
const maxOutputBytes = 256 * 1024;
/** How much, and for how long, is read after the last answer: a reset would eat it before the client reads it. */
const maxLingerBytes = 1024 * 1024;
const lingerMs = 1000;

/** What a connection is doing, for its clock. */
type Doing = "opening" | "head" | "body" | "answer" | "idle" | "linger";

/**
 * Speaks HTTP/1.1 on a connected socket (net, TLS, unix, any Duplex) from now on, and owns it: its events, its end. What was
 * read before goes in as `firstBytes`. Nothing throws: what goes wrong is told by the callbacks.
 */
export function createHttp1Connection(
  socket: Duplex,
  limits: Http1Limits,
  handlers: Http1Handlers,
  firstBytes?: Buffer,
): Http1Connection {
  const connection = new Connection(socket, limits, handlers);
  if (firstBytes !== undefined && firstBytes.length > 0) connection.receive(firstBytes);
  return connection;
}

class Connection implements Http1Connection, RequestHost {
  readonly limits: Http1Limits;
  readonly output: Output;
  readonly keepAliveLines: string;
  readonly #socket: Duplex;
  readonly #handlers: Http1Handlers;
  readonly #input = new Input();
  readonly #head: HeadReader;
  readonly #stall: StallWatch;
  readonly #waiting: Request[] = [];
  /** The request that is being answered. */
  #current: Request | undefined;
  /** The request whose body is not complete; it may be answered already, or still be waiting. */
  #receiving: Request | undefined;
  /** No request follows those taken. */
  #isFull = false;
  /** No answer follows the current one. */
  #isClosing = false;
  #isBroken = false;
  #isEnded = false;
  #isGone = false;
  #isPaused = false;
  #isAdvancing = false;
  #lingerBytes = 0;
  #requests = 0;
  #doing: Doing = "opening";
  #doneBefore = -1;
  #since = 0;

  constructor(socket: Duplex, limits: Http1Limits, handlers: Http1Handlers) {
    this.#socket = socket;
    this.limits = limits;
    this.#handlers = handlers;
    this.output = new Output(socket);
    this.#head = new HeadReader(limits);
    this.#stall = new StallWatch(socket);
    this.keepAliveLines = keepAliveLines(limits.keepAliveTimeoutMs);
    this.#attach();
  }

  get isIdle(): boolean {
    return this.#isUnasked && this.#input.length === 0;
  }

  /** No request is taken that is not both received and answered. */
  get #isUnasked(): boolean {
    return this.#current === undefined && this.#receiving === undefined && this.#waiting.length === 0;
  }

  get isLastAnswer(): boolean {
    return this.#isClosing || (this.#isFull && this.#waiting.length === 0);
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  closeAfter(): void {
    this.#isClosing = true;
  }

  drain(): void {
    this.#isClosing = true;
    if (!this.isIdle) return;
    // The last answer may still be on its way.
    if (this.#socket.writableLength > 0) this.#end();
    else if (!this.#isEnded) this.destroy();
  }

  destroy(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }

  readonly receive = (chunk: Buffer): void => {
    if (this.#isEnded || this.#isBroken) {
      this.#lingerBytes += chunk.length;
      if (this.#lingerBytes > maxLingerBytes) this.#socket.destroy();
      return;
    }
    this.#input.append(chunk);
    this.advance();
  };

  /** Reads on as far as it goes: bodies for whoever reads them, then heads. */
  advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    // A loop, not recursion: requests may be answered at once, a hundred times in a row.
    while (this.#step());
    this.#isAdvancing = false;
    if (this.#input.length === 0) this.#input.clear();
    this.#updateFlow();
  }

  /** Whether there may be more to do. */
  #step(): boolean {
    if (this.#isEnded || this.#isBroken || this.#isGone) return false;
    if (this.#current === undefined && this.#waiting.length > 0 && !this.#isClosing) return this.#startNext();
    const request = this.#receiving;
    if (request !== undefined) {
      const done = request.receive(this.#input);
      if (done === true) this.#receiving = undefined;
      else if (done !== false) this.#fail(done);
      return done !== false;
    }
    if (this.#isClosing && this.#current === undefined) this.#end();
    if (this.#isFull || this.#isClosing) {
      this.#input.clear();
      return false;
    }
    if (this.#input.length === 0) return false;
    const head = this.#head.read(this.#input);
    if (head === true) this.#accept();
    else if (head !== false) this.#fail(head);
    return head !== false;
  }

  #startNext(): boolean {
    if (this.#socket.writableLength > maxOutputBytes) return false;
    this.output.hold();
    this.#begin(this.#waiting.shift() as Request);
    return true;
  }

  #accept(): void {
    const { block } = this.#head;
    if (block === undefined) return;
    const request = new Request(this, this.#head, block);
    this.#requests++;
    if (!keepsAlive(request) || block.hasUpgradeHeader) this.#isFull = true;
    // One call at a time: a client gets no more out of a connection by not waiting.
    if (this.#current === undefined) {
      if (!request.isReceived) this.#receiving = request;
      if (block.upgrade !== undefined && this.#upgrade(request)) return;
      if (request.isReceived && this.#input.length > 0) this.output.hold();
      this.#begin(request);
    } else if (this.#waiting.length < maxPipelined) {
      if (!request.isReceived) this.#receiving = request;
      this.#waiting.push(request);
    } else this.#isFull = true;
  }

  #begin(request: Request): void {
    this.#current = request;
    this.#handlers.onRequest(request);
  }

  #upgrade(request: Request): boolean {
    if (this.#handlers.onUpgrade === undefined || !request.isReceived) return false;
    const firstBytes = this.#input.take(this.#input.length);
    // A new owner may put the first bytes back, and must not have them come here again.
    this.#detach();
    if (this.#handlers.onUpgrade(request, this.#socket, firstBytes)) {
      this.#isGone = true;
      return true;
    }
    this.#attach();
    return false;
  }

  #attach(): void {
    const socket = this.#socket;
    socket.on("data", this.receive);
    socket.on("drain", this.#onDrain);
    // A client that closes its side wants nothing more; HTTP/1.1 cannot tell that from one that has gone.
    socket.on("end", this.#onGone);
    socket.on("error", this.#onGone);
    socket.on("close", this.#onClose);
  }

  /** Nothing of HTTP is kept alive by a socket that may stay for hours. */
  #detach(): void {
    const socket = this.#socket;
    socket.off("data", this.receive);
    socket.off("drain", this.#onDrain);
    socket.off("end", this.#onGone);
    socket.off("error", this.#onGone);
    socket.off("close", this.#onClose);
  }

  answered(request: Request, isLast: boolean): void {
    if (this.#current !== request) return;
    this.#current = undefined;
    if (isLast) this.#end();
    else this.advance();
  }

  /** Says no more, and reads on for a while so that the client gets to read what was said. */
  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#isClosing = true;
    this.#waiting.length = 0;
    this.#receiving = undefined;
    this.#input.clear();
    this.#socket.end();
    this.#updateFlow();
  }

  /** Says so where an answer is still expected, then ends the connection. */
  #fail(what: Http1Failure): void {
    if (this.#isBroken || this.#isEnded) return;
    const wasClosing = this.#isClosing;
    this.#isBroken = true;
    this.#isClosing = true;
    this.#waiting.length = 0;
    this.#receiving = undefined;
    this.#input.clear();
    const current = this.#current;
    // Its reader answers with this failure; a call already under way is answered as usual, and both answers are the last.
    if (current !== undefined) current.fail(what);
    else if (wasClosing) this.#end();
    else this.#refuse(what);
    this.#updateFlow();
  }

  #refuse(what: Http1Failure): void {
    const { status, headers, body } = this.#handlers.onFailure(what);
    const lines = headerLines(headers) ?? "";
    const head = `${statusLine(status)}${lines}Content-Length: ${body.length}\r\n${dateLine()}Connection: close\r\n\r\n`;
    writeTogether(this.output, head, body);
    this.#end();
  }

  /** Whether the client is held back: by bodies nobody reads, by answers it does not read, by requests that wait. */
  #updateFlow(): void {
    const isHeld =
      !this.#isEnded &&
      !this.#isBroken &&
      (this.#waiting.length >= pausePipelined ||
        this.#input.length >= maxHeldBytes ||
        this.#socket.writableLength > maxOutputBytes);
    if (isHeld === this.#isPaused || this.#isGone) return;
    this.#isPaused = isHeld;
    if (isHeld) this.#socket.pause();
    else this.#socket.resume();
  }

  readonly #onDrain = (): void => {
    this.#current?.drained();
    this.advance();
  };

  readonly #onGone = (): void => {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#isClosing = true;
    this.#waiting.length = 0;
    this.#receiving = undefined;
    this.#input.clear();
    const current = this.#current;
    this.#current = undefined;
    current?.abort();
    // What was answered may still be on its way.
    this.#socket.end();
  };

  readonly #onClose = (): void => {
    this.#onGone();
    this.#handlers.onClose();
  };

  checkProgress(now: number): void {
    if (this.#stall.isStalled(now, this.limits.stallTimeoutMs)) {
      this.#socket.destroy();
      return;
    }
    const doing = this.#whatNow();
    if (doing !== this.#doing || this.#doneBefore !== this.#requests) {
      this.#doing = doing;
      this.#doneBefore = this.#requests;
      this.#since = now;
    } else if (now - this.#since >= this.#timeout(doing)) this.#timedOut(doing);
  }

  #whatNow(): Doing {
    if (this.#awaitsBody) return "body";
    // An answer on its way has only the watch on stalling.
    if (this.#current !== undefined || this.#socket.writableLength > 0) return "answer";
    if (this.#isEnded || this.#isGone) return "linger";
    if (this.#input.length > 0) return "head";
    return this.#requests === 0 ? "opening" : "idle";
  }

  /** It is the client that keeps a body waiting, not the call before it, or its reader. */
  get #awaitsBody(): boolean {
    const request = this.#receiving;
    if (request === undefined || request.isEndless || this.#isPaused) return false;
    return this.#current === undefined || this.#current === request;
  }

  #timeout(doing: Doing): number {
    const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs } = this.limits;
    switch (doing) {
      case "opening":
      case "head":
        return headersTimeoutMs;
      case "body":
        return requestTimeoutMs;
      case "idle":
        return keepAliveTimeoutMs;
      case "linger":
        return lingerMs;
      default:
        return Number.POSITIVE_INFINITY;
    }
  }

  #timedOut(doing: Doing): void {
    const isUnanswered = this.#current !== undefined || doing === "head";
    if (isUnanswered) this.#fail(failure("timeout"));
    else this.#socket.destroy();
  }
}

function keepAliveLines(timeoutMs: number): string {
  return `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(timeoutMs / 1000)}\r\n`;
}

/** RFC 9112 section 9.3. */
function keepsAlive({ minorVersion, block }: Request): boolean {
  return minorVersion === 1 ? block.connection !== "close" : block.connection === "keep-alive";
}
