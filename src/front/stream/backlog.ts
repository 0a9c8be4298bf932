// What becomes of messages that a slow client does not take, where the method says that old ones may be forgotten.
import type { Overflow } from "./stream-policy.ts";

export interface Backlog {
  readonly size: number;
  readonly bytes: number;
  /** Messages forgotten so far. */
  readonly dropped: number;
  /** It cannot take more without growing over its bounds: the backend has to wait after all. */
  readonly isFull: boolean;
  put(message: Uint8Array): void;
  /** The oldest, or undefined. */
  take(): Uint8Array | undefined;
}

/** The policies that keep messages back here; the others hold the backend back, or end the stream. */
export type Forgetful = Extract<Overflow, { readonly kind: "conflate" | "drop-oldest" }>;

const maxKeys = 4096;
const maxBytes = 1024 * 1024;

export function createBacklog(overflow: Forgetful): Backlog {
  return overflow.kind === "conflate" ? new LatestByKey(overflow.keyOf) : new Latest(overflow.limit);
}

/** The latest message of each key, in the place of the first one that was not taken: no key starves behind a busier one. */
class LatestByKey implements Backlog {
  readonly #keyOf: (message: Uint8Array) => string | undefined;
  readonly #byKey = new Map<string, Uint8Array>();
  bytes = 0;
  dropped = 0;

  constructor(keyOf: (message: Uint8Array) => string | undefined) {
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get isFull(): boolean {
    return this.#byKey.size >= maxKeys || this.bytes >= maxBytes;
  }

  put(message: Uint8Array): void {
    const key = this.#keyOf(message) ?? "";
    const older = this.#byKey.get(key);
    if (older !== undefined) {
      this.dropped++;
      this.bytes -= older.length;
    }
    this.bytes += message.length;
    this.#byKey.set(key, message);
  }

  take(): Uint8Array | undefined {
    for (const [key, message] of this.#byKey) {
      this.#byKey.delete(key);
      this.bytes -= message.length;
      return message;
    }
    return undefined;
  }
}

/** The last so many messages. */
class Latest implements Backlog {
  readonly #limit: number;
  readonly #messages: Uint8Array[] = [];
  bytes = 0;
  dropped = 0;
  readonly isFull = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#messages.length;
  }

  put(message: Uint8Array): void {
    this.#messages.push(message);
    this.bytes += message.length;
    while (this.#messages.length > this.#limit || (this.bytes > maxBytes && this.#messages.length > 1)) {
      this.take();
      this.dropped++;
    }
  }

  take(): Uint8Array | undefined {
    const message = this.#messages.shift();
    if (message !== undefined) this.bytes -= message.length;
    return message;
  }
}
