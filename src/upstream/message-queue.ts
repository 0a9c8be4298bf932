// The messages a backend has sent and nobody has read yet: bounded by bytes, read in order, the status last.
import type { MessageReader } from "../call.ts";
import type { GatewayError } from "../status.ts";

interface Waiter {
  readonly resolve: (message: Uint8Array | undefined) => void;
  readonly reject: (error: GatewayError) => void;
}

type End = { readonly kind: "ok" } | { readonly kind: "error"; readonly error: GatewayError };

export class MessageQueue implements MessageReader {
  readonly #messages: Uint8Array[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #onRoom: () => void;
  readonly #window: number;
  #bytes = 0;
  #end: End | undefined;

  /** `onRoom` is called whenever the reader has taken the queue below `window` bytes: ask the backend for more. */
  constructor(window: number, onRoom: () => void) {
    this.#window = window;
    this.#onRoom = onRoom;
  }

  get hasRoom(): boolean {
    return this.#bytes < this.#window;
  }

  push(message: Uint8Array): void {
    if (this.#end !== undefined) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) waiter.resolve(message);
    else {
      this.#messages.push(message);
      // An empty message costs memory too; without this a flood of them would never fill the window.
      this.#bytes += message.length + 64;
    }
  }

  /** What was received before is still delivered. */
  end(error?: GatewayError): void {
    if (this.#end !== undefined) return;
    this.#end = error === undefined ? { kind: "ok" } : { kind: "error", error };
    for (const waiter of this.#waiters.splice(0)) settle(waiter, this.#end);
  }

  /** Ends at once and drops what was not read: for a cancelled call. */
  abort(error: GatewayError): void {
    if (this.#end === undefined) this.end(error);
    else this.#end = { kind: "error", error };
    this.#messages.length = 0;
    this.#bytes = 0;
  }

  read(): Promise<Uint8Array | undefined> {
    const message = this.#messages.shift();
    if (message !== undefined) {
      const wasFull = !this.hasRoom;
      this.#bytes -= message.length + 64;
      if (wasFull && this.hasRoom) this.#onRoom();
      return Promise.resolve(message);
    }
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      if (this.#end === undefined) this.#waiters.push(waiter);
      else settle(waiter, this.#end);
    });
  }
}

function settle(waiter: Waiter, end: End): void {
  if (end.kind === "ok") waiter.resolve(undefined);
  else waiter.reject(end.error);
}
