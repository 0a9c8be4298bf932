// What a front sees of its client: one neutral exchange, the same for HTTP/1.1 and HTTP/2, so a listener can be replaced without touching a front.
import type { Duplex } from "node:stream";
import type { ClientCertificate, RequestHeaders, RequestSource } from "../caller.ts";
import type { GatewayError } from "../status.ts";

/** `[name, value, …]`, names lower case. */
export type HeaderList = readonly string[];

export type { RequestHeaders } from "../caller.ts";

/** What a request says before its body, and what the listener knows of who sends it. */
interface RequestHead extends RequestSource {
  readonly headers: RequestHeaders;
  /** `[name, value, …]` as received: to see duplicates. */
  readonly rawHeaders: readonly string[];
  /** Verified by the listener; read from the connection when it is first asked for. */
  readonly certificate?: ClientCertificate | undefined;
  /** Set once, before a front sees the request; undefined where nobody gives ids. */
  requestId: string | undefined;
}

export interface Exchange extends RequestHead {
  /** Headers that go with the answer, whoever gives it: in place of those of the same name, but beside another `vary`. */
  addAnswerHeaders(headers: HeaderList): void;
  /**
   * The whole body, or GatewayError BODY_TOO_LARGE (413) once it passes `limit` bytes. Call at most once; an exchange
   * answered without reading has its body drained, bounded, or its connection closed.
   */
  readBody(limit: number): Promise<Buffer>;
  /**
   * Instead of `readBody`: the body as it comes, at most once. What the receiver has not yet said to have dealt with, see
   * `consumed`, holds the client back. A paced body must come in as fast as the listener demands, as those of `readBody`;
   * another may take for ever. The receiver must not throw.
   */
  receiveBody(receiver: BodyReceiver, isPaced: boolean): void;
  /** With `receiveBody`: so many bytes of the chunks received are dealt with, the client may send as many more. */
  consumed(bytes: number): void;
  /** Instead of `readBody`: reads the body away, bounded, so that the client's leaving is still noticed while a call is under way. */
  discardBody(): void;
  /**
   * The complete answer in one write. Content-Length is set here; `body` undefined for none (204, 304). For HEAD the body is
   * dropped, its length kept. `trailers` may be empty: an answer of the kind that has them, and so no length.
   */
  respond(status: number, headers: HeaderList, body: Uint8Array | undefined, trailers?: HeaderList): void;
  /**
   * Instead of `respond`: the head now, the body in parts, the length unknown (chunked in HTTP/1.1). `onDrain` is called when
   * there is room again after a `write` that answered false.
   */
  startResponse(status: number, headers: HeaderList, onDrain: () => void): ResponseWriter;
  /**
   * Gives the exchange up without a (complete) answer: RST_STREAM with `code` on HTTP/2 (RFC 9113 section 7), the end of the
   * connection on HTTP/1.1.
   */
  reset(code: number): void;
  /** The client left before the answer was complete. Called at most once, never after a completed answer. */
  onAbort(listener: () => void): void;
  /** Whether the answer is complete (`respond`, `end`), given up (`reset`), or the client has gone. */
  readonly isDone: boolean;
}

/** Gets the request body: chunks, then one of `onEnd` and `onFail`; nothing after the exchange is done. */
export interface BodyReceiver {
  /** The bytes belong to the receiver. */
  onChunk(chunk: Buffer): void;
  onEnd(): void;
  /** The body cannot be read to its end (too slow, broken framing); the client may still be there to be told. */
  onFail(error: GatewayError): void;
}

/** The body of an answer in parts. Once the exchange is done everything here goes nowhere, silently. */
export interface ResponseWriter {
  /** The bytes must not change afterwards. False: nothing is lost, but wait for `onDrain`. */
  write(chunk: Uint8Array): boolean;
  end(trailers?: HeaderList): void;
}

/** A front takes an exchange it recognises and answers it, whatever happens: it never throws and never leaves one open. */
export type Front = (exchange: Exchange) => void;

/**
 * A client that asks to speak another protocol on its connection (RFC 9110 section 7.8): a request without a body, nothing
 * else under way. Answered by `takeOver` or by `respond`, once.
 */
export interface Upgrade extends RequestHead {
  /** Lower case: `websocket`. */
  readonly protocol: string;
  readonly httpVersion: "1.1";
  /** Headers of a refusal, in place of those of the same name. */
  addAnswerHeaders(headers: HeaderList): void;
  /** The connection, and what was read behind the head: the caller's from now on. The listener still counts it, and cuts it when it closes for good. */
  takeOver(): { readonly socket: Duplex; readonly firstBytes: Buffer };
  /** The refusal, and the end of the connection. */
  respond(status: number, headers: HeaderList, body: Uint8Array | undefined): void;
}

/** Answers every upgrade it is given; never throws. */
export type UpgradeFront = (upgrade: Upgrade) => void;
