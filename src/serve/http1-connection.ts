// One HTTP/1.1 connection: its requests one after the other, and what happens to them when the client leaves or sends nonsense.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Peer } from "../call.ts";
import type { Front } from "../front/front.ts";
import { Code, GatewayError } from "../status.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import type { ExchangeHost } from "./http1-exchange.ts";
import { checkHead } from "./http1-head.ts";
import type { HeadLimits } from "./request-headers.ts";
import { rawAnswer } from "./listen-error.ts";
import type { ErrorWriter } from "./listen-error.ts";

/** Requests sent ahead of their answers wait here; more of them end the connection after those already taken. */
const maxPipelined = 128;
/** From here on nothing more is read until some are answered. */
const pausePipelined = 16;

interface Waiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly expectation: Expectation;
}

/** The Expect header: absent, `100-continue`, or something else. */
export type Expectation = "none" | "continue" | "unknown";

/** What all connections of a listener share. */
export interface ConnectionContext {
  readonly limits: HeadLimits;
  readonly front: Front;
  readonly writeError: ErrorWriter;
  readonly reading: Set<Http1Exchange>;
  /** The listener is closing: every answer is the last of its connection. */
  readonly isClosing: () => boolean;
}

export class Http1Connection implements ExchangeHost {
  readonly peer: Peer;
  readonly secure: boolean;
  readonly reading: Set<Http1Exchange>;
  readonly #socket: Socket;
  readonly #context: ConnectionContext;
  readonly #waiting: Waiting[] = [];
  #current: Http1Exchange | undefined;
  #lastRequest: IncomingMessage | undefined;
  #isDispatching = false;
  #isFull = false;
  #isClosing = false;
  #isBroken = false;
  #writtenBytes = 0;
  #stalledSince = 0;

  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    this.reading = context.reading;
    this.secure = "encrypted" in socket;
    this.peer = { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    const gone = (): void => this.#clientGone();
    // A client that closes its side wants nothing more; HTTP/1.1 cannot tell that from one that has gone.
    socket.on("end", gone);
    socket.on("close", gone);
    socket.on("error", gone);
  }

  get isClosing(): boolean {
    return this.#isClosing || this.#context.isClosing() || (this.#isFull && this.#waiting.length === 0);
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Nothing was asked on this connection that is still to be answered. */
  get isIdle(): boolean {
    return (
      this.#current === undefined &&
      this.#waiting.length === 0 &&
      (this.#lastRequest?.complete ?? this.#socket.bytesRead === 0)
    );
  }

  close(): void {
    this.#isClosing = true;
  }

  destroy(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }

  accept(request: IncomingMessage, response: ServerResponse, expectation: Expectation): void {
    if (this.#isClosing || this.#isFull || this.#socket.destroyed) return;
    this.#lastRequest = request;
    if (this.#current === undefined && !this.#isDispatching) {
      this.#start({ request, response, expectation });
      return;
    }
    // One call at a time: a client gets no more out of a connection by not waiting.
    if (this.#waiting.length >= maxPipelined) {
      this.#isFull = true;
      return;
    }
    this.#waiting.push({ request, response, expectation });
    if (this.#waiting.length === pausePipelined) this.#socket.pause();
  }

  answered(): void {
    this.#current = undefined;
    if (this.#isDispatching) return;
    // A loop, not recursion: a front may answer at once, a hundred times in a row.
    this.#isDispatching = true;
    while (this.#current === undefined && this.#waiting.length > 0 && !this.#isClosing) {
      const next = this.#waiting.shift() as Waiting;
      if (this.#waiting.length === pausePipelined - 1) this.#socket.resume();
      this.#start(next);
    }
    this.#isDispatching = false;
  }

  #start({ request, response, expectation }: Waiting): void {
    const head = expectation === "unknown" ? expectationFailed() : checkHead(request, this.#context.limits);
    if (head instanceof GatewayError) {
      const unread = { target: request.url ?? "", headers: {}, rawHeaders: [] };
      this.#respondError(new Http1Exchange(this, { request, response, awaitsContinue: false }, unread), head);
      return;
    }
    const exchange = new Http1Exchange(this, { request, response, awaitsContinue: expectation === "continue" }, head);
    this.#current = exchange;
    // Node stops parsing behind such a head, whether or not the upgrade is taken: what follows in the same packet is lost.
    if (head.headers["upgrade"] !== undefined) this.#isClosing = true;
    try {
      this.#context.front(exchange);
    } catch (error) {
      this.#respondError(exchange, GatewayError.from(error));
    }
  }

  #respondError(exchange: Http1Exchange, error: GatewayError): void {
    this.#isClosing = true;
    const { contentType, body } = this.#context.writeError(error);
    const headers = ["content-type", contentType, "x-content-type-options", "nosniff"];
    for (const [name, value] of Object.entries(error.headers)) headers.push(name, value);
    exchange.respond(error.httpStatus, headers, body);
  }

  /** The parser gave up or a timeout of Node's passed. Says so where an answer is still expected, then ends the connection. */
  fail(error: GatewayError): void {
    if (this.#isBroken) return;
    const wasClosing = this.#isClosing;
    this.#isClosing = true;
    this.#isBroken = true;
    const socket = this.#socket;
    if (!socket.writable || wasClosing) {
      if (this.#current === undefined) socket.destroySoon();
      return;
    }
    if (this.#current !== undefined) {
      // Its reader answers with this error; a call already under way is answered as usual, and both answers are the last.
      this.#current.failBody(error);
      return;
    }
    const isSilent = socket.bytesRead === 0 || this.#lastRequest?.complete === false;
    if (isSilent) {
      socket.destroy();
      return;
    }
    const { contentType, body } = this.#context.writeError(error);
    socket.end(rawAnswer(error.httpStatus, contentType, body), () => socket.destroySoon());
  }

  /** Ends a connection whose client does not read what it asked for. */
  checkProgress(now: number, stallMs: number): void {
    const socket = this.#socket;
    if (socket.writableLength === 0) {
      this.#stalledSince = 0;
      return;
    }
    const written = socket.bytesWritten - socket.writableLength;
    if (this.#stalledSince === 0 || written !== this.#writtenBytes) {
      this.#writtenBytes = written;
      this.#stalledSince = now;
    } else if (now - this.#stalledSince >= stallMs) socket.destroy();
  }

  #clientGone(): void {
    this.#isClosing = true;
    this.#waiting.length = 0;
    const current = this.#current;
    this.#current = undefined;
    current?.abort();
  }
}

function expectationFailed(): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, "the only expectation understood is 100-continue", {
    reason: "EXPECTATION_FAILED",
    httpStatus: 417,
  });
}
