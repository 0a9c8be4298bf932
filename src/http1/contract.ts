// What users of the engine see: a connection, its requests one after the other, and the callbacks of both.
import type { Duplex } from "node:stream";
import type { Http1Failure } from "./failure.ts";
import type { HeadLimits } from "./head.ts";
import type { HeaderBlock } from "./header-block.ts";

/** `[name, value, …]`. */
export type HeaderList = readonly string[];

export interface Http1Limits extends HeadLimits {
  /** For the head, from its first byte, and for the first byte of a connection. */
  readonly headersTimeoutMs: number;
  /** For the body. */
  readonly requestTimeoutMs: number;
  /** Between an answer and the next request. */
  readonly keepAliveTimeoutMs: number;
  /** A client that takes nothing of its answer for so long is cut off. */
  readonly stallTimeoutMs: number;
}

/** What happens to a request; nothing after `onGone`, after its answer, or after `reset`. Must not throw. */
export interface RequestHandlers {
  /** Part of the body, which belongs to the callee. Only after `read`, not while paused. */
  onData(chunk: Buffer): void;
  onEnd(trailers: HeaderList | undefined): void;
  /** The body cannot be received to its end; an answer can still be given and is the last of the connection. */
  onFailure(failure: Http1Failure): void;
  /** The client has gone, or has closed its side, which HTTP/1.1 cannot tell apart. */
  onGone(): void;
  /** After `write` answered false: there is room again. */
  onDrain(): void;
}

/** A request, to be answered by `respond`, or by `start`, `write` and `end`. After that, and after `reset`, every call does nothing. */
export interface Http1Request {
  readonly method: string;
  /** As received: a path, `*`, or an absolute URL. */
  readonly target: string;
  readonly minorVersion: 0 | 1;
  readonly block: HeaderBlock;
  /** The whole body is there, or there is none. */
  readonly isReceived: boolean;
  /** Nothing can be received any more. */
  readonly isBroken: boolean;
  /** The client waits for `100 Continue`, which `read` sends. */
  readonly awaitsContinue: boolean;
  handlers: RequestHandlers | undefined;
  /** The request timeout does not hold: a body that comes as long as it comes. */
  isEndless: boolean;
  /** Begins, or goes on, handing out the body. */
  read(): void;
  /** Holds the body, and soon the client, back. */
  pause(): void;
  /** Reads the body away, up to so many bytes: the client's leaving is noticed only as long as something is read. */
  discard(maxBytes: number): void;
  /** A complete answer in one write. No body for HEAD, 1xx, 204 and 304. Headers that cannot be sent end the connection. */
  respond(status: number, headers: HeaderList, body: Uint8Array | undefined, trailers?: HeaderList): void;
  /** The head of an answer of unknown length: chunked, or for HTTP/1.0 up to the end of the connection. */
  start(status: number, headers: HeaderList): void;
  /** The bytes must not change afterwards. False: nothing is lost, but wait for onDrain. */
  write(chunk: Uint8Array): boolean;
  end(trailers?: HeaderList): void;
  /** Cuts the connection. */
  reset(): void;
  /** The answer is the last of the connection. */
  closeAfter(): void;
}

export interface Refusal {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

export interface Http1Handlers {
  /** The next comes when this one is answered. Must not throw. */
  onRequest(request: Http1Request): void;
  /** Something came, or did not come in time, that nobody can be asked about: what to tell the client before the end. */
  onFailure(failure: Http1Failure): Refusal;
  /**
   * A request with `Connection: upgrade`; true takes the socket over, with what was read behind the head. Without this
   * callback, or with false, the request is one like others and the last of its connection. Nothing is called back after true.
   */
  onUpgrade?: ((request: Http1Request, socket: Duplex, firstBytes: Buffer) => boolean) | undefined;
  onClose(): void;
}

export interface Http1Connection {
  /** Nothing was asked that is still to be answered. */
  readonly isIdle: boolean;
  /** The answer under way is the last; without one the connection ends now. */
  drain(): void;
  destroy(): void;
  /** Looks at the clocks; to be called again and again, each time with a later time in milliseconds. */
  checkProgress(now: number): void;
}
