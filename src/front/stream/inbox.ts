// The messages of a client on their way to the backend: given in as they come, taken out one by one as the backend wants them.
import type { MessageReader } from "../../call.ts";
import type { GatewayError } from "../../status.ts";

interface Waiter {
  readonly resolve: (message: Uint8Array | undefined) => void;
  readonly reject: (error: GatewayError) => void;
}

/**
 * It holds whatever it is given: the front that fills it holds its client back, by how much is `waiting`, and goes on
 * when it hears that something was taken.
 */
export class Inbox implements MessageReader {
  readonly #onTaken: (bytes: number) => void;
  #queue: Uint8Array[] = [];
  /** Nearly always there is one reader, and it asks for one message at a time. */
  #waiters: Waiter[] = [];
  #waitingBytes = 0;
  #end: { readonly error: GatewayError | undefined } | undefined;

  /** `onTaken` hears of each message handed to the backend, and its bytes; it must not throw. */
  constructor(onTaken: (bytes: number) => void) {
    this.#onTaken = onTaken;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Goes nowhere after the end. */
  push(message: Uint8Array): void {
    if (this.#end !== undefined) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#queue.push(message);
      this.#waitingBytes += message.length;
    } else {
      waiter.resolve(message);
      this.#onTaken(message.length);
    }
  }

  /** The client has sent all it had; what waits is still read. */
  end(): void {
    if (this.#end !== undefined) return;
    this.#end = { error: undefined };
    for (const { resolve } of this.#takeWaiters()) resolve(undefined);
  }

  /** Also after `end`. What waits is dropped: nobody wants half of a request that failed. */
  fail(error: GatewayError): void {
    if (this.#end?.error !== undefined) return;
    this.#end = { error };
    this.#queue = [];
    this.#waitingBytes = 0;
    for (const { reject } of this.#takeWaiters()) reject(error);
  }

  read(): Promise<Uint8Array | undefined> {
    const message = this.#queue.shift();
    if (message !== undefined) {
      this.#waitingBytes -= message.length;
      this.#onTaken(message.length);
      return Promise.resolve(message);
    }
    if (this.#end !== undefined)
      return this.#end.error === undefined ? Promise.resolve(undefined) : Promise.reject(this.#end.error);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  #takeWaiters(): readonly Waiter[] {
    const waiters = this.#waiters;
    this.#waiters = [];
    return waiters;
  }
}
