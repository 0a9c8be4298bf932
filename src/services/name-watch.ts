// Watches one name of a backend's health service for one client: keeps what was said last, and asks again after every loss.
import { Cancellation } from "../cancellation.ts";
import type { MessageReader, StreamCall } from "../call.ts";
import type { Method } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import { backendTimeoutMs, connectionStatus, type HealthBackend } from "./health-backend.ts";
import { readHealthResponse, Status, writeHealthRequest } from "./health-wire.ts";

export interface NameWatchOptions {
  readonly backend: HealthBackend;
  /** grpc.health.v1.Health.Watch */
  readonly method: Method;
  readonly call: StreamCall;
  /** The empty one is the backend itself. */
  readonly name: string;
  readonly onStatus: () => void;
  /** The backend does not tell this client, and asking again would not change that. */
  readonly onRefused: (error: GatewayError) => void;
}

/** Why the backend's stream is over. */
type Outcome =
  /** It has no health service. */
  | { readonly kind: "unimplemented" }
  /** It does not tell this client. */
  | { readonly kind: "refused"; readonly error: GatewayError }
  | {
      readonly kind: "lost";
      /** Undefined when the stream has not said anything. */ readonly last: Status | undefined;
    };

const firstDelayMs = 1_000;
const maxDelayMs = 30_000;

/** Codes that asking again would not change. */
const refusals: ReadonlySet<Code> = new Set([Code.UNAUTHENTICATED, Code.PERMISSION_DENIED, Code.INVALID_ARGUMENT]);

export class NameWatch {
  readonly #options: NameWatchOptions;
  #status: Status | undefined;
  #hasService = true;
  #isListening = false;
  #isEnded = false;
  #wasReady = false;
  /** Of the newest stream. */
  #cancellation: Cancellation | undefined;
  #wake: (() => void) | undefined;

  constructor(options: NameWatchOptions) {
    this.#options = options;
  }

  /** What was said last; undefined before that. */
  get status(): Status | undefined {
    return this.#status;
  }

  /** Whether the backend, as far as is known, has a health service at all. */
  get hasService(): boolean {
    return this.#hasService;
  }

  /** Asks until `end`; never rejects. */
  async run(): Promise<void> {
    let delay = firstDelayMs;
    while (!this.#isEnded) {
      const outcome = await this.#listen();
      if (this.#isEnded) return;
      if (outcome.kind === "refused") return this.#options.onRefused(outcome.error);
      if (outcome.kind === "lost") {
        if (outcome.last === undefined) this.#hear(Status.NOT_SERVING);
        // Who only says that it does not know the name is not asked for it once a second.
        const isTold = outcome.last !== undefined && outcome.last !== Status.SERVICE_UNKNOWN;
        delay = isTold ? firstDelayMs : Math.min(delay * 2, maxDelayMs);
        await this.#waitForReady(delay * (0.8 + 0.4 * Math.random()));
      } else {
        delay = firstDelayMs;
        this.#hasService = false;
        this.#options.onStatus();
        // Another one may answer after a new connection, with a health service perhaps.
        await this.#waitForReady(Infinity);
      }
    }
  }

  /** Gives the backend's stream up at once. */
  end(): void {
    this.#isEnded = true;
    this.#cancellation?.cancel(new GatewayError(Code.CANCELLED, "the watch is over"));
    this.#wake?.();
  }

  /** To be called whenever some upstream has changed its state. */
  followConnection(): void {
    if (this.#isListening) return;
    const { backend } = this.#options;
    // After a loss the last status stands for as long as the connection does not fail.
    if (connectionStatus(backend) === Status.NOT_SERVING) this.#status = Status.NOT_SERVING;
    const isReady = backend.state === "ready";
    if (isReady && !this.#wasReady) this.#wake?.();
    this.#wasReady = isReady;
  }

  async #listen(): Promise<Outcome> {
    const { backend, method, call, name } = this.#options;
    const cancellation = new Cancellation();
    this.#cancellation = cancellation;
    this.#isListening = true;
    let last: Status | undefined;
    const late = setTimeout(() => this.#hear(Status.NOT_SERVING), backendTimeoutMs).unref();
    try {
      const messages = oneMessage(writeHealthRequest(name));
      const reply = backend.stream({ ...call, method, cancellation, messages });
      for (;;) {
        const message = await reply.messages.read();
        if (message === undefined) return { kind: "lost", last };
        last = readHealthResponse(message);
        clearTimeout(late);
        this.#hear(last);
      }
    } catch (error) {
      const failure = GatewayError.from(error);
      if (failure.code === Code.UNIMPLEMENTED) return { kind: "unimplemented" };
      if (refusals.has(failure.code)) return { kind: "refused", error: failure };
      if (failure.code === Code.NOT_FOUND) this.#hear((last = Status.SERVICE_UNKNOWN));
      return { kind: "lost", last };
    } finally {
      clearTimeout(late);
      this.#isListening = false;
      // Of a stream that is over it is nothing; one of malformed bytes still goes on.
      cancellation.cancel(new GatewayError(Code.CANCELLED, "the watch is over"));
    }
  }

  #hear(status: Status): void {
    if (this.#isEnded) return;
    this.#status = status;
    this.#hasService = true;
    this.#options.onStatus();
  }

  /** Resolves after the delay, when the backend gets ready, or at the end of the watch. */
  #waitForReady(delayMs: number): Promise<void> {
    if (this.#isEnded) return Promise.resolve();
    this.#wasReady = this.#options.backend.state === "ready";
    return new Promise((resolve) => {
      const timer = delayMs === Infinity ? undefined : setTimeout(() => done(), delayMs).unref();
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#wake = done;
    });
  }
}

function oneMessage(message: Uint8Array): MessageReader {
  let isRead = false;
  return {
    read: () => {
      const next = isRead ? undefined : message;
      isRead = true;
      return Promise.resolve(next);
    },
  };
}
