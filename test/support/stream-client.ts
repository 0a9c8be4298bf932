// What a client of streams is to a test, whatever it speaks: the same calls made over every transport, and what each saw of them.
import type { Answer, Ask, Kind } from "./stream-backend.ts";
import type { Endpoint } from "./raw-http.ts";

/** The end of a call as its client can tell. */
export interface Ended {
  /** Undefined: this transport did not say. */
  readonly code: number | undefined;
  readonly message?: string | undefined;
  readonly details?: readonly unknown[] | undefined;
  readonly trailers?: Readonly<Record<string, unknown>> | undefined;
  /** In the transport's own words: `HTTP 404`, `close 4005 NOT_FOUND: …`, `cut`. */
  readonly how: string;
}

export interface OpenOptions {
  readonly timeoutMs?: number;
  /** A token that says who calls, sent as clients of the transport send theirs. */
  readonly bearer?: string;
}

/** One call. The first message of a call that takes one makes up the request; until then nothing may be sent. */
export interface StreamHandle {
  readonly messages: readonly Answer[];
  readonly ended: Promise<Ended>;
  /** Resolves when that many messages have come; rejects when the call ends before. */
  until(count: number): Promise<void>;
  send(ask: Ask): void;
  /** No more messages from here. */
  end(): void;
  /** As the transport does it, and a user would. */
  cancel(): void;
  /** Stops reading, or granting. */
  hold(): void;
  release(): void;
  /** Bytes that the application has sent and that did not leave it yet. */
  readonly unsentBytes: number;
}

/** What there is to tell transports apart by; how each tells the end of a call follows from it. */
export type Way =
  | { readonly kind: "grpc" | "simple" | "mux" }
  | { readonly kind: "http"; readonly form: "array" | "ndjson" | "sse"; readonly readsTrailers: boolean };

export interface StreamTransport {
  readonly name: string;
  readonly way: Way;
  /** Kinds that it has not, and why. */
  readonly lacks: Readonly<Partial<Record<Kind, string>>>;
  open(endpoint: Endpoint, kind: Kind, options?: OpenOptions): Promise<StreamHandle>;
}

/** A call that did not come about. */
export function refusedStream(ended: Ended): StreamHandle {
  const received = new Received();
  received.end(ended);
  const nothing = (): void => {};
  return {
    messages: received.messages,
    ended: received.ended,
    until: (count) => received.until(count),
    send: nothing,
    end: nothing,
    cancel: nothing,
    hold: nothing,
    release: nothing,
    unsentBytes: 0,
  };
}

/** Messages and the end as they come, and those who wait for them. */
export class Received {
  readonly messages: Answer[] = [];
  readonly ended: Promise<Ended>;
  #end: ((ended: Ended) => void) | undefined;
  #how: string | undefined;
  #waiting: { readonly count: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  constructor() {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  push(message: Answer): void {
    this.messages.push(message);
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.messages.length < count) return true;
      resolve();
      return false;
    });
  }

  get isEnded(): boolean {
    return this.#how !== undefined;
  }

  /** The first one counts. */
  end(ended: Ended): void {
    if (this.#how !== undefined) return;
    this.#how = ended.how;
    this.#end?.(ended);
    for (const { reject } of this.#waiting) reject(this.#tooFew());
  }

  until(count: number): Promise<void> {
    if (this.messages.length >= count) return Promise.resolve();
    if (this.#how !== undefined) return Promise.reject(this.#tooFew());
    return new Promise((resolve, reject) => this.#waiting.push({ count, resolve, reject }));
  }

  #tooFew(): Error {
    return new Error(`the call ended (${this.#how}) after ${this.messages.length} messages`);
  }
}
