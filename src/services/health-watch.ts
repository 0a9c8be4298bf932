// Watches one service of a backend for one client: passes on what the backend's own Watch says, asks again after every loss,
// and follows the connection where the backend has no health service.
import { Cancellation } from "../cancellation.ts";
import type { MessageReader, StreamCall } from "../call.ts";
import type { Method } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import { backendTimeoutMs, connectionStatus, type HealthBackend } from "./health-backend.ts";
import { readHealthResponse, Status, writeHealthRequest } from "./health-wire.ts";
import type { StatusFeed } from "./status-feed.ts";

/** Tells every watch that some upstream has changed its state. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  /** Returns what takes the listener off again. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(): void {
    for (const listener of this.#listeners) listener();
  }
}

export interface BackendWatchOptions {
  readonly backend: HealthBackend;
  /** grpc.health.v1.Health.Watch */
  readonly method: Method;
  readonly call: StreamCall;
  readonly service: string;
  readonly feed: StatusFeed;
  readonly changes: Changes;
}

/** Why the backend's stream is over. */
type Outcome =
  /** It has no service of that name. */
  | { readonly kind: "unknown" }
  /** It has no health service. */
  | { readonly kind: "unimplemented" }
  /** It does not tell this client. */
  | { readonly kind: "refused"; readonly error: GatewayError }
  | { readonly kind: "lost"; readonly hasSpoken: boolean };

const firstDelayMs = 1_000;
const maxDelayMs = 30_000;

/** Codes that asking again would not change. */
const refusals: ReadonlySet<Code> = new Set([Code.UNAUTHENTICATED, Code.PERMISSION_DENIED, Code.INVALID_ARGUMENT]);

export class BackendWatch {
  readonly #options: BackendWatchOptions;
  #isEnded = false;
  #attempt: Cancellation | undefined;
  #wake: (() => void) | undefined;

  constructor(options: BackendWatchOptions) {
    this.#options = options;
  }

  /** Feeds until `end`; never rejects. */
  async run(): Promise<void> {
    const { backend, service, feed } = this.#options;
    let name = service;
    let delay = firstDelayMs;
    while (!this.#isEnded) {
      const outcome = await this.#listen(name);
      if (outcome.kind === "refused") return feed.fail(outcome.error);
      if (outcome.kind === "unknown" && name !== "") {
        // As Check does: a backend that does not know the name is asked for itself.
        name = "";
        continue;
      }
      name = service;
      if (outcome.kind === "lost") {
        if (!outcome.hasSpoken) feed.set(Status.NOT_SERVING);
        delay = outcome.hasSpoken ? firstDelayMs : Math.min(delay * 2, maxDelayMs);
        // After a loss the last status stands for as long as the connection does not fail.
        await this.#waitForReady(delay * (0.8 + 0.4 * Math.random()), () => {
          if (connectionStatus(backend) === Status.NOT_SERVING) feed.set(Status.NOT_SERVING);
        });
      } else {
        delay = firstDelayMs;
        feed.set(connectionStatus(backend));
        // Another one may answer after a new connection, with a health service perhaps.
        await this.#waitForReady(Infinity, () => feed.set(connectionStatus(backend)));
      }
    }
  }

  /** Gives the backend's stream up at once. */
  end(): void {
    this.#isEnded = true;
    this.#attempt?.cancel(new GatewayError(Code.CANCELLED, "the watch is over"));
    this.#wake?.();
  }

  async #listen(name: string): Promise<Outcome> {
    const { backend, method, call, feed } = this.#options;
    const cancellation = new Cancellation();
    this.#attempt = cancellation;
    let hasSpoken = false;
    const late = setTimeout(() => feed.set(Status.NOT_SERVING), backendTimeoutMs).unref();
    try {
      const messages = oneMessage(writeHealthRequest(name));
      const reply = backend.stream({ ...call, method, cancellation, messages });
      for (;;) {
        const message = await reply.messages.read();
        if (message === undefined) return { kind: "lost", hasSpoken };
        const status = readHealthResponse(message);
        if (this.#isEnded) return { kind: "lost", hasSpoken };
        if (status === Status.SERVICE_UNKNOWN) return { kind: "unknown" };
        hasSpoken = true;
        clearTimeout(late);
        feed.set(status);
      }
    } catch (error) {
      const failure = GatewayError.from(error);
      if (failure.code === Code.UNIMPLEMENTED) return { kind: "unimplemented" };
      if (refusals.has(failure.code)) return { kind: "refused", error: failure };
      return { kind: "lost", hasSpoken };
    } finally {
      clearTimeout(late);
      cancellation.cancel(new GatewayError(Code.CANCELLED, "the watch is over"));
    }
  }

  /** Resolves after the delay, when the backend gets ready, or at the end of the watch. */
  #waitForReady(delayMs: number, onChange: () => void): Promise<void> {
    const { backend, changes } = this.#options;
    if (this.#isEnded) return Promise.resolve();
    return new Promise((resolve) => {
      let wasReady = backend.state === "ready";
      const off = changes.on(() => {
        onChange();
        const isReady = backend.state === "ready";
        if (isReady && !wasReady) done();
        wasReady = isReady;
      });
      const timer = delayMs === Infinity ? undefined : setTimeout(() => done(), delayMs).unref();
      const done = (): void => {
        off();
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
