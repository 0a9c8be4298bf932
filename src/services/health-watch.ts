// Watches one service of a backend for one client: passes on what the backend's own Watch says, of the backend itself where
// it does not know the service, and follows the connection where it has no health service.
import type { StreamCall } from "../call.ts";
import type { Method } from "../schema/descriptor.ts";
import type { GatewayError } from "../status.ts";
import { connectionStatus, type HealthBackend } from "./health-backend.ts";
import { Status } from "./health-wire.ts";
import { NameWatch } from "./name-watch.ts";
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

export class BackendWatch {
  readonly #options: BackendWatchOptions;
  readonly #named: NameWatch;
  /** Of the backend itself, from when it says that it does not know the service. */
  #whole: NameWatch | undefined;
  #off = (): void => {};

  constructor(options: BackendWatchOptions) {
    this.#options = options;
    this.#named = this.#watch(options.service);
  }

  /** Feeds until `end`. */
  begin(): void {
    this.#off = this.#options.changes.on(() => {
      this.#named.followConnection();
      this.#whole?.followConnection();
      this.#feed();
    });
    void this.#named.run();
  }

  /** Gives the backend's streams up at once. */
  end(): void {
    this.#off();
    this.#named.end();
    this.#whole?.end();
  }

  #watch(name: string): NameWatch {
    const { backend, method, call, feed } = this.#options;
    const onRefused = (error: GatewayError): void => feed.fail(error);
    return new NameWatch({ backend, method, call, name, onStatus: () => this.#feed(), onRefused });
  }

  #feed(): void {
    const { backend, feed } = this.#options;
    const named = statusOf(this.#named);
    // As Check does: a backend that does not know the name is asked for itself. Both streams then stay, until the client
    // leaves: the service may get known, and there are health services that a cancelled Watch upsets.
    if (named === Status.SERVICE_UNKNOWN && this.#whole === undefined) {
      this.#whole = this.#watch("");
      void this.#whole.run();
    }
    const whole = this.#whole;
    const status = named === Status.SERVICE_UNKNOWN && whole !== undefined ? statusOf(whole) : named;
    if (status === undefined) return;
    feed.set(status === "unimplemented" || status === Status.SERVICE_UNKNOWN ? connectionStatus(backend) : status);
  }
}

function statusOf({ hasService, status }: NameWatch): Status | "unimplemented" | undefined {
  return hasService ? status : "unimplemented";
}
