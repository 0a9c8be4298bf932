// Backend → client, one for each streaming call: as fast as the client takes the messages, and what happens when it does not.
import type { StreamReply } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import { whileWaiting } from "./census.ts";
import type { WaitTally } from "./census.ts";
import { createBacklog } from "./backlog.ts";
import type { Backlog } from "./backlog.ts";
import { RoomClock, turnOfTheLoop } from "./slow-client.ts";
import type { Overflow } from "./stream-policy.ts";
import type { Sweep } from "./sweep.ts";

/** The way to the client. */
export interface MessageSink {
  /** When it becomes true again, the pump is to be told by `resume`. */
  readonly hasRoom: boolean;
  /** Only where there is room. May throw GatewayError: the call fails with it. */
  send(message: Uint8Array): void;
}

export interface PumpOptions {
  readonly reply: StreamReply;
  readonly sink: MessageSink;
  readonly overflow: Overflow;
  /** Looks at the clocks of clients that must not be slow. */
  readonly sweep: Sweep;
  /** Counts the time that messages wait for the client, and what is kept of them. */
  readonly tally: WaitTally;
  /** The header metadata, before the first message. May throw, like `send`. */
  readonly onHead?: (headers: Metadata) => void;
  /** Once, when all that came before has been sent. Must not throw. */
  readonly onEnd: (error: GatewayError | undefined, trailers: Metadata) => void;
}

/**
 * Asks the backend for one message more than the client has room for: the end of a call is then seen, and told, although the
 * client takes nothing.
 */
export class Pump {
  readonly #options: PumpOptions;
  readonly #backlog: Backlog | undefined;
  /** Only where the client must not be slow. */
  readonly #roomClock: RoomClock | undefined;
  #isStopped = false;
  #wake: (() => void) | undefined;

  constructor(options: PumpOptions) {
    this.#options = options;
    const { overflow, sweep, tally } = options;
    this.#roomClock = overflow.kind === "disconnect" ? new RoomClock(sweep) : undefined;
    const isForgetful = overflow.kind === "conflate" || overflow.kind === "drop-oldest";
    this.#backlog = isForgetful ? createBacklog(overflow, tally.backlogs) : undefined;
  }

  start(): void {
    void this.#run();
  }

  /** There is room again. Never throws. */
  resume(): void {
    if (this.#isStopped) return;
    if (this.#backlog !== undefined) this.#flush(this.#backlog);
    this.#wakeUp();
  }

  /** Nothing is sent any more, and `onEnd` is not called. The call itself is the caller's to cancel. */
  stop(): void {
    this.#isStopped = true;
    this.#backlog?.clear();
    this.#wakeUp();
  }

  /** Kept back for the client by the overflow policy. */
  get waitingBytes(): number {
    return this.#backlog?.bytes ?? 0;
  }

  /** Messages that the client did not get in time, and so never. */
  get dropped(): number {
    return this.#backlog?.dropped ?? 0;
  }

  async #run(): Promise<void> {
    const { reply, onHead } = this.#options;
    // A call that fails before its end fails there, too, where nobody looks any more.
    reply.trailers.catch(() => {});
    let error: GatewayError | undefined;
    let trailers: Metadata = [];
    try {
      const headers = await reply.headers;
      if (this.#isStopped) return;
      onHead?.(headers);
      error = await this.#forward();
      if (error === undefined && !this.#isStopped) trailers = await reply.trailers;
    } catch (cause) {
      error = GatewayError.from(cause);
      trailers = error.backendTrailers;
    }
    this.#end(error, trailers);
  }

  #end(error: GatewayError | undefined, trailers: Metadata): void {
    if (this.#isStopped) return;
    this.stop();
    this.#options.onEnd(error, trailers);
  }

  /** Until the end of the messages; answers the error they ended with, when all before it has been sent. */
  async #forward(): Promise<GatewayError | undefined> {
    const backlog = this.#backlog;
    if (backlog === undefined) return this.#forwardEach();
    const { reply, sink } = this.#options;
    let isBehind = false;
    try {
      for (;;) {
        const message = await reply.messages.read();
        if (message === undefined || this.#isStopped) break;
        backlog.put(sink.hasRoom ? message : keepable(message));
        this.#flush(backlog);
        // Nothing is forgotten for coming in the same turn as much else: what waits first has its turn to be written.
        if (!isBehind && backlog.size > 0) await turnOfTheLoop();
        isBehind = backlog.size > 0;
        if (backlog.isFull) await this.#waitWhile(() => backlog.isFull);
      }
    } catch (cause) {
      await this.#drain(backlog);
      return GatewayError.from(cause);
    }
    await this.#drain(backlog);
    return undefined;
  }

  async #forwardEach(): Promise<GatewayError | undefined> {
    const { reply, sink } = this.#options;
    for (;;) {
      let message = await reply.messages.read();
      if (message === undefined || this.#isStopped) return undefined;
      if (!sink.hasRoom) {
        message = keepable(message);
        const isSlow = await this.#waitForRoom();
        if (this.#isStopped) return undefined;
        if (isSlow) return tooSlow();
      }
      sink.send(message);
    }
  }

  /** Answers whether that took too long; while it goes on nothing is asked of the backend. */
  async #waitForRoom(): Promise<boolean> {
    const { sink } = this.#options;
    const clock = this.#roomClock;
    let isSlow = false;
    clock?.start(() => {
      isSlow = true;
      this.#wakeUp();
    });
    await this.#waitWhile(() => !isSlow && !sink.hasRoom);
    clock?.stop();
    return isSlow;
  }

  async #drain(backlog: Backlog): Promise<void> {
    this.#flush(backlog);
    if (backlog.size > 0) await this.#waitWhile(() => backlog.size > 0);
  }

  #flush(backlog: Backlog): void {
    const { sink } = this.#options;
    try {
      while (!this.#isStopped && sink.hasRoom) {
        const message = backlog.take();
        if (message === undefined) return;
        sink.send(message);
      }
    } catch (cause) {
      const error = GatewayError.from(cause);
      this.#end(error, error.backendTrailers);
    }
  }

  #waitWhile(isSo: () => boolean): Promise<void> {
    return whileWaiting(this.#options.tally, async () => {
      while (isSo() && !this.#isStopped) await this.#woken();
    });
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** Received messages are views into whatever came with them, which need not wait with them. (Buffer's own `slice` is a view, too.) */
function keepable(message: Uint8Array): Uint8Array {
  return message.buffer.byteLength > message.length * 2 ? Uint8Array.prototype.slice.call(message) : message;
}

function tooSlow(): GatewayError {
  return new GatewayError(
    Code.RESOURCE_EXHAUSTED,
    "the client does not take its messages as fast as they come, and this method does not wait for long; open the stream again",
    { reason: "SLOW_CONSUMER" },
  );
}
