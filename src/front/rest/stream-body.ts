// The body of a request as a stream of messages: taken apart as the backend wants them, the client held back meanwhile.
import { GatewayError } from "../../status.ts";
import type { BodyReceiver, Exchange } from "../front.ts";
import { Inbox } from "../stream/inbox.ts";

/** What waits for the backend: enough to keep it busy. */
const maxWaiting = 64;
const maxWaitingBytes = 64 * 1024;

/** Takes bytes in, gives messages out; never more than are asked for. */
export interface MessageCutter {
  append(chunk: Buffer): void;
  /** The body is complete. */
  end(): void;
  /** The next message; undefined for none yet, or, when `isDone`, for none any more. Throws GatewayError. */
  next(): Uint8Array | undefined;
  readonly isDone: boolean;
}

export interface StreamBodyOptions {
  readonly exchange: Pick<Exchange, "consumed">;
  readonly cutter: MessageCutter;
  /** Hears of each message handed to the backend. */
  readonly onTaken: (bytes: number) => void;
  /** What grpc-gateway does in both directions: what comes after a mistake is as if it had not been sent. */
  readonly endsAtFault: boolean;
}

export class StreamBody implements BodyReceiver {
  readonly inbox: Inbox;
  readonly #options: StreamBodyOptions;
  /** Received and not yet told to be dealt with. */
  #heldBytes = 0;
  #isCutting = false;
  #hasNews = false;

  constructor(options: StreamBodyOptions) {
    this.#options = options;
    this.inbox = new Inbox((bytes) => {
      options.onTaken(bytes);
      this.#cut();
    });
  }

  onChunk(chunk: Buffer): void {
    this.#heldBytes += chunk.length;
    this.#options.cutter.append(chunk);
    this.#cut();
  }

  onEnd(): void {
    this.#options.cutter.end();
    this.#cut();
  }

  onFail(error: GatewayError): void {
    this.inbox.fail(error);
  }

  /**
   * As many messages as may wait. Comes back here while it is at it: when a reader takes what is pushed, and when the body, told to
   * go on, brings more or its end at once.
   */
  #cut(): void {
    this.#hasNews = true;
    if (this.#isCutting) return;
    this.#isCutting = true;
    try {
      while (this.#hasNews) {
        this.#hasNews = false;
        this.#cutAll();
      }
    } catch (error) {
      if (this.#options.endsAtFault) this.inbox.end();
      else this.inbox.fail(GatewayError.from(error));
    }
    this.#isCutting = false;
  }

  #cutAll(): void {
    const { inbox } = this;
    const { cutter, exchange } = this.#options;
    while (!inbox.isEnded) {
      if (inbox.waiting >= maxWaiting || inbox.waitingBytes >= maxWaitingBytes) return;
      const message = cutter.next();
      if (message === undefined) break;
      inbox.push(message);
    }
    if (cutter.isDone) inbox.end();
    const bytes = this.#heldBytes;
    this.#heldBytes = 0;
    if (bytes > 0) exchange.consumed(bytes);
  }
}
