// The messages a backend has sent and nobody has read yet: bounded by bytes, read in order, the status last.
import type { MessageReader } from "../call.ts";
import { GatewayError } from "../status.ts";
import { bytesOf, PackedMessages } from "./packed-messages.ts";
import type { QueuedMessage } from "./packed-messages.ts";

interface Waiter {
  readonly resolve: (message: Uint8Array | Promise<Uint8Array> | undefined) => void;
  readonly reject: (error: GatewayError) => void;
}

export interface MessageQueueOptions {
  /** The queue has room while it holds fewer bytes than this. */
  readonly window: number;
  /** Called whenever the reader has taken the queue below `window`: ask the backend for more. */
  readonly onRoom: () => void;
  /** For messages pushed compressed. Throws, or rejects with, GatewayError. */
  readonly expand?: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

type End = { readonly kind: "ok" } | { readonly kind: "error"; readonly error: GatewayError };

export class MessageQueue implements MessageReader {
  readonly #messages: QueuedMessage[] = [];
  /** Those before them, once they have waited: most queues never have any. */
  #packed: PackedMessages | undefined;
  #isPackPlanned = false;
  readonly #waiters: Waiter[] = [];
  readonly #options: MessageQueueOptions;
  #bytes = 0;
  #end: End | undefined;

  constructor(options: MessageQueueOptions) {
    this.#options = options;
  }

  get hasRoom(): boolean {
    return this.#bytes < this.#options.window;
  }

  push(message: Uint8Array, isCompressed = false): void {
    if (this.#end !== undefined) return;
    const item = isCompressed ? { compressed: message } : message;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) this.#hand(item, waiter);
    else {
      this.#messages.push(item);
      this.#bytes += sizeOf(item);
      if (!this.hasRoom && !this.#isPackPlanned) this.#planPack();
    }
  }

  /** At the end of the turn, as most of what one chunk brings is read before. */
  #planPack(): void {
    this.#isPackPlanned = true;
    setImmediate(() => {
      this.#isPackPlanned = false;
      if (this.hasRoom) return;
      this.#packed ??= new PackedMessages();
      this.#packed.add(this.#messages);
      this.#messages.length = 0;
    });
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
    this.#packed?.clear();
    this.#bytes = 0;
  }

  read(): Promise<Uint8Array | undefined> {
    const item = this.#packed?.take() ?? this.#messages.shift();
    if (item === undefined) {
      return new Promise((resolve, reject) => {
        const waiter = { resolve, reject };
        if (this.#end === undefined) this.#waiters.push(waiter);
        else settle(waiter, this.#end);
      });
    }
    const wasFull = !this.hasRoom;
    this.#bytes -= sizeOf(item);
    if (wasFull && this.hasRoom) this.#options.onRoom();
    if (item instanceof Uint8Array) return Promise.resolve(item);
    return new Promise((resolve, reject) => this.#hand(item, { resolve, reject }));
  }

  #hand(item: QueuedMessage, waiter: Waiter): void {
    if (item instanceof Uint8Array) {
      waiter.resolve(item);
      return;
    }
    try {
      waiter.resolve(this.#options.expand?.(item.compressed));
    } catch (error) {
      waiter.reject(GatewayError.from(error));
    }
  }
}

/** An empty message costs memory too; without this a flood of them would never fill the window. */
function sizeOf(item: QueuedMessage): number {
  return bytesOf(item).length + 64;
}

function settle(waiter: Waiter, end: End): void {
  if (end.kind === "ok") waiter.resolve(undefined);
  else waiter.reject(end.error);
}
