// What a front sees of its client: one neutral exchange, the same for HTTP/1.1 and HTTP/2, so a listener can be replaced without touching a front.
import type { Peer } from "../call.ts";

/** `[name, value, …]`, names lower case. */
export type HeaderList = readonly string[];

/** Names lower case; repeated ones joined by `, ` as Node does (`set-cookie` never occurs in requests). */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface Exchange {
  readonly httpVersion: "1.0" | "1.1" | "2";
  readonly method: string;
  /** The raw request target, never decoded: `/v1/a%2Fb?x=1`. */
  readonly target: string;
  readonly headers: RequestHeaders;
  /** `[name, value, …]` as received: to see duplicates. */
  readonly rawHeaders: readonly string[];
  readonly secure: boolean;
  readonly peer: Peer;
  /**
   * The whole body, or GatewayError BODY_TOO_LARGE (413) once it passes `limit` bytes. Call at most once; an exchange
   * answered without reading has its body drained, bounded, or its connection closed.
   */
  readBody(limit: number): Promise<Buffer>;
  /** Instead of `readBody`: reads the body away, bounded, so that the client's leaving is still noticed while a call is under way. */
  discardBody(): void;
  /** The complete answer in one write. Content-Length is set here; `body` undefined for none (204, 304). For HEAD the body is dropped, its length kept. */
  respond(status: number, headers: HeaderList, body: Uint8Array | undefined, trailers?: HeaderList): void;
  /** The client left before the answer was complete. Called at most once, never after a completed answer. */
  onAbort(listener: () => void): void;
  /** Whether `respond` was called or the client has gone. */
  readonly isDone: boolean;
}

/** A front takes an exchange it recognises and answers it, whatever happens: it never throws and never leaves one open. */
export type Front = (exchange: Exchange) => void;
