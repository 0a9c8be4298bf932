// What the browser client promises its users, and what a generated module tells it of a method. Types only.
/** Names in lower case; several values of one name as an array; values of `-bin` names in base64. */
export type Metadata = Readonly<Record<string, string | readonly string[]>>;

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };
/** google.protobuf.Any: the members of the message it holds beside its type. */
export type JsonAny = { "@type": string; [key: string]: JsonValue };

export type MethodKind = "unary" | "server-streaming" | "client-streaming" | "bidi-streaming";

/** What a generated module says of a method. */
export interface MethodInfo {
  /** `pkg.Service/Method` */
  readonly name: string;
  readonly kind: MethodKind;
  /** A call may be sent twice without harm: it is sent again when the connection broke before the reply. */
  readonly repeatable?: boolean;
  /** The keys that lead to the token in a reply, and the key of the request that takes it. */
  readonly resume?: { readonly token: readonly string[]; readonly from: string };
  /** Its REST route, for when no WebSocket can be opened. */
  readonly http?: HttpRoute;
}

export interface HttpRoute {
  readonly verb: string;
  /** `/v1/rooms/{room}/events`, variables named by keys of the request. */
  readonly path: string;
  /** `*`, or the key whose value is the body; absent for none. */
  readonly body?: string;
  /** The key whose value the answer is; absent when it is the whole reply. */
  readonly reply?: string;
  /** Streams come as server-sent events instead of lines of JSON. */
  readonly sse?: boolean;
  /** Each message of a stream comes as `{"result":…}`. */
  readonly wrapped?: boolean;
}

export type Requests<T> = AsyncIterable<T> | Iterable<T>;

/** `reconnecting`: the connection is lost, and the call goes on by itself; `resumed`: it has been opened again. */
export type CallState = "live" | "reconnecting" | "resumed";

export interface CallOptions {
  /** Ends the call as CANCELLED. */
  readonly signal?: AbortSignal | undefined;
  readonly metadata?: Metadata | undefined;
  /** Deadline of the whole call, reconnecting included. */
  readonly timeoutMs?: number | undefined;
  /**
   * Whether a stream goes on after the connection was lost. When absent: if the method says how. `true` for a stream that
   * has no token starts it anew with the same request; `false` ends it with UNAVAILABLE.
   */
  readonly resume?: boolean | undefined;
  /** How many connections may fail in a row before the call ends; without end for what is resumed, otherwise 5. */
  readonly maxAttempts?: number | undefined;
  /** Messages that may wait for the application, at first and at most; 256 and 4096. */
  readonly window?: number | undefined;
  readonly maxWindow?: number | undefined;
}

/** How a call ended; `code` 0 for well. */
export interface Status {
  readonly code: number;
  /** `OK`, `NOT_FOUND` … */
  readonly status: string;
  readonly message: string;
  readonly details: readonly unknown[];
}

export interface CallInfo {
  /** Header metadata of the reply, when it begins; empty when the call ended before. Never rejects. */
  readonly headers: Promise<Metadata>;
  /** Metadata behind the reply, when the call has ended. Never rejects. */
  readonly trailers: Promise<Metadata>;
  /** When the call has ended, well or not. Never rejects. */
  readonly status: Promise<Status>;
  /** Ends the call as CANCELLED; nothing happens when it has ended. */
  cancel(reason?: string): void;
  /** Returns what unsubscribes. */
  onState(listener: (state: CallState) => void): () => void;
}

/** A call with one reply: `await` it. Rejects with ClientError. */
export type SingleCall<T> = Promise<T> & CallInfo;

/** A call with many replies: `for await` over it, once. Throws ClientError; leaving the loop cancels the call. */
export type StreamCall<T> = AsyncIterableIterator<T> & CallInfo;

export interface ConnectOptions {
  /** Asked before every connection, and when the credentials are about to end. Without a scheme it is a Bearer token. */
  readonly getToken?: (() => string | undefined | Promise<string | undefined>) | undefined;
  /** Of all calls. */
  readonly metadata?: Metadata | undefined;
  /** Instead of the global one, for runtimes without. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** Instead of the global one; `false` turns off the way around a network that lets no WebSocket through. */
  readonly fetch?: typeof fetch | false | undefined;
  /** How long connecting may take until the gateway is ready; 15 seconds. */
  readonly connectTimeoutMs?: number | undefined;
  /** What the connection is up to, e.g. for a light in a corner of the page. */
  readonly onConnection?: ((state: ConnectionState, error?: Error & Status) => void) | undefined;
}

export type ConnectionState = "connecting" | "ready" | "closed";

export interface Client {
  /** Unary and client-streaming methods; the latter take `Requests`. */
  single<T>(method: MethodInfo, input: unknown, options?: CallOptions): SingleCall<T>;
  /** Server-streaming and bidirectional methods; the latter take `Requests`. */
  stream<T>(method: MethodInfo, input: unknown, options?: CallOptions): StreamCall<T>;
  /** Cancels what is under way and closes the socket. A later call opens another. */
  close(): void;
}

/** The part of a WebSocket that is used: the browser's, that of Node, of `ws`. */
export interface WebSocketLike {
  binaryType: string;
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number; readonly reason?: string }) => void): void;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;
