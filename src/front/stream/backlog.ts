// What becomes of messages that a slow client does not take, where the method says that old ones may be forgotten.
import type { BacklogPool } from "./backlog-pool.ts";
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
  /** Nobody takes the rest. */
  clear(): void;
}

/** The policies that keep messages back here; the others hold the backend back, or end the stream. */
export type Forgetful = Extract<Overflow, { readonly kind: "conflate" | "drop-oldest" }>;

const maxKeys = 4096;
const maxBytes = 1024 * 1024;

export function createBacklog(overflow: Forgetful, pool: BacklogPool): Backlog {
  return overflow.kind === "conflate" ? new LatestByKey(overflow.keyOf, pool) : new Latest(overflow.limit, pool);
}

/** The latest message of each key, in the place of the first one that was not taken: no key starves behind a busier one. */
class LatestByKey implements Backlog {
  readonly #keyOf: (message: Uint8Array) => string | undefined;
  readonly #pool: BacklogPool;
  readonly #byKey = new Map<string, Uint8Array>();
  bytes = 0;
  dropped = 0;

  constructor(keyOf: (message: Uint8Array) => string | undefined, pool: BacklogPool) {
    this.#keyOf = keyOf;
    this.#pool = pool;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** No key's last message is forgotten for other streams: the backend waits as well where all of them keep too much. */
  get isFull(): boolean {
    const { size } = this.#byKey;
    return size >= maxKeys || this.bytes >= maxBytes || (size > 0 && this.#pool.isFull);
  }

  put(message: Uint8Array): void {
    const key = this.#keyOf(message) ?? "";
    const older = this.#byKey.get(key);
    if (older !== undefined) {
      this.dropped++;
      this.#letGo(older);
    }
    this.bytes += message.length;
    this.#pool.keep(message);
    this.#byKey.set(key, message);
  }

  take(): Uint8Array | undefined {
    for (const [key, message] of this.#byKey) {
      this.#byKey.delete(key);
      this.#letGo(message);
      return message;
    }
    return undefined;
  }

  clear(): void {
    while (this.take() !== undefined);
  }

  #letGo(message: Uint8Array): void {
    this.bytes -= message.length;
    this.#pool.letGo(message);
  }
}

/** The last so many messages; of all streams together as many as there is room for, but always the last one. */
class Latest implements Backlog {
  readonly #limit: number;
  readonly #pool: BacklogPool;
  readonly #messages: Uint8Array[] = [];
  bytes = 0;
  dropped = 0;
  readonly isFull = false;

  constructor(limit: number, pool: BacklogPool) {
    this.#limit = limit;
    this.#pool = pool;
  }

  get size(): number {
    return this.#messages.length;
  }

  put(message: Uint8Array): void {
    this.#messages.push(message);
    this.bytes += message.length;
    this.#pool.keep(message);
    while (this.#isOver) {
      this.take();
      this.dropped++;
    }
  }

  get #isOver(): boolean {
    const { length } = this.#messages;
    return length > this.#limit || (length > 1 && (this.bytes > maxBytes || this.#pool.isFull));
  }

  take(): Uint8Array | undefined {
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    this.bytes -= message.length;
    this.#pool.letGo(message);
    return message;
  }

  clear(): void {
    while (this.take() !== undefined);
  }
}
