// What users of the engine see: a connection, its streams, and the callbacks of both.
import type { HeaderList } from "./decoded-block.ts";
import type { CompiledHeaders } from "./hpack-encode.ts";
import type { Http2Limits } from "./limits.ts";
import type { Role } from "./settings.ts";

/** Why a stream ended before both sides had finished. */
export interface StreamReset {
  /** RFC 9113 section 7. */
  readonly code: number;
  /**
   * The peer reset it, or broke a rule of the stream, or sent more headers than this end takes, or the connection ended, or
   * nothing happened for too long.
   */
  readonly cause: "peer" | "violation" | "limit" | "connection" | "timeout";
  /** The peer says that it has not begun with the request: it may be sent again elsewhere (RFC 9113 section 8.7). */
  readonly isUnprocessed: boolean;
  readonly message: string;
}

/**
 * What happens on a stream, in order: onHeaders once (client only), onData any number of times, then onEnd; or onReset at any
 * point, after which nothing more comes. `reset` by this end calls nothing. An error thrown by a callback resets the stream
 * and goes to the connection's onFault.
 */
export interface StreamHandlers {
  /** The head of the answer. Informational ones (1xx) are skipped. `endStream`: no body; onEnd follows. */
  onHeaders?(headers: HeaderList, endStream: boolean): void;
  /** Part of the body, which belongs to the callee. Its bytes count against the windows until `consume` is called for them. */
  onData(chunk: Buffer): void;
  /** The peer has sent everything. */
  onEnd(trailers: HeaderList | undefined): void;
  onReset(reset: StreamReset): void;
  /** After `sendData` answered false: there is room again. */
  onDrain?(): void;
}

/** Headers to send: a list, or one compiled before. Both throw HeaderError where a name or value is not allowed. */
export type OutgoingHeaders = HeaderList | CompiledHeaders;

/** What is sent after the stream was closed or reset goes nowhere, silently: the callbacks have told. */
export interface Http2Stream {
  readonly id: number;
  /** Nothing more will be sent or received. */
  readonly isClosed: boolean;
  /** Bytes given to `sendData` that are not yet framed for the socket. */
  readonly bufferedBytes: number;
  /** Milliseconds without a frame until the stream is reset, 0 for never; streamIdleTimeoutMs at first. */
  idleTimeoutMs: number;
  /** How far the window of what comes may grow; maxStreamWindowBytes at first. It does not shrink. */
  maxWindowBytes: number;
  /** Server: the head of the answer, once. `extra` follows `headers`, which may then be compiled. */
  sendHeaders(headers: OutgoingHeaders, endStream: boolean, extra?: HeaderList): void;
  /** Server: a 1xx answer before the final one. */
  sendInformational(headers: OutgoingHeaders): void;
  /**
   * Part of the body. False: nothing is lost, but wait for onDrain before sending more. Long parts are not copied: they must
   * not change afterwards.
   */
  sendData(bytes: Uint8Array, endStream: boolean): boolean;
  /** Ends this side with trailers. */
  sendTrailers(headers: OutgoingHeaders): void;
  /** Ends both sides at once, drops what was not sent. */
  reset(code: number): void;
  /** The bytes of received chunks are dealt with: the peer may send as many more. */
  consume(bytes: number): void;
}

export interface ConnectionHandlers {
  /** Server: a request's head. What comes next goes to the handlers answered. */
  onStream?(stream: Http2Stream, headers: HeaderList, endStream: boolean): StreamHandlers;
  /**
   * Server: a request whose headers are over the limit; `headers` has those before it was reached. Answer it with 431, or not
   * at all: without this callback the engine answers 431 itself.
   */
  onHeadersTooLarge?(stream: Http2Stream, headers: HeaderList): void;
  /** The peer's first SETTINGS are known, and each time they change. */
  onSettings?(): void;
  /** The peer will take no more requests on this connection. */
  onGoaway?(code: number, lastStreamId: number, debugData: Buffer): void;
  /** Streams have ended: there is room for requests again. Client only. */
  onAvailable?(): void;
  /** A callback threw. Without this callback that ends the connection. */
  onFault?(error: unknown): void;
  /** The socket is gone; the streams were told before. An error is why, undefined is an orderly end. */
  onClose(error: Error | undefined): void;
}

export interface KeepaliveOptions {
  /** Send a PING after this long without a byte from the peer. */
  readonly intervalMs: number;
  /** End the connection when nothing comes for this long after it. */
  readonly timeoutMs: number;
  /** Also without open streams. Default false. */
  readonly withoutStreams?: boolean;
}

export interface ConnectionOptions {
  readonly role: Role;
  readonly limits?: Partial<Http2Limits>;
  readonly keepalive?: KeepaliveOptions;
  /**
   * Give the connection's window back as bytes arrive, only the stream's as they are consumed: a stream nobody reads then never
   * stops the others, and what is held unread is bounded by the windows of the streams. Default false.
   */
  readonly creditsOnArrival?: boolean;
  /** What was read from the socket before it came here. */
  readonly firstBytes?: Buffer;
}

/** Counted since the connection began. */
export interface Http2Connection {
  readonly role: Role;
  readonly openStreams: number;
  /** Client: requests that can be made now. */
  readonly availableStreams: number;
  /** No new streams: the end was begun by either side. */
  readonly isDraining: boolean;
  readonly isClosed: boolean;
  /** Of a PING or the SETTINGS exchange, the shortest so far; 0 while unknown. */
  readonly roundTripMs: number;
  /** When the last PING left, keepalive's among them, in `performance.now()` milliseconds; -Infinity before the first. */
  readonly pingedAt: number;
  /** Client: undefined where no stream is available; ask `availableStreams`, wait for onAvailable, or use another connection. */
  request(
    headers: OutgoingHeaders,
    handlers: StreamHandlers,
    endStream: boolean,
    extra?: HeaderList,
  ): Http2Stream | undefined;
  /** `answered` gets the round trip in milliseconds, or undefined when the connection ends first. */
  ping(answered: (roundTripMs: number | undefined) => void): void;
  /** Takes no new streams, lets the open ones finish, then ends: GOAWAY, and at drainTimeoutMs the rest is cut off. */
  drain(): void;
  /** Ends at once with GOAWAY; open streams are reset. */
  close(code?: number): void;
  /** Ends at once without a word. */
  destroy(error?: Error): void;
}
